"""What the command line names for a site is what the model gets."""

from inspect import signature
from typing import get_args

import pytest

from pm_dalec.cli.site import calibrate, choices_of
from pm_dalec.constraints.forms import Soft
from pm_dalec.constraints.sets import EDCS
from pm_dalec.data.synthetic_sites import synthetic_site
from pm_dalec.graph.choices import PAPER, Choices
from pm_dalec.models import baseline
from pm_dalec.sampling.target import compile_target
from pm_dalec.tables.parameters import PRIOR_SETS

PLAIN = {
    "priors": "edinburgh2021",
    "constraints": "edinburgh2021",
    "soft": None,
    "streams": None,
    "solver": "converged",
}


def chosen(**changes):
    return choices_of(**(PLAIN | changes))


def offered(name):
    return set(get_args(signature(calibrate).parameters[name].annotation))


def test_the_choices_of_the_paper_are_the_default():
    defaults = {name: signature(calibrate).parameters[name].default for name in PLAIN}
    assert defaults == PLAIN
    assert chosen() == PAPER


def test_all_sets_of_priors_and_of_constraints_are_offered():
    assert offered("priors") == set(PRIOR_SETS)
    assert offered("constraints") == {name or "none" for name in EDCS}


@pytest.mark.parametrize("name", PRIOR_SETS)
def test_priors_are_chosen_by_name(name):
    assert chosen(priors=name).parameters is PRIOR_SETS[name]


def test_constraints_are_a_set_none_or_soft():
    assert chosen(constraints="none").constraints is None
    assert chosen(constraints="edinburgh2024").constraints == "edinburgh2024"
    assert chosen(soft=0.1) == Choices(constraints=Soft("edinburgh2021", 0.1))


def test_no_constraints_cannot_be_soft():
    with pytest.raises(ValueError, match="leave out --soft"):
        chosen(constraints="none", soft=0.1)


def test_a_model_with_soft_constraints_is_compiled_for_the_default_sampler():
    model = baseline.build(synthetic_site(0, years=3), chosen(soft=0.1))
    assert len(compile_target(model).rows) == 23
