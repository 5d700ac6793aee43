"""A model shows what it is: in HTML for a notebook, as text in a plain prompt."""

import re
from html.parser import HTMLParser

import pymc as pm
import pytest

from pm_dalec.graph import Choices
from pm_dalec.models import baseline, constrained_prior, stratified
from pm_dalec.tables.parameters import PARAMETERS, PRIOR_SETS
from pm_dalec.tables.priors import Fixed
from pm_dalec.tables.strata import STRATA
from pm_dalec.tables.streams import STREAMS
from pm_dalec.tables.variables import VARIABLES
from pm_dalec.testing.tiny import tiny_region, tiny_site


class Balanced(HTMLParser):
    """Reads HTML, and complains of a tag that is not closed in its order."""

    def __init__(self):
        super().__init__()
        self.open, self.rows = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def read(shown):
    """Rows of the tables of what is shown, by their first cell."""
    reader = Balanced()
    reader.feed(shown._repr_html_())
    assert reader.open == []
    return {row[0]: row[1:] for row in reader.rows}


@pytest.fixture(scope="module")
def site():
    return baseline.build(tiny_site())


def test_a_model_of_a_verb_is_one_of_pymc(site):
    assert isinstance(site, pm.Model)
    assert pm.modelcontext(site) is site


def test_a_model_shows_parameters_constraints_streams_and_the_length_of_the_run(site):
    rows, told = read(site), site._repr_html_()
    assert set(PARAMETERS) <= set(rows)
    assert rows["leaf_lifespan"][2:] == ["yr", "1.001", "8", "log-uniform"]
    assert re.search(r"times 1\d+ ± \d+", rows["initial_som"][-1])  # the numbers of the site
    assert rows["lai"][-2:] == ["Gaussian", "18"]
    assert "wood_outlives_leaves" in rows
    assert "26 constraints: edinburgh2021" in told
    assert "36 steps from 2014-01-01, 3.0 years" in told


def test_error_models_are_shown_as_they_are():
    units = tiny_site()
    units["csom_prior_unc"] = units["csom_prior_unc"].copy(data=1.5)
    units["csom_prior_unc"].attrs |= {"units": "1", "uncertainty_kind": "factor"}
    choices = Choices(likelihoods={"lai": "student,df=7"})
    rows = read(baseline.build(units, choices))
    assert rows["lai"][-2:] == ["Student,df=7", "18"]
    assert rows["cwood"][-2] == "Gaussian"
    assert rows["initial_som"][-1].endswith("times or over 1.5")


def test_what_is_chosen_is_shown():
    parameters = PARAMETERS.replace("leaf_lifespan", prior=Fixed(2.5))
    choices = Choices(parameters, constraints=None, streams=["lai"], solver="truncated")
    model = baseline.build(tiny_site(), choices)
    rows = read(model)
    assert rows["leaf_lifespan"][-1] == "fixed at 2.5"
    assert "cwood" not in rows
    assert "no constraints" in model._repr_html_()
    assert "truncated" in model._repr_html_()
    assert "no observations" in constrained_prior.build(tiny_site())._repr_html_()


def test_a_model_of_many_units_says_how_many():
    region = tiny_region(strata=("conifer", "arable"))
    assert "of 2 stratum x 3 pixel:" in stratified.build(region)._repr_html_()


def test_text_is_escaped(site):
    table = PARAMETERS.replace("leaf_lifespan", meaning="<b>age</b> & <script>")
    assert "<b>" not in table._repr_html_()
    assert read(table)["leaf_lifespan"][4] == "<b>age</b> & <script>"
    assert "<=" not in site._repr_html_()


@pytest.mark.parametrize(
    ("table", "names"),
    [
        (PARAMETERS, tuple(PARAMETERS)),
        (PRIOR_SETS["edinburgh2023"], tuple(PARAMETERS)),
        (STREAMS, tuple(STREAMS)),
        (VARIABLES, tuple(VARIABLES)),
        (STRATA, ("conifer", "broadleaf", "heath", "arable")),
    ],
)
def test_every_record_of_a_table_has_its_row(table, names):
    assert list(read(table))[1:] == list(names)


def test_the_table_of_a_model_is_readable_in_a_plain_prompt(site):
    told = repr(site.table())
    assert "leaf_lifespan" in told
    assert "lai" in told
    assert "object at 0x" not in told
    assert "\x1b" not in told
