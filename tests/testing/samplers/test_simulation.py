"""Simulation-based calibration: what is simulated is what is fitted, and bad ranks are seen."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pm_dalec.models import baseline
from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.physics.records import drivers_of
from pm_dalec.sampling import calibration
from pm_dalec.sampling.state import Settings
from pm_dalec.tables.parameters import PARAMETERS, Theta
from pm_dalec.testing.parameters import FEASIBLE
from pm_dalec.testing.samplers import simulation
from pm_dalec.testing.samplers.page import simulation_section
from pm_dalec.testing.samplers.uniformity import rank_figure, uniformity

FITS = 200


@pytest.fixture(scope="module")
def site():
    return simulation.simulated_site()


def vectors(count):
    return Theta(*(np.full(count, float(getattr(FEASIBLE, name))) for name in Theta._fields))


def test_noise_does_not_depend_on_the_truth(site):
    theta = vectors(1)
    drawn = [simulation.observed(site, theta, np.random.default_rng(seed)) for seed in range(60)]
    run = run_numpy(*drivers_of(site), theta)
    lai = np.stack([each["lai"] for each in drawn]) - run.fluxes.lai[:, 0]
    wood = np.stack([each["cwood"] for each in drawn]) - run.pools.wood[:-1, 0]
    assert abs(lai.std() / site["lai_unc"].mean() - 1) < 0.06
    assert abs(wood.std() / site["cwood_unc"].mean() - 1) < 0.06


def test_the_log_likelihood_is_that_of_the_observations(site):
    theta = vectors(2)._replace(canopy_efficiency=np.array([10.0, 30.0]))
    seen = simulation.observed(site, vectors(1), np.random.default_rng(1))
    found = simulation.quantities(site, theta, seen)["log_likelihood"]
    run = run_numpy(*drivers_of(site), theta)
    terms = stats.norm(run.fluxes.lai, 0.4).logpdf(seen["lai"][:, None]).sum(axis=0)
    steps = list(simulation.WOOD_STEPS)
    modelled = run.pools.wood[steps]
    terms += stats.norm(modelled, 1000.0).logpdf(seen["cwood"][steps, None]).sum(axis=0)
    assert np.isclose(np.diff(found), np.diff(terms))


def test_what_is_ranked_are_parameters_fluxes_and_the_likelihood(site):
    seen = simulation.observed(site, vectors(1), np.random.default_rng(1))
    found = simulation.quantities(site, vectors(3), seen)
    assert list(found) == [*PARAMETERS, *simulation.FLUXES, "log_likelihood"]
    assert all(np.isfinite(values).all() for values in found.values())
    assert found["fire"][0] > 0


def ranks(spread=1.0):
    """Fits whose ranks are uniform, or in the middle where the spread is below one."""
    rng = np.random.default_rng(3)
    names = [*PARAMETERS, *simulation.FLUXES, "log_likelihood"]
    middle = 64 + spread * (rng.integers(0, 128, (FITS, len(names))) - 64)
    fits = pd.DataFrame(middle.astype(int), columns=names)
    return fits.assign(status="converged", rhat=1.0)


def test_uniform_ranks_pass_and_others_do_not():
    good, bad = uniformity(ranks()), uniformity(ranks(0.7))
    assert good["inside"].mean() > 0.85
    assert good["p"].min() > 0.05 / len(good)
    assert not bad["inside"].any()
    assert (bad["in50"] > 0.6).all()


def test_a_page_says_how_many_fits_there_are_and_what_their_ranks_say():
    fits = ranks()
    fits.attrs = {"rhat": 1.05, "ess": 100, "proposals": 150_000, "scouts": 64, "sampler": 3}
    fits.attrs |= {"family": "lanes", "chains": 8}
    fits["looked"], fits["leaping"] = "nothing new", False
    fits.loc[[3, 5], "leaping"], fits.loc[3, "looked"] = True, "another part"
    told = simulation_section(fits)
    assert told.startswith(f"\n## Truths from the prior\n\n{FITS} truths")
    assert "(200 converged; all count; version 3 of the sampler)" in told
    assert (
        "Of 2 fits the chains leapt from part to part, because scouts had found another (1) or they lay"
        in told
    )
    assert "\n| log_likelihood " in told


def test_the_figure_has_a_panel_for_every_quantity():
    figure = rank_figure(ranks())
    titles = [axes.get_title() for axes in figure.axes if axes.get_visible()]
    assert len(titles) == len(PARAMETERS) + 6
    assert titles[-1] == "log-likelihood"


def test_a_folder_is_continued_and_fits_of_other_settings_are_refused(tmp_path, monkeypatch):
    made = []

    def one_fit(setting, number):
        made.append(number)
        return {"number": number, "status": "converged", "rhat": 1.0, "ranks": {"gpp": number}}

    monkeypatch.setattr(simulation, "one_fit", one_fit)
    monkeypatch.setattr(simulation, "_setting", lambda *given: "setting")
    simulation.calibrate_by_simulation(None, tmp_path, fits=2)
    table = simulation.calibrate_by_simulation(None, tmp_path, fits=3)
    assert made == [0, 1, 2]
    assert list(table["gpp"]) == [0, 1, 2]
    with pytest.raises(ValueError, match="wanted fits with seed=5"):
        simulation.calibrate_by_simulation(None, tmp_path, fits=3, seed=5)


def test_what_is_judged_is_what_calibrate_does_by_default(site, monkeypatch):
    """Numbers of another setting would say nothing of the fits that people make."""
    asked = []

    def ask(target, settings, chains, *rest):
        asked.append((settings, chains))
        raise InterruptedError

    monkeypatch.setattr(calibration, "Job", ask)
    with pytest.raises(InterruptedError):
        calibration.calibrate(baseline.build(site), progress=False)
    assert asked == [(simulation.USUAL, simulation.CHAINS["lanes"])]


@pytest.mark.slow
@pytest.mark.parametrize("family", ["lanes", "smc"])
def test_a_fit_of_either_family_ranks_its_truth(tmp_path, family):
    few = Settings(draws=100, rhat=9.0, ess=0, proposals=2048 if family == "lanes" else 16)
    found = simulation.calibrate_by_simulation(
        baseline.build, tmp_path, fits=1, settings=few, family=family
    )
    assert 0 <= found["gpp"].iloc[0] <= simulation.RANKED
    assert found.attrs["family"] == family
