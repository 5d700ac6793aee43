"""Hypothesis three to 2100 on made-up forecasts, and what the figures of futures are made of."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose
from scipy.stats import norm

from pm_dalec.paper import figures, run, second_form_data
from pm_dalec.paper.claims import futures
from pm_dalec.paper.claims.statistics import NotTestable, gap_between_strata
from pm_dalec.paper.forecasts import runs, series, spread
from pm_dalec.paper.reduction import LOWER, UPPER, Experiment

YEARS = np.arange(2014, 2101)
RANKS = (np.arange(100) + 0.5) / 100
WIDTH = 100.0
WEATHERS = ("control", "ssp245")


def quantity(gain, *, level, values):
    """Growth to a gain in 2100, (scenario, management, level, year), with a uniform spread."""
    way = np.clip((YEARS - 2019) / 81, 0, None)
    around = WIDTH * (np.asarray(values) - 0.5)
    grown = gain * way + around[:, None]
    dims = ("scenario", "management", level, "year")
    coords = {"scenario": ["ssp245"], "management": ["none"], level: values, "year": YEARS}
    return xr.DataArray(grown[None, None], coords, dims)


def made_up_forecast(domain, strata):
    """Forecast in form, in which live carbon is 1000 and its gain."""
    groups = {}
    for level, values, end in (("quantile", [0.05, 0.5, 0.95], ""), ("rank", RANKS, "_ranks")):
        whole = quantity(domain, level=level, values=values)
        each = [quantity(gain, level=level, values=values) for gain in strata.values()]
        each = xr.concat(each, xr.Variable("stratum", list(strata)))
        groups[f"domain{end}"] = xr.Dataset({"change_live": whole, "live": whole + 1000})
        groups[f"strata{end}"] = xr.Dataset({"change_live": each, "live": each + 1000})
    tree = xr.DataTree.from_dict(groups)
    tree.attrs["calibration_end"] = "2020-01-01"
    return tree


AS_IN_THE_PAPER = {"conifer": 900.0, "broadleaf": 700.0, "heath": 10.0, "arable": 50.0}


@pytest.fixture
def forecasts():
    return {
        "baseline": made_up_forecast(320.0, AS_IN_THE_PAPER),
        "stratified": made_up_forecast(300.0, AS_IN_THE_PAPER),
    }


def test_the_smallest_lead_is_that_of_the_closest_two(forecasts):
    assert_allclose(futures.smallest_lead(forecasts), 200.0)
    turned = {"stratified": made_up_forecast(300.0, AS_IN_THE_PAPER | {"heath": 400.0})}
    assert_allclose(futures.smallest_lead(turned), -100.0)


def test_woodland_that_never_overlaps_is_certain_and_else_as_likely_as_it_is(forecasts):
    assert futures.probability_of_woodland(forecasts) == 1.0
    alike = {"stratified": made_up_forecast(300.0, AS_IN_THE_PAPER | {"arable": 700.0})}
    assert_allclose(futures.probability_of_woodland(alike), 0.5)


def test_growth_is_that_of_the_medians_of_a_decade(forecasts):
    assert_allclose(futures.growth_of_woodland(forecasts), 700 / 81)
    assert_allclose(futures.growth_that_is_left("ssp245")(forecasts), 1.0)


def test_the_domains_are_measured_against_the_strata(forecasts):
    assert_allclose(futures.difference_over_spread(forecasts), 20 / 890)


def test_what_is_not_there_cannot_be_tested(forecasts):
    with pytest.raises(NotTestable, match="no forecast of the strata"):
        futures.smallest_lead({})
    with pytest.raises(NotTestable, match="no forecast of the baseline"):
        futures.difference_over_spread({"stratified": forecasts["stratified"]})
    with pytest.raises(NotTestable, match="scenario control"):
        futures.growth_that_is_left("control")(forecasts)
    short = {"stratified": forecasts["stratified"].sel(year=slice(None, 2050))}
    with pytest.raises(NotTestable, match="no forecast to 2100"):
        futures.smallest_lead(short)


def test_the_table_of_orders_has_medians_and_the_difference(forecasts):
    row = series.table_order(forecasts).iloc[0]
    assert row["order"] == "conifer > broadleaf > arable > heath"
    assert_allclose(row["conifer [g m-2]"], 900.0)
    assert_allclose(row["difference / range of strata"], 20 / 890)
    with pytest.raises(ValueError, match="got none of the baseline"):
        series.table_order({"stratified": forecasts["stratified"]})


def test_causes_of_the_spread_add_up(fit_folder):
    found = runs.open_forecasts(fit_folder)
    blame = spread.blame(found)
    assert_allclose(blame["fraction"].sum("effect"), 1.0)
    assert blame["year"].values[0] == 2020
    table = spread.table_blame(found)
    assert set(spread.EFFECTS.values()) - {"set of constraints"} <= set(table["effect"])
    assert runs.last_year(found) == 2019
    with pytest.raises(ValueError, match="got none of baseline, 2019, converged, edinburgh2021"):
        spread.blame({"baseline": found["baseline"]})


def test_a_shift_by_other_constraints_is_their_share_of_the_spread(fit_folder):
    years = {"year": [2020, 2100]}
    found = {key: tree.sel(years) for key, tree in runs.open_forecasts(fit_folder).items()}
    alone = spread.blame(found)
    assert "set of constraints" not in alone["effect"]
    for key in [key for key in found if isinstance(key, tuple)]:
        moved = found[key].map_over_datasets(
            lambda part: part + 20 if "rank" in part.dims else part
        )
        moved.attrs = found[key].attrs
        found[*key[:3], "edinburgh2024"] = moved
    blame = spread.blame(found)["variance"]
    assert_allclose(blame.sel(effect="set of constraints"), 10.0**2)
    interactions = [name for name in blame["effect"].values if "set of constraints x" in name]
    assert_allclose(blame.sel(effect=interactions), 0.0, atol=1e-9)
    assert_allclose(blame.sel(effect="parameters"), alone["variance"].sel(effect="parameters"))
    del found["stratified", "2019", "converged", "edinburgh2024"]
    with pytest.raises(ValueError, match="got none of stratified, 2019, converged, edinburgh2024"):
        spread.blame(found)


def test_refits_are_under_the_other_set_and_beside_the_fits(tmp_path, monkeypatch):
    asked = []

    def calibrate_region(build, land, *, store, **settings):
        asked.append((build(land), store.relative_to(tmp_path).as_posix(), settings["proposals"]))

    monkeypatch.setattr(run, "calibrate_region", calibrate_region)
    monkeypatch.setattr(run, "converged_share", lambda fit: 1.0)
    models = dict.fromkeys(run.APPROACHES, lambda land, choices: (land, choices.constraints))
    run._refits("edinburgh2024", models, "land of {:g}".format, tmp_path, run.QUICK, 1, str)
    assert asked == [
        (("land of 0.5", "edinburgh2024"), f"constraints/edinburgh2024/{name}_0.5", 120_000)
        for name in ("baseline", "stratified")
    ]


def test_maps_have_the_difference_of_the_approaches(fit_folder):
    maps = series.changes_by_pixel(runs.open_forecasts(fit_folder), "ssp245", "none")
    difference = maps["stratified"] - maps["baseline"]
    assert_allclose(maps["stratified - baseline"], difference)
    assert set(difference.coords) >= {"lat", "lon"}


def strata_with_lifespans(medians, width):
    """Experiment of two pixels in each of which strata have equal parts, in form."""
    space = ("stratum", "pixel")
    middle = np.repeat(np.array(medians, float)[:, None], 2, axis=1)
    middle[-1, 1] = np.nan  # a unit that was not calibrated
    ends = {LOWER: -width / 2, "": 0.0, UPPER: width / 2}
    traits = {f"leaf_lifespan{end}": (space, middle + away) for end, away in ends.items()}
    shares = xr.DataArray(np.full((len(medians), 2), 1 / len(medians)), dims=space)
    units = xr.Dataset({"area": ("pixel", [1.0, 3.0]), "area_fraction": shares})
    empty = xr.Dataset()
    return Experiment(units, empty, empty, empty, empty, xr.Dataset(traits))


@pytest.mark.parametrize(
    ("width", "found"), [(1.0, np.sqrt(2)), (np.sqrt(2), 1.0), (4.0, 0.25 * np.sqrt(2))]
)
def test_strata_are_told_apart_where_the_interval_of_their_difference_leaves_out_zero(width, found):
    """Two normals of 90 % width w differ by more than w / sqrt(2) with 95 % where the gap is so large."""
    both = {0.5: (None, strata_with_lifespans([2.0, 2.5, 3.0], width))}
    assert_allclose(gap_between_strata("leaf_lifespan")(None, both), found)
    deviation = np.sqrt(2) * width / (2 * norm.ppf(0.95))
    assert (norm.cdf(1.0 / deviation) > 0.95 + 1e-9) == (found > 1 + 1e-9)


def test_intervals_of_traits_are_kept_with_their_medians(experiments):
    traits = experiments["stratified", 0.5].traits
    both = {0.5: (experiments["baseline", 0.5], experiments["stratified", 0.5])}
    assert bool((traits[f"leaf_lifespan{LOWER}"] < traits["leaf_lifespan"]).any())
    assert not bool((traits[f"leaf_lifespan{UPPER}"] < traits["leaf_lifespan"]).any())
    assert f"leaf_fall_day{LOWER}" not in traits
    assert gap_between_strata("leaf_lifespan")(None, both) > 0


def test_a_gain_is_told_beside_that_of_the_control_and_of_felling(forecasts):
    with_causes = {}
    for approach, tree in forecasts.items():
        domain, strata = (
            xr.concat(
                [tree[place].to_dataset().assign_coords(scenario=[name]) for name in WEATHERS],
                "scenario",
            )
            for place in ("domain", "strata")
        )
        felled = [part.assign_coords(management=["mean"]) * 0.5 for part in (domain, strata)]
        both = [
            xr.concat([part, other], "management")
            for part, other in zip((domain, strata), felled, strict=True)
        ]
        with_causes[approach] = xr.DataTree.from_dict(
            dict(zip(("domain", "strata"), both, strict=True))
        )
    found = second_form_data.gains(with_causes)
    assert list(found) == list(second_form_data.FUTURES)
    medians = [float(one.sel(quantile=0.5, group="conifer")) for one in found.values()]
    assert_allclose(medians, [900.0, 900.0, 450.0])
    axes = figures.fig09_gain_by_cause(with_causes).axes[0]
    assert axes.get_yticklabels()[0].get_text() == "domain"
