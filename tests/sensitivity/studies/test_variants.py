"""A variant is what its changes say, in Python and in TOML; what cannot be is refused by name."""

import numpy as np
import pytest
import xarray as xr

import pm_dalec as pmd
from pm_dalec.constraints import EDCS, Soft
from pm_dalec.graph import Choices, units_of
from pm_dalec.models import baseline
from pm_dalec.sensitivity import Study, Variant, factorial, read_variants
from pm_dalec.sensitivity.studies.design import contrasts
from pm_dalec.sensitivity.studies.variants_file import EXAMPLE
from pm_dalec.tables.parameters import PARAMETERS, PRIOR_SETS
from pm_dalec.tables.priors import Fixed, Gaussian, LogUniform
from pm_dalec.testing.tiny import tiny_site

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")

SET = EDCS["edinburgh2021"]


@pytest.fixture(scope="module")
def land():
    return tiny_site()


def choices(land, **changes):
    return Variant("v", changes).choices(Choices(), land)


@pytest.mark.parametrize(
    ("changes", "name", "expected"),
    [
        ({"constraints": "none"}, "constraints", None),
        ({"constraints": "edinburgh2024"}, "constraints", "edinburgh2024"),
        ({"without": ["steady_*"]}, "constraints", SET.without("steady_*")),
        ({"only": ["steady_wood"]}, "constraints", SET.only("steady_wood")),
        ({"soft": 0.1}, "constraints", Soft("edinburgh2021", 0.1)),
        ({"streams": ["lai"]}, "streams", ("lai",)),
        ({"drop": ["lai"]}, "streams", ("cwood",)),
        ({"solver": "truncated"}, "solver", "truncated"),
        ({"priors": "edinburgh2023"}, "parameters", PRIOR_SETS["edinburgh2023"]),
        ({"days": "three_years"}, "parameters", PRIOR_SETS["edinburgh2021_three_years"]),
    ],
)
def test_a_change_makes_the_choice_that_it_says(land, changes, name, expected):
    assert getattr(choices(land, **changes), name) == expected


def test_a_parameter_is_fixed_bounded_or_given_a_factor(land):
    found = choices(
        land,
        parameters={
            "temperature_exponent": 0.04,
            "leaf_lifespan": [1.001, 4.0],
            "autotrophic_fraction": {"mean": 0.5, "sigma": 0.05},
        },
    ).parameters
    assert found["temperature_exponent"].prior == Fixed(0.04)
    assert found["leaf_lifespan"].bounds == (1.001, 4.0)
    assert found["autotrophic_fraction"].prior == LogUniform(Gaussian(0.5, 0.05))
    assert found["leaf_fall_day"] == PARAMETERS["leaf_fall_day"]


def test_weather_is_warmer_by_degrees_and_otherwise_times_a_factor(land):
    found = Variant("v", {"weather": {"tmin": 1.0, "sw_rad": 1.1}}).land(land)
    np.testing.assert_allclose(found["tmin"], land["tmin"] + 1.0)
    np.testing.assert_allclose(found["sw_rad"], land["sw_rad"] * 1.1)
    assert found["sw_rad"].attrs == land["sw_rad"].attrs


def test_weather_of_a_region_is_that_of_all_its_units():
    region = pmd.build_region(pmd.make_twin(0), resolution=1.0)
    found = Variant("v", {"weather": {"tmin": 1.0, "sw_rad": 1.1}}).land(region)
    for space in (("pixel",), ("stratum", "pixel")):
        changed, known = units_of(found, space), units_of(region, space)
        np.testing.assert_allclose(changed["tmin"], known["tmin"] + 1.0)
        np.testing.assert_allclose(changed["sw_rad"], known["sw_rad"] * 1.1)
    assert found["tmin"].attrs == region["tmin"].attrs


def test_sigma_is_scaled_and_a_factor_by_its_logarithm(land):
    kind = {"uncertainty_kind": "factor"}
    land = land.assign(cwood_unc=(land["cwood"] * 0 + 1.5).assign_attrs(kind))
    found = Variant("v", {"sigma": {"lai": 2.0, "cwood": 2.0}}).land(land)
    xr.testing.assert_allclose(found["lai_unc"], 2 * land["lai_unc"])
    assert float(found["cwood_unc"].max()) == pytest.approx(2.25)


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"sigmas": {}}, KeyError, "came key 'sigmas' .variant 'v'"),
        ({"soft": -1.0}, ValueError, "a margin above 0"),
        ({"sigma": {"lai": "much"}}, ValueError, "a factor above 0 by stream"),
        ({"weather": {"rain": 2.0}}, ValueError, "factors above 0 of others of tmin"),
        ({"weather": {"sw_rad": -1.0}}, ValueError, "degrees of tmin and tmax"),
        ({"without": ["steady_moon"]}, KeyError, "variant 'v': no constraint 'steady_moon'"),
        ({"drop": ["nee"]}, ValueError, "variant 'v': wanted streams to drop out of lai, cwood"),
        ({"priors": "mine"}, KeyError, "variant 'v': no set of priors 'mine'"),
        ({"soft": 0.1, "constraints": "none"}, ValueError, "wanted constraints that are soft"),
        ({"sigma": {"nee": 2.0}}, KeyError, "without 'nee_unc'"),
        ({"parameters": {"leaf_age": 2.0}}, KeyError, "no parameter 'leaf_age'"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_calibrated(land, changes, kind, words):
    with pytest.raises(kind, match=words):
        Study(baseline.build, land, {"v": changes})


@pytest.mark.parametrize("given", [{}, [], "base", {"": {}}, [Variant("a"), Variant("a")]])
def test_variants_have_names_of_their_own(land, given):
    with pytest.raises((ValueError, TypeError), match="wanted"):
        Study(baseline.build, land, given)


def test_the_contrasts_of_a_factorial_are_the_effects_it_was_made_of():
    factors = {
        "era": {"2021": {}, "2024": {"constraints": "edinburgh2024"}},
        "sigma": {name: {"sigma": {"lai": k}} for name, k in (("a", 1.0), ("b", 2.0), ("c", 3.0))},
    }
    names = list(factorial(factors))
    values = xr.DataArray(
        [10 + 4 * ("2024" in n) + {"a": 0, "b": 1, "c": 5}[n[-1]] for n in names],
        coords={"variant": names},
    )
    found = contrasts(values, factors)
    np.testing.assert_allclose(found, [-2, 2, -2, -1, 3])
    assert list(found["level"].values[:3]) == ["era: 2021", "era: 2024", "sigma: a"]


def test_factors_that_change_the_same_thing_are_refused():
    level = {"constraints": "edinburgh2024"}
    with pytest.raises(ValueError, match="'constraints' twice in variant 'x, y'"):
        factorial({"one": {"x": level}, "two": {"y": {"constraints": None}}})


def test_the_example_has_every_kind_of_change_and_stands_for_a_site(land):
    variants = read_variants(EXAMPLE)
    study = Study(baseline.build, land, variants)
    assert len(study.variants) >= 24
    assert next(iter(study.variants)) == "base"
    used = {key for v in variants.values() for key in v.changes.model_fields_set}
    assert used >= {"priors", "parameters", "days", "constraints", "without", "only", "soft"}
    assert used >= {"sigma", "streams", "drop", "solver", "likelihoods"}
    assert "2024, doubled" in variants


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[base", "wanted TOML"),
        ("[base]\npriors = 3", "wanted the name of a set of priors, came 3 .variant 'base'"),
        ("", "wanted one variant a name, got none"),
        ("[factorial.era.a]\n[factorial.era.b]\nsoft = 0", "a margin above 0"),
    ],
)
def test_a_file_that_is_wrong_is_told_with_its_variant(tmp_path, text, words):
    path = tmp_path / "variants.toml"
    path.write_text(text)
    with pytest.raises((ValueError, TypeError, KeyError), match=words):
        read_variants(path)
