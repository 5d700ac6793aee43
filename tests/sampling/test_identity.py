"""Identity of a model: every thing that changes its posterior changes it, and nothing else does."""

import numpy as np
import pytest

from pm_dalec.constraints.forms import Soft
from pm_dalec.graph import Choices
from pm_dalec.models import baseline, constrained_prior
from pm_dalec.sampling.identity import Identity, identity_of, run_identity
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import Fixed, Gaussian, LogUniform
from pm_dalec.testing.tiny import tiny_region, tiny_site

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")


def changed(name, change):
    """Site one of whose variables is another."""
    site = tiny_site()
    return site.assign({name: change(site[name]).assign_attrs(site[name].attrs)})


def shifted(series):
    series = series.copy()
    series[3] = series[3] + 1e-9
    return series


def unseen(series):
    series = series.copy()
    series[int(np.flatnonzero(np.isfinite(series))[0])] = np.nan
    return series


@pytest.fixture(scope="module")
def model():
    return baseline.build(tiny_site())


@pytest.fixture(scope="module")
def reference(model):
    return identity_of(model)


def test_a_model_that_is_built_again_is_the_same(reference):
    again = identity_of(baseline.build(tiny_site()))
    assert again == reference
    assert again.differences(reference) == []


def test_an_identity_is_read_as_it_was_written(reference):
    assert Identity.read(reference.as_json()) == reference


OTHERS = {
    "driver": (lambda: (changed("tmin", shifted),), "data tmin"),
    "observation": (lambda: (changed("lai", lambda lai: lai + 1e-9),), "data lai_data"),
    "gap": (lambda: (changed("lai", unseen),), "data lai_seen"),
    "sigma": (lambda: (changed("cwood_unc", lambda sigma: sigma * 1.01),), "data cwood_sigma"),
    "soil prior": (lambda: (changed("csom_prior", lambda c: c + 1.0),), "parameter initial_som"),
    "length": (lambda: (tiny_site(years=4),), "coordinate time"),
    "latitude": (lambda: (tiny_site().assign_coords(lat=12.0),), "data lat"),
    "bounds": (
        lambda: (tiny_site(), Choices(PARAMETERS.replace("leaf_lifespan", bounds=(1.001, 7.0)))),
        "parameter leaf_lifespan",
    ),
    "prior": (
        lambda: (
            tiny_site(),
            Choices(PARAMETERS.replace("leaf_lifespan", prior=LogUniform(Gaussian(2.0, 0.5)))),
        ),
        "parameter leaf_lifespan",
    ),
    "fixed": (
        lambda: (tiny_site(), Choices(PARAMETERS.replace("leaf_lifespan", prior=Fixed(2.0)))),
        "parameter leaf_lifespan",
    ),
    "constraints": (lambda: (tiny_site(), Choices(constraints="edinburgh2024")), "constraints"),
    "form": (lambda: (tiny_site(), Choices(constraints=Soft("edinburgh2021"))), "constraints"),
    "width": (
        lambda: (tiny_site(), Choices(constraints=Soft("edinburgh2021", scale=0.1))),
        "constraints",
    ),
    "solver": (lambda: (tiny_site(), Choices(solver="truncated")), "solver"),
    "streams": (lambda: (tiny_site(), Choices(streams=("lai",))), "terms"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_whatever_changes_a_posterior_changes_the_identity(reference, what):
    made, name = OTHERS[what]
    other = identity_of(baseline.build(*made()))
    found = reference.differences(other)
    assert any(phrase.startswith(f"{name}: here ") for phrase in found), found


def test_a_site_without_streams_is_another_model(reference):
    other = identity_of(constrained_prior.build(tiny_site()))
    assert "data lai_data" in {phrase.split(":")[0] for phrase in reference.differences(other)}


def test_ids_of_pixels_belong_to_the_identity():
    region = tiny_region(pixels=2)
    first = identity_of(baseline.build(region))
    other = identity_of(baseline.build(region.assign_coords(pixel=[7, 8])))
    assert [phrase.split(":")[0] for phrase in first.differences(other)] == ["coordinate pixel"]


def test_a_run_also_has_its_seed_and_number_of_chains(model):
    first, other = (run_identity(model, {"chains": chains, "seed": 1}) for chains in (8, 16))
    assert first.differences(other) == ["chains: here 8, there 16"]


def test_a_difference_says_what_is_here_and_what_is_there(reference):
    other = identity_of(baseline.build(tiny_site(years=4)))
    (words,) = [p for p in reference.differences(other) if p.startswith("coordinate time")]
    assert words == (
        "coordinate time: here 36 from 2014-01-01 to 2016-12-01, there 48 from 2014-01-01 to 2017-12-01"
    )
