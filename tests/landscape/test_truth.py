"""The truth that DALEC makes for the twin, and its coverage."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from pm_dalec.data.land import units_of
from pm_dalec.landscape.twin.truth import add_truth
from pm_dalec.landscape.twin.twin import make_twin
from pm_dalec.models import baseline
from pm_dalec.paper import run
from pm_dalec.paper.reduction import Experiment
from pm_dalec.paper.run import experiment_region
from pm_dalec.paper.tables.interval_coverage import coverage
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.summaries import QUANTITIES

pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")
STRATUM = ("stratum", "pixel")


@pytest.fixture(scope="module")
def region():
    return experiment_region(make_twin(0), 1.0, 0)


@pytest.fixture(scope="module")
def plain(region):
    return units_of(region, STRATUM)


@pytest.fixture(scope="module")
def chosen(plain):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "PROPOSALS", 12_000)
        return run.candidates(baseline.build, plain)


@pytest.fixture(scope="module")
def true_regions(region, chosen):
    true = add_truth(region, chosen)
    return units_of(true, STRATUM), units_of(true, ("pixel",))


def test_typical_units_are_area_means_with_the_curve_of_the_stratum(plain):
    region, units = plain, run.typical_units(plain)
    assert units.sizes["pixel"] == region.sizes["stratum"]
    share = region["area_fraction"] * region["area"]
    wood = region["cwood"].weighted(share).mean("pixel").dropna("time")
    assert_allclose(units["cwood"].dropna("time").values, wood.transpose("time", ...).values)
    baseline.build(units)


def test_truth_has_slow_wood_in_conifer_and_slow_soil_in_heath(chosen):
    wood = {name: np.median(theta.wood_turnover_rate[:5]) for name, theta in chosen.items()}
    soil = {name: np.median(theta.som_mineralisation_rate[:5]) for name, theta in chosen.items()}
    assert min(wood, key=wood.get) == "conifer"
    assert min(soil, key=soil.get) == "heath"


def test_wood_is_true_where_it_is_observed_and_leaf_area_has_the_noise_of_the_products(
    true_regions, plain
):
    stratified, _ = true_regions
    share = stratified["area_fraction"].transpose("stratum", "pixel").values > 0
    seen = stratified["cwood"].mean("time").transpose("stratum", "pixel").values
    assert_allclose(stratified["truth_mean_wood"].values[share] / seen[share], 1.0, atol=0.15)
    apart = stratified["lai"].mean("time") - stratified["truth_lai"]
    assert float(np.abs(apart).max()) < 0.3


def test_the_baseline_sees_area_means_of_the_strata(true_regions):
    stratified, averaged = true_regions
    share = stratified["area_fraction"]
    for name in ("lai", "truth_gpp", "truth_harvest"):
        wanted = (stratified[name].fillna(0.0) * share).sum("stratum")
        assert_allclose(averaged[name].values, wanted.transpose(*averaged[name].dims).values)
    assert "truth_residence_wood" not in averaged


def test_true_parameters_lie_in_the_box_of_the_prior(true_regions):
    for name, record in PARAMETERS.items():
        values = true_regions[0][f"truth_{name}"].values
        values = values[np.isfinite(values)]
        assert ((values >= record.bounds[0]) & (values <= record.bounds[1])).all()


def test_a_stratum_without_candidates_is_named(region, chosen):
    wrong = {"foliage_fraction": 0.01, "labile_fraction": 0.01, "root_fraction": 0.8}
    spoiled = {
        name: theta._replace(
            **{part: np.full(len(theta[0]), value) for part, value in wrong.items()}
        )
        for name, theta in chosen.items()
    }
    with pytest.raises(ValueError, match=r"wanted parameters of the stratum .* got none among"):
        add_truth(region, spoiled)


def experiment_with_truth(truth, drawn):
    units = xr.Dataset(
        {"area": ("pixel", np.ones(2)), "truth_gpp": ("pixel", truth)},
        attrs={"approach": "baseline", "resolution": 1.0},
    )
    budget = xr.Dataset({"gpp": (("sample", "pixel"), drawn, {"units": QUANTITIES["gpp"].units})})
    empty = xr.Dataset()
    return Experiment(units, budget, empty, empty, empty, empty)


def test_coverage_counts_units_inside_and_gives_the_bias():
    drawn = np.linspace(0.0, 1.0, 1001)[:, None] * np.ones(2)
    table = coverage({("baseline", 1.0): experiment_with_truth([0.5, 0.99], drawn)})
    assert isinstance(table, pd.DataFrame)
    (row,) = table.to_dict("records")
    assert (row["units"], row["inside"]) == (2, 0.5)
    assert_allclose(row["bias"], 0.5 - 0.745)


def test_coverage_without_a_truth_says_what_to_do():
    known = experiment_with_truth([0.5, 0.5], np.ones((3, 2)))
    experiment = replace(known, units=known.units.drop_vars("truth_gpp"))
    with pytest.raises(ValueError, match="wanted experiments with a known truth"):
        coverage({("baseline", 1.0): experiment})
