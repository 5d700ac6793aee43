"""What management does to drivers, and to carbon."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import pm_dalec as pmd
from pm_dalec.forecasting import Felling, Management, MeanRate, named_scenario
from pm_dalec.forecasting.management import disturbed
from pm_dalec.forecasting.management_text import management_from, managements_of
from pm_dalec.testing.tiny import tiny_region

STRATA = ["conifer", "arable"]


@pytest.fixture(scope="module")
def observed():
    units = tiny_region(pixels=2, strata=STRATA)
    return units.assign(area=("pixel", [1.0, 3.0]))


@pytest.fixture(scope="module")
def future(observed):
    return named_scenario("control", observed, until=2060)


def loss_of(text, future, observed):
    return disturbed(management_from(text), future, observed)["forest_loss_fraction"]


def test_nothing_is_felled_or_burned_unless_asked(future, observed):
    made = disturbed(management_from("none"), future, observed)
    for name in ("forest_loss_fraction", "burned_fraction"):
        assert made[name].dims == ("time", "stratum", "pixel")
        assert float(made[name].max()) == 0.0


def test_the_mean_goes_on_at_the_rate_of_every_unit(future, observed):
    loss = loss_of("mean", future, observed)
    years = float(observed["step_days"].sum()) / 365.25
    wanted = observed["forest_loss_fraction"].sum("time") / years
    leap, year = (loss.sel(time=str(y)).sum("time") for y in (2020, 2021))
    assert_allclose(leap * 365.25 / 366, wanted, rtol=1e-12)
    assert_allclose(year * 365.25 / 365, wanted, rtol=1e-12)


def test_the_mean_of_a_stratum_is_that_of_its_area(future, observed):
    loss = loss_of("mean,by=stratum", future, observed).sel(time="2021").sum("time")
    years = float(observed["step_days"].sum()) / 365.25
    rate = observed["forest_loss_fraction"].sum("time") / years
    weight = observed["area_fraction"] * observed["area"]
    wanted = (rate * weight).sum("pixel") / weight.sum("pixel")
    for pixel in range(2):
        assert_allclose(loss.isel(pixel=pixel) * 365.25 / 365, wanted, rtol=1e-12)


def test_a_rate_is_felled_within_its_strata(future, observed):
    loss = loss_of("rate,share=0.02,strata=conifer", future, observed).sel(time="2021")
    assert_allclose(loss.sel(stratum="conifer").sum("time"), 0.02 * 365 / 365.25)
    assert float(loss.sel(stratum="arable").max()) == 0.0


def test_a_calendar_fells_its_share_in_one_month_of_its_years(future, observed):
    loss = loss_of("felling,years=2030/2040-2041,share=0.8,month=3", future, observed)
    felled = loss.isel(pixel=0, stratum=0)
    when = felled["time"].values[felled.values > 0].astype("datetime64[M]").astype(str)
    assert when.tolist() == ["2030-03", "2040-03", "2041-03"]
    assert_allclose(felled.values[felled.values > 0], 0.8)


def test_a_rotation_comes_back_and_a_thinning_takes_less(future, observed):
    loss = loss_of(
        "rotation,every=15,share=0.9,first=2025+thinning,every=5,share=0.2,first=2030",
        future,
        observed,
    ).isel(pixel=0, stratum=0)
    by_year = loss.groupby("time.year").sum()
    assert_allclose(by_year.sel(year=2025), 0.9)
    assert_allclose(by_year.sel(year=2030), 0.2)
    assert_allclose(by_year.sel(year=2040), 1 - 0.1 * 0.8, rtol=1e-12)


def test_harvest_of_a_year_is_the_felled_share_of_what_stood(region_fit):
    tree = pmd.forecast(
        region_fit,
        ["control"],
        management="felling,years=2030,share=0.5,month=1",
        names=["harvested", "harvest", "wood"],
        every="step",
        quantiles=[0.5],
    )
    units = tree["units"].isel(scenario=0, management=0, quantile=0)
    taken = units["harvest"].sel(time="2030-01-01") * 31
    assert_allclose(units["harvested"].sel(time="2030-01-01"), taken, rtol=1e-9)
    before, after = (units["wood"].sel(time=t) for t in ("2029-12-01", "2030-01-01"))
    assert_allclose(after / before, 0.5, rtol=0.02)
    assert_allclose(units["harvested"].sel(time="2050-01-01"), taken, rtol=1e-9)


def test_planting_moves_carbon_of_the_soil_and_clears_what_lived(region_fit):
    """A year after the whole of the arable land was planted, the pixel has the soil of both."""
    fit = region_fit
    plant = "planting,source=arable,target=conifer,share=1,years=2018"
    both = pmd.forecast(
        fit, ["control"], management=["none", plant], names=["live", "som"], quantiles=[0.5]
    )
    carbon = both["carbon"].isel(scenario=0, management=1)
    assert_allclose(carbon["area_fraction"].sel(year=2018, stratum="arable"), 0.0)
    live = both["pixels/live"].isel(scenario=0, quantile=0)
    cleared = live.isel(management=0).sel(year=2017) - live.isel(management=1).sel(year=2018)
    assert (cleared > 0.3 * carbon["cleared"].sel(year=2018)).all()
    som = both["pixels/som"].isel(scenario=0, quantile=0).sel(year=2018)
    assert_allclose(som.isel(management=1), som.isel(management=0), rtol=0.01)


def test_land_without_a_calibrated_unit_to_plant_is_counted(region_fit):
    fit = region_fit.copy(deep=True)
    for values in fit["posterior"].to_dataset().data_vars.values():
        values.values[..., 0, 0] = np.nan
    plant = "planting,source=arable,target=conifer,share=0.1,years=2020"
    tree = pmd.forecast(fit, ["control"], management=plant, names=["live"])
    carbon = tree["carbon"].isel(scenario=0, management=0).sel(year=2020)
    assert_allclose(carbon["unplanted"], [0.1, 0.0])
    assert_allclose(carbon["planted"], [0.0, 50.0 * 0.05])


def test_managements_have_names(observed):
    found = managements_of(["none", Management("as before", (MeanRate(),))])
    assert list(found) == ["none", "as before"]
    assert list(managements_of({"clear": [Felling((2030,), 0.9)]})) == ["clear"]
    with pytest.raises(ValueError, match="names of their own"):
        managements_of(["mean", "mean"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("burn", "wanted a management out of none, mean"),
        ("rate", "got no share"),
        ("rate,share=two", "wanted a number for share, got 'two'"),
        ("rate,share=2", "got share=2"),
        ("rate,cut=0.1", "got 'cut=0.1'"),
        ("felling,years=2030,share=1", "leave a part from which the stand grows again"),
        ("felling,years=x,share=0.5", "wanted a number for years"),
        ("mean,by=tree", "wanted by='unit' or by='stratum'"),
        ("planting,source=a,target=a,share=0.1,years=2030", "wanted two strata"),
    ],
)
def test_a_management_that_is_none_is_refused(text, words):
    with pytest.raises(ValueError, match=words):
        management_from(text)


@pytest.mark.parametrize(
    "text", ["rate,share=0.1,strata=oak", "planting,source=oak,target=arable,share=0.1,years=2030"]
)
def test_a_stratum_that_is_not_there_is_refused(text, region_fit, site_fit):
    with pytest.raises(KeyError, match="no stratum 'oak' in the fit; there are conifer, arable"):
        pmd.forecast(region_fit, ["control"], management=text)
    with pytest.raises(ValueError, match="got a fit without them"):
        pmd.forecast(site_fit, ["control"], management=text)
