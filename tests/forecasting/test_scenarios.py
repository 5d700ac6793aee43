"""What scenarios do to drivers, and what CO2 alone does to GPP."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal

import pm_dalec as pmd
from pm_dalec.data.synthetic_sites import synthetic_drivers
from pm_dalec.forecasting import named_scenario, recycled, with_co2_of
from pm_dalec.forecasting.scenarios import NAMES, described, scenarios_of
from pm_dalec.landscape.anomalies import MOVED, future_drivers
from pm_dalec.physics import canopy, step
from pm_dalec.physics.records import Pools, drivers_of
from pm_dalec.posterior.compiled import compiled_dalec
from pm_dalec.tables.parameters import Theta
from pm_dalec.tables.variables import POOLS
from pm_dalec.testing.parameters import near_feasible


@pytest.fixture(scope="module")
def observed():
    return synthetic_drivers(1, years=6)


@pytest.mark.parametrize("reference", [None, (2014, 2019)])
def test_without_anomalies_the_reference_is_repeated_exactly(observed, reference):
    control = named_scenario("control", observed, reference=reference, until=2030)
    first, last = reference or (2019, 2019)
    during = observed.sel(time=slice(str(first), str(last)))
    for name in MOVED[:5]:
        wanted = during[name].groupby("time.month").mean().values
        assert_array_equal(control[name].sel(time="2025").values, wanted)
        assert_array_equal(control[name].sel(time="2030").values, wanted)
    assert_allclose(control["co2"].sel(time="2030"), observed["co2"].sel(time="2019"), atol=0.5)


def test_a_pathway_moves_temperature_and_carbon_dioxide_and_nothing_else(observed):
    future = named_scenario("ssp245", observed)
    control = named_scenario("control", observed)
    for name in ("sw_rad", "vpd", "wind"):
        assert_array_equal(future[name], control[name])
    warmer = (future["tmin"] - control["tmin"]).sel(time="2100").mean()
    assert_allclose(warmer, 2.0, atol=0.02)
    assert_allclose(future["co2"].sel(time="2100").mean(), 600, atol=4)
    assert_allclose((future["tmax"] - future["tmin"]), control["tmax"] - control["tmin"], rtol=1e-9)


def test_pathways_are_ordered_by_their_numbers(observed):
    ends = [named_scenario(f"ssp{n}", observed).sel(time="2100") for n in (126, 245, 370, 585)]
    for name in ("tmin", "co2"):
        assert (np.diff([float(end[name].mean()) for end in ends]) > 0).all()


def test_one_thing_alone_is_the_rest_of_the_other(observed):
    whole, co2, climate, control = (
        named_scenario(name, observed, until=2050)
        for name in ("ssp585", "ssp585-co2", "ssp585-climate", "control")
    )
    assert_array_equal(co2["tmax"], control["tmax"])
    assert_array_equal(climate["tmax"], whole["tmax"])
    assert_array_equal(co2["co2"], whole["co2"])
    assert_array_equal(climate["co2"], control["co2"])
    assert_array_equal(with_co2_of(climate, whole)["co2"], whole["co2"])


def test_recycled_weather_repeats_years_with_the_co2_of_the_last(observed):
    future = recycled(observed, years=(2018, 2019), until=2023)
    for name in ("tmin", "vpd"):
        assert_array_equal(future[name].sel(time="2022"), observed[name].sel(time="2018"))
        assert_array_equal(future[name].sel(time="2023"), observed[name].sel(time="2019"))
    assert_array_equal(future["co2"].sel(time="2022"), observed["co2"].sel(time="2019"))
    assert float(future["forest_loss_fraction"].max()) == 0.0
    assert future["doy"].sel(time="2020-12").item() == 366.0


def test_what_a_limit_changes_is_counted_and_told(observed):
    climate = named_climate(observed, dark=-100.0)
    future = future_drivers(observed, climate)
    assert float(future["sw_rad"].min()) == 0.0
    assert future["sw_rad"].attrs["clipped_values"] == 24
    assert future["tmin"].attrs["clipped_values"] == 24
    assert (future["tmin"] <= future["tmax"]).all()
    told = described({"dark": future})["clipped"].sel(scenario="dark")
    assert told.sel(driver="sw_rad") == 24
    assert told.sel(driver="vpd") == 0


def named_climate(observed, *, dark):
    """Two years without light, in which it is colder by day than by night."""
    months = np.arange("2019-01", "2022-01", dtype="datetime64[M]").astype("datetime64[ns]")
    later = np.arange(36) >= 12
    values = dict.fromkeys(("vpd", "wind", "co2", "tmin"), np.full(36, 400.0))
    values |= {"sw_rad": np.where(later, dark, 0.0), "tmax": np.where(later, -50.0, 0.0)}
    return xr.Dataset({n: ("time", v) for n, v in values.items()}, {"time": months})


def test_co2_alone_raises_gpp_as_much_as_the_leaves_say(observed):
    """ACM2's own response: the canopy of the control in more CO2 from below, its own leaves exactly."""
    drivers, latitude = drivers_of(observed)
    raised = drivers._replace(co2=drivers.co2 * 1.5)
    rows = np.stack(near_feasible((20,), np.random.default_rng(3)), axis=1)
    run = compiled_dalec(72, ("gpp",), "converged")
    low, high = (run.run(rows, part, latitude) for part in (drivers, raised))
    theta = Theta(*rows.T)
    start = Pools(*rows[:, -len(POOLS) :].T)

    def gain(pools, at):
        values = type(raised)(*(v[at : at + 1] for v in raised))
        weather = canopy.Weather(*(v[0] for v in canopy.weather(values, latitude, np)))
        return step.gas_exchange(pools, weather, theta, np).gpp

    assert_allclose(high.fluxes["gpp"][0], gain(start, 0), rtol=1e-9)
    with_leaves = Pools(*(high.pools[name][39] for name in POOLS))
    without = Pools(*(low.pools[name][39] for name in POOLS))
    assert_allclose(high.fluxes["gpp"][40], gain(with_leaves, 40), rtol=1e-9)
    direct = gain(without, 40)
    assert (direct > low.fluxes["gpp"][40]).all()
    assert (high.fluxes["gpp"][40] > direct).all(), "more carbon, more leaves"
    assert (direct / low.fluxes["gpp"][40] < 1.5).all(), "less than CO2 itself"


def test_a_scenario_with_more_co2_has_more_gpp_in_every_year(site_fit):
    tree = pmd.forecast(site_fit, ["control", "ssp585-co2"], names=["gpp"])
    gpp = tree["domain/gpp"].isel(management=0).sel(quantile=0.5, year=slice(2025, None))
    assert (gpp.sel(scenario="ssp585-co2") > gpp.sel(scenario="control")).all()


@pytest.mark.parametrize(
    ("scenarios", "words"),
    [
        (["ssp999"], "no scenario 'ssp999'; there are control"),
        ([], "at least one scenario"),
        ("ssp245", r"scenarios=\('ssp245',\)"),
    ],
)
def test_a_scenario_that_is_none_is_refused(observed, scenarios, words):
    with pytest.raises((KeyError, ValueError, TypeError), match=words):
        scenarios_of(scenarios, observed)


def test_scenarios_that_leave_a_gap_or_end_apart_are_refused(observed):
    whole = named_scenario("control", observed, until=2030)
    with pytest.raises(
        ValueError, match=r"begins where the calibration ends, 2020-01-01, got 2021"
    ):
        scenarios_of({"late": whole.isel(time=slice(12, None))}, observed)
    with pytest.raises(ValueError, match="same steps"):
        scenarios_of({"a": whole, "b": whole.isel(time=slice(12))}, observed)


def test_drivers_that_are_no_months_are_refused_in_a_sentence(observed):
    with pytest.raises(ValueError, match="monthly drivers of whole years"):
        named_scenario("control", observed.isel(time=slice(3, None)))


def test_every_name_makes_a_scenario(observed):
    for name in NAMES:
        assert named_scenario(name, observed, until=2021).sizes["time"] == 24
