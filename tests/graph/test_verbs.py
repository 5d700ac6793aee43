"""Log-densities of models: what they are made of, term by term, and that pixels do not mix."""

import numpy as np
import pymc as pm
import pytest
from numpy.testing import assert_allclose

from pm_dalec.constraints.forms import Soft
from pm_dalec.constraints.prior_draws import factor_of, gaussian_log_factor
from pm_dalec.constraints.sets import EDCS
from pm_dalec.errors.densities import HALF_LOG_TWO_PI
from pm_dalec.graph import PAPER, verbs
from pm_dalec.models import baseline, stratified
from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.physics.records import drivers_of
from pm_dalec.tables import dims
from pm_dalec.tables.parameters import PARAMETERS, Theta
from pm_dalec.tables.priors import to_unit
from pm_dalec.tables.variables import DRIVERS
from pm_dalec.testing import reference_parity
from pm_dalec.testing.interpreter import interpreted, interpreted_mode
from pm_dalec.testing.parameters import FEASIBLE, near_feasible
from pm_dalec.testing.tiny import tiny_region, tiny_site

STREAMS = ("lai", "cwood")
SPREAD = 0.05
YEARS = 1  # the rules of longer runs are tested without graphs


@pytest.fixture(autouse=True, scope="module")
def without_compiler():
    with interpreted():
        yield


def positions(theta):
    """Values of the sampled variables of a model."""
    found = {}
    for name, value in theta._asdict().items():
        lower, upper = PARAMETERS[name].bounds
        found[f"{name}_unit__"] = to_unit(np.asarray(value), lower, np.log(upper / lower), np)
    return found


class Terms:
    """Compiled log-density of a model, one array a term."""

    def __init__(self, model):
        self.model = model
        self.names = [term.name for term in (*model.basic_RVs, *model.potentials)]
        self.function = model.compile_fn(model.logp(sum=False), mode=interpreted_mode())

    def __call__(self, theta):
        return dict(zip(self.names, self.function(positions(theta)), strict=True))


@pytest.fixture(scope="module")
def site():
    return tiny_site(years=YEARS)


@pytest.fixture(scope="module")
def region():
    return tiny_region(pixels=2, years=YEARS)


@pytest.fixture(scope="module")
def site_terms(site):
    return Terms(baseline.build(site))


@pytest.fixture(scope="module")
def region_terms(region):
    return Terms(baseline.build(region))


def one(seed, **changed):
    """One vector near the feasible one."""
    theta = near_feasible((), np.random.default_rng(seed), spread=SPREAD)
    return theta._replace(**changed)


def total(terms):
    return sum(np.sum(term) for term in terms.values())


def test_a_feasible_vector_has_a_finite_density(site_terms):
    assert np.isfinite(total(site_terms(FEASIBLE)))


@pytest.mark.parametrize(
    ("term", "changed"),
    [
        ("parameter_constraints", {"leaf_lifespan": 7.9, "wood_turnover_rate": 9.9e-4}),
        ("parameter_constraints", {"litter_to_som_rate": 1.1e-5, "som_mineralisation_rate": 9e-5}),
        ("trajectory_constraints", {"initial_som": 240000.0}),
        (
            "trajectory_constraints",
            {
                "litter_mineralisation_rate": 0.0199,
                "initial_litter": 1900.0,
                "temperature_exponent": 0.079,
            },
        ),
    ],
    ids=["wood and leaves", "litter and soil", "soil not steady", "litter"],
)
def test_a_vector_that_breaks_a_rule_has_no_density(site_terms, term, changed):
    found = site_terms(one(1, **changed))
    assert found[term] == -np.inf
    assert np.isfinite(found["lai"]).all()


def test_rules_that_hold_add_nothing(site_terms):
    found = site_terms(FEASIBLE)
    assert found["parameter_constraints"] == 0.0
    assert found["trajectory_constraints"] == 0.0


@pytest.mark.parametrize("seed", [2, 3])
def test_priors_are_their_gaussian_factors_in_the_unit_interval(site, site_terms, seed):
    theta = one(seed)
    found = site_terms(theta)
    for name in Theta._fields:
        mean, sigma, _ = factor_of(PARAMETERS[name], site)
        expected = gaussian_log_factor(getattr(theta, name), mean, sigma)
        assert_allclose(found[name], expected, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("seed", [2, 3])
def test_likelihoods_are_those_of_cardamom_and_their_normalisation(site, site_terms, seed):
    theta = one(seed)
    found = site_terms(theta)
    drivers, latitude = drivers_of(site, ())
    run = run_numpy(drivers, latitude, Theta(*(np.array([value]) for value in theta)))
    for stream in STREAMS:
        sigma = site[f"{stream}_unc"].values
        seen = np.isfinite(site[stream].values)
        constant = -np.log(sigma[seen]).sum() - seen.sum() * HALF_LOG_TWO_PI
        expected = reference_parity.stream_log_likelihood(run, site, stream)[0] + constant
        assert_allclose(found[f"{stream}"].sum(), expected, rtol=1e-8)


def test_steps_without_an_observation_add_nothing(site, site_terms):
    found = site_terms(FEASIBLE)["lai"]
    seen = np.isfinite(site["lai"].values)
    assert seen.any()
    assert (found[~seen] == 0.0).all()
    assert (found[seen] != 0.0).all()


def refill(model, units):
    """Put the drivers and observations of another site into a model."""
    observed = {name: units[name].values for name in STREAMS}
    values = {name: units[name].values for name in (*DRIVERS, "lat")}
    for name, series in observed.items():
        seen = np.isfinite(series)
        sigma = np.where(seen, units[f"{name}_unc"].values, 1.0)
        values |= {
            f"{name}_data": np.where(seen, series, 0.0),
            f"{name}_seen": seen * 1.0,
            f"{name}_sigma": sigma,
        }
    pm.set_data({name: np.asarray(value, float) for name, value in values.items()}, model)


def test_pixels_of_a_region_have_the_densities_of_separate_sites(
    region, region_terms, site, site_terms
):
    theta = near_feasible((2,), np.random.default_rng(4), spread=SPREAD)
    together = region_terms(theta)
    for place in range(2):
        refill(site_terms.model, region.isel(pixel=place))
        alone = site_terms(Theta(*(value[place] for value in theta)))
        refill(site_terms.model, site)
        assert np.isfinite(total(alone))
        for name, term in alone.items():
            assert_allclose(together[name][..., place], term, rtol=1e-9, atol=1e-9, err_msg=name)


def test_a_change_in_one_pixel_leaves_the_other_alone(region_terms):
    theta = near_feasible((2,), np.random.default_rng(5), spread=SPREAD)
    moved = theta._replace(initial_wood=theta.initial_wood * np.array([1.0, 1.3]))
    before, after = region_terms(theta), region_terms(moved)
    for name in before:
        assert np.array_equal(before[name][..., 0], after[name][..., 0]), name
    assert (before["cwood"][..., 1] != after["cwood"][..., 1]).any()


def test_strata_that_see_the_same_have_the_densities_of_the_baseline(region, region_terms):
    twice = region.copy()
    for name in (
        "lai",
        "lai_unc",
        "cwood",
        "cwood_unc",
        "csom_prior",
        "csom_prior_unc",
        "forest_loss_fraction",
        "burned_fraction",
    ):
        twice[name] = region[name].expand_dims({"stratum": ["conifer", "heath"]})
    twice["area_fraction"] = (("stratum", "pixel"), np.full((2, 2), 0.5), {"units": "1"})
    twice = twice.transpose("time", "stratum", "pixel", ...)
    theta = near_feasible((2,), np.random.default_rng(6), spread=SPREAD)
    model = stratified.build(twice, PAPER.replace(streams=("cwood",)))
    found = Terms(model)(Theta(*(np.stack([value, value]) for value in theta)))
    expected = region_terms(theta)
    for name, term in found.items():
        for place in range(2):
            assert_allclose(term[..., place, :], expected[name], rtol=1e-9, atol=1e-9, err_msg=name)


# --- verbs


def test_space_is_what_stands_behind_time():
    assert dims.space_of(tiny_site()) == ()
    assert dims.space_of(tiny_region(pixels=2)) == ("pixel",)
    assert dims.space_of(tiny_region(pixels=2, strata=("heath", "conifer"))) == (
        "stratum",
        "pixel",
    )


def test_pools_have_one_instant_more_than_steps():
    coords = verbs.coords_of(tiny_site())
    assert len(coords["bound"]) == len(coords["time"]) + 1


def test_the_default_streams_are_those_that_are_there():
    assert list(PAPER.streams_in(tiny_site())) == ["lai", "cwood"]
    assert list(PAPER.streams_in(tiny_site(streams=("gpp", "lai")))) == ["lai"]


def test_without_rules_no_potential_is_added():
    with pm.Model() as model:
        verbs.add_constraints(None, None, FEASIBLE)
    assert model.potentials == []


def test_a_set_by_name_its_table_and_its_soft_form_mean_the_same_rules():
    table = EDCS["edinburgh2024"]
    for meant in ("edinburgh2024", table, Soft("edinburgh2024"), Soft(table, scale=0.1)):
        assert verbs.rules_of(meant) is table
