"""What `calibrate` returns is what ArviZ takes, for a site as it stands, and comes back from its file."""

import arviz as az
import matplotlib.pyplot as plt
import numpy as np
import pytest

from pm_dalec.models import baseline, constrained_prior
from pm_dalec.posterior.fit_file import load, save
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.testing.tiny import tiny_site

pytestmark = [
    pytest.mark.usefixtures("short_rounds", "built_once"),
    pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain"),
]
SHORT = {"chains": 8, "draws": 40, "proposals": 6000, "progress": False}


@pytest.fixture(scope="module")
def observed():
    return tiny_site()


@pytest.fixture(scope="module")
def whole(observed, short_rounds, built_once):
    return calibrate(baseline.build(observed), **SHORT)


@pytest.fixture(scope="module")
def unseen(observed, short_rounds, built_once):
    """Fit of a model without streams."""
    return calibrate(constrained_prior.build(observed), **SHORT)


@pytest.mark.filterwarnings(
    "ignore:Estimated shape parameter", "ignore::RuntimeWarning"
)  # of a short run
def test_leaving_one_out_is_finite_for_every_stream(whole, observed):
    for stream in ("lai", "cwood"):
        found = az.loo(whole, var_name=stream, pointwise=True)
        assert np.isfinite(found.elpd)
        assert found.n_data_points == int(observed[stream].notnull().sum())


@pytest.mark.filterwarnings("ignore")
def test_figures_of_arviz_take_a_fit_as_it_stands(whole):
    for plot in (az.plot_ppc_dist, az.plot_prior_posterior):
        plot(whole)
    plt.close("all")


@pytest.mark.filterwarnings("ignore")
def test_power_scaling_takes_a_fit_as_it_stands(whole):
    assert len(az.psense_summary(whole)) == 23
    for plot in (az.plot_psense_dist, az.plot_psense_quantities):
        plot(whole, var_names=["canopy_efficiency"])
    plt.close("all")


def test_nothing_is_added_where_nothing_is_wanted_and_the_draws_are_the_same(whole, observed):
    bare = calibrate(baseline.build(observed), **SHORT, groups=())
    assert set(bare.children) == {"posterior", "sample_stats", "constant_data", "observed_data"}
    assert bare["posterior"].equals(whole["posterior"])


@pytest.mark.parametrize("suffix", ["nc", "zarr"])
def test_a_model_without_streams_has_a_fit_that_comes_back(unseen, tmp_path, suffix):
    again = load(save(unseen, tmp_path / f"fit.{suffix}"))
    assert again.identical(unseen)
    assert again["posterior"].to_dataset().notnull().all().to_array().all()
    assert {"prior", "log_prior"} <= set(again.children)


@pytest.mark.parametrize("suffix", ["nc", "zarr"])
def test_all_groups_come_back_from_a_file(whole, tmp_path, suffix):
    assert load(save(whole, tmp_path / f"fit.{suffix}")).identical(whole)
