"""Table of towers: predicted against measured fluxes."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from pm_dalec.paper.tables import towers
from pm_dalec.paper.tables.published_towers import beside_published
from pm_dalec.posterior.metrics import efficiency

TIME = pd.date_range("2001-01-01", periods=4, freq="MS")
NEE = np.array([1.0, -1.0, 2.0, np.nan])


def series(values):
    return xr.DataArray(values, {"time": TIME}, ("time",))


@pytest.fixture
def site():
    unknown = {"units": "g m-2 d-1"}
    return xr.Dataset(
        {
            "nee": series(NEE).assign_attrs(unknown),
            "nee_unc": (series(NEE) * 0 + 0.5).assign_attrs(unknown),
            "gpp": series([3.0, 4.0, np.nan, 5.0]),
        }
    )


@pytest.fixture
def predicted(monkeypatch):
    """Runs of a fit: 2000 draws of NEE around the measurements plus 0.1, of GPP and respiration 4."""
    rng = np.random.default_rng(1)

    def made(fit, names, draws):
        middle = {"nee": np.nan_to_num(NEE) + 0.1, "gpp": np.full(4, 4.0), "reco": np.full(4, 4.0)}
        shape = (4, 4, 500)
        found = {
            name: (
                ("time", "chain", "draw"),
                middle[name][:, None, None] + rng.normal(0, 0.01, shape),
            )
            for name in names
        }
        return xr.Dataset(found, {"time": TIME})

    monkeypatch.setattr(towers, "trajectories", made)


def test_respiration_is_nee_and_gpp_together_where_it_is_not_measured(site):
    found = towers.measured_fluxes(site)["reco"]
    assert_allclose(found, [4.0, 3.0, np.nan, np.nan])


def test_bias_and_error_are_those_of_the_medians(site, predicted):
    row = towers.flux_table(None, site).set_index("flux").loc["nee"]
    assert row["months"] == 3
    assert_allclose([row["bias"], row["RMSE"]], 0.1, atol=0.002)
    assert_allclose(row["R2"], 1.0, atol=1e-4)


def test_the_noise_of_the_measurements_belongs_to_what_is_predicted(site, predicted):
    table = towers.flux_table(None, site).set_index("flux")
    assert table.loc["nee", "coverage"] == 1.0
    assert table.loc["nee", "coverage_model"] == 0.0
    assert np.isnan(table.loc["gpp", "coverage"])  # its uncertainty is not known
    assert table.loc["gpp", "coverage_model"] == 1 / 3


def test_a_site_without_fluxes_has_an_empty_table():
    assert towers.flux_table(None, xr.Dataset()).empty


def test_what_fluxes_change_is_a_difference_of_two_runs():
    row = {
        "site": "A",
        "flux": "nee",
        "R2": 0.5,
        "RMSE": 1.0,
        "bias": -0.8,
        "coverage": 0.5,
        "NSE": 0.1,
        "period": "all",
    }
    with_fluxes = row | {"run": "b", "R2": 0.75, "RMSE": 0.5, "bias": 0.3}
    table = pd.DataFrame([row | {"run": "a"}, with_fluxes]).assign(coverage_model=0.1)
    change = towers.what_fluxes_change(table, ("a", "b")).iloc[0]
    assert_allclose([change["R2"], change["RMSE"], change["bias"]], [0.25, -0.5, -0.5])


def test_withheld_years_are_judged_apart_from_the_others(site, predicted):
    trained, periods = towers.withhold_years(site.assign(time=TIME + pd.DateOffset(months=10)), 1)
    assert periods["train"].tolist() == [True, True, False, False]
    assert trained["nee"].notnull().values.tolist() == [True, True, False, False]
    table = towers.flux_table(None, site, periods=periods).set_index(["flux", "period"])
    assert table.loc[("nee", "train"), "months"] == 2
    assert table.loc[("nee", "withheld"), "months"] == 1
    assert np.isnan(table.loc[("nee", "withheld"), "NSE"])


def test_no_year_is_withheld_by_default_and_not_all_can_be(site):
    same, periods = towers.withhold_years(site, 0)
    assert same is site
    assert periods["all"].all()
    with pytest.raises(ValueError, match="leave some to calibrate with"):
        towers.withhold_years(site, 1)


def test_efficiency_is_one_less_the_error_over_the_variance():
    observed = np.array([1.0, 2.0, 3.0, np.nan])
    assert_allclose(efficiency([1.1, 2.0, 3.0, 4.0], observed), 1 - 0.01 / 2)
    assert_allclose(efficiency(np.full(4, 2.0), observed), 0, atol=1e-12)


def test_published_skill_stands_beside_withheld_months():
    row = {"site": "differland_DE-Hai_monthly", "run": "a", "months": 40, "NSE": 0.9, "RMSE": 1.0}
    rows = [row | {"flux": flux, "period": "withheld", "coverage": 0.9} for flux in ("nee", "et")]
    found = beside_published(pd.DataFrame(rows), withheld="withheld")
    assert list(found["flux"]) == ["nee"]
    assert (found["published_NSE"][0], found["published_RMSE"][0]) == (0.90, 1.16)
