"""Simulation-based calibration: the truth must lie in the posterior as one more of its draws.

A truth is an exact draw of the constrained prior, its observations are made with an uncertainty that does
not depend on it, and the model is calibrated to them. If sampler, prior, constraints and likelihood are
what they claim to be, the rank of the truth among the draws is uniform, for every quantity (Talts et al.
2018; Modrak et al. 2023, who add the log-likelihood, without which some faults are not seen).
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from pm_dalec.constraints.prior_draws import draw_constrained_prior
from pm_dalec.data.storage import folder_to_write, whole
from pm_dalec.data.synthetic_sites import synthetic_drivers
from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.physics.observation_operators import misfit, seen_by
from pm_dalec.physics.records import drivers_of
from pm_dalec.physics.summaries import summarised
from pm_dalec.sampling.calibration import SCOUTS, Job
from pm_dalec.sampling.families.path import tempered
from pm_dalec.sampling.families.smc import run_smc, unit_of
from pm_dalec.sampling.progress import Progress
from pm_dalec.sampling.state import Settings, evenly
from pm_dalec.sampling.target import compile_target, natural
from pm_dalec.tables import dims
from pm_dalec.tables.constants import MODEL_VERSION, SAMPLER_VERSION
from pm_dalec.tables.numbers import whole_number
from pm_dalec.tables.parameters import Theta

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pymc as pm
    import xarray as xr

    from pm_dalec.sampling.target import Target

YEARS = 3
SIGMA = {"lai": 0.4, "cwood": 1000.0}  # m2 m-2, g m-2: the same whatever the truth is
WOOD_STEPS = (12, 24)  # at whose start wood is observed
SOIL = (12_000.0, 4_000.0)  # g m-2, factor of the prior of initial soil carbon
FIRES = {7: 0.02, 20: 0.05}  # burned share by step, so that fire is no constant
RANKED = 127  # draws among which the truth has its rank: 128 ranks
TOGETHER = 20  # truths that are drawn at once
CHAINS = {"lanes": 16, "smc": 2}  # those of `calibrate` by default; runs of SMC
USUAL = Settings(scouts=SCOUTS)  # what `calibrate` takes of a site by default
FEW_PARTICLES = Settings(draws=250, rhat=1.05, ess=100, proposals=256)
FLUXES = ("gpp", "reco", "nee", "harvest", "fire")
LIKELIHOOD = "log_likelihood"
SETTINGS = "settings.json"  # what the fits of a folder have in common


class Setting(NamedTuple):
    """What the fits of one run have in common.

    Parameters
    ----------
    site : Dataset
        Three years, with observations in place of which those of a truth are put.
    target : Target
        Of its model.
    sample : callable
        Gives draws (draw, chain, parameter + 1) and the state of a unit from the number of a fit and
        its observations, data of the model by name.
    seed : int
    """

    site: xr.Dataset
    target: Target
    sample: Callable[[int, dict[str, np.ndarray]], tuple]
    seed: int


def simulated_site() -> xr.Dataset:
    """Site of three years whose uncertainties are fixed; its observations are placeholders."""
    site = synthetic_drivers(0, years=YEARS)
    steps = site.sizes[dims.TIME]
    burned, wood = np.zeros(steps), np.full(steps, np.nan)
    burned[list(FIRES)] = list(FIRES.values())
    wood[list(WOOD_STEPS)] = 5000.0
    series = {"lai": (np.full(steps, 2.0), "m2 m-2"), "cwood": (wood, "g m-2")}
    for name, (values, units) in series.items():
        sigma = np.where(np.isnan(values), np.nan, SIGMA[name])
        site[name] = (dims.TIME, values, {"units": units})
        site[f"{name}_unc"] = (dims.TIME, sigma, {"units": units})
    site["burned_fraction"] = site["burned_fraction"].copy(data=burned)
    for name, value in zip(("csom_prior", "csom_prior_unc"), SOIL, strict=True):
        site[name] = ((), value, {"units": "g m-2"})
    return site


@lru_cache(maxsize=2)
def _truths(seed: int, block: int) -> Theta:
    """Some exact draws of the constrained prior."""
    rng = np.random.default_rng(np.random.SeedSequence([seed, block]))
    return draw_constrained_prior(simulated_site(), TOGETHER, rng=rng)


def truth_of_fit(seed: int, number: int) -> Theta:
    """True parameters of a fit, arrays of length 1."""
    block, place = divmod(number, TOGETHER)
    return Theta(*(value[place : place + 1] for value in _truths(seed, block)))


def observed(site: xr.Dataset, theta: Theta, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Observations of a truth by stream (time,): its run, and Gaussian noise, below zero as well."""
    run = run_numpy(*drivers_of(site), theta)
    return {
        name: seen_by(name, run)[:, 0] + SIGMA[name] * rng.normal(size=site.sizes[dims.TIME])
        for name in SIGMA
    }


def quantities(
    site: xr.Dataset, theta: Theta, seen: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Everything whose rank is looked at: parameters, mean fluxes, log-likelihood of observations.

    Parameters
    ----------
    site : Dataset
    theta : Theta
        Arrays (draw,).
    seen : dict of str to array
        From `observed`.
    """
    run = run_numpy(*drivers_of(site), theta)
    found = summarised(run, site["step_days"].values)
    squares = 0.0
    for name, values in seen.items():
        there = np.where(np.isnan(site[name].values), np.nan, values)[:, None]
        squares = squares + misfit(seen_by(name, run), there, np.full_like(there, SIGMA[name])).sum(
            axis=0
        )
    fluxes = {name: found[name] for name in FLUXES}
    return theta._asdict() | fluxes | {LIKELIHOOD: -0.5 * squares}


def _setting(build, settings, seed, family):
    site = simulated_site()
    return Setting(site, *FAMILIES[family](build(site), settings, seed), seed)


def _by_lanes(model, settings, seed):
    """Target of a model, and its fits by the default sampler."""
    quiet, target = Progress(enabled=False), compile_target(model)
    quiet.begin(1, settings)
    job = Job(target, settings, CHAINS["lanes"], seed, 1, None, quiet)
    return target, lambda number, instead: replace(job, instead=instead).one(0, number)


def _by_smc(model, settings, seed):
    """Target of a model, and its fits by tempered SMC."""
    held = tempered(model)

    def sample(number, instead):
        done = [
            run_smc(held, (0, number, seed), settings, n, instead=instead)
            for n in range(CHAINS["smc"])
        ]
        return unit_of(held.target, done, number, settings, seed)

    return held.target, sample


FAMILIES = {"lanes": _by_lanes, "smc": _by_smc}


def one_fit(setting: Setting, number: int) -> dict[str, object]:
    """Ranks of the truth of one fit among its draws, and how the fit ended.

    Parameters
    ----------
    setting : Setting
    number : int
        Of the fit; with the seed it decides truth, noise and chains.

    Returns
    -------
    dict
        ``ranks`` by quantity (0 to `RANKED`; none where there is no draw), ``status``, ``rhat``,
        ``ess_bulk``, ``ess_tail``, ``proposals`` of each chain, ``looked``, ``leaping``.
    """
    theta = truth_of_fit(setting.seed, number)
    rng = np.random.default_rng(np.random.SeedSequence([setting.seed, 2018, number]))
    seen = observed(setting.site, theta, rng)
    instead = {
        f"{name}_data": np.where(np.isnan(setting.site[name].values), 0.0, values)
        for name, values in seen.items()
    }
    draws, state = setting.sample(number, instead)
    told = {
        "number": number,
        "status": state.phase,
        "rhat": state.worst_rhat,
        "ess_bulk": state.least_ess,
        "ess_tail": state.least_tail,
        "proposals": state.proposed,
        "looked": state.looked,
        "leaping": state.leaping,
    }
    flat = draws[..., :-1].reshape(-1, draws.shape[-1] - 1)
    if len(flat) < RANKED:
        return told | {"ranks": None}
    drawn = Theta(**natural(setting.target, evenly(flat, RANKED)))
    true, others = (quantities(setting.site, each, seen) for each in (theta, drawn))
    return told | {"ranks": {name: int((others[name] < true[name]).sum()) for name in true}}


def calibrate_by_simulation(
    build: Callable[[xr.Dataset], pm.Model],
    folder: str | Path,
    *,
    fits: int = 200,
    settings: Settings = USUAL,
    seed: int = 2018,
    family: str = "lanes",
    progress: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Calibrate to observations of many truths; what a folder holds already is not done again.

    Parameters
    ----------
    build : callable
        Gives the model of a site: ``models.baseline.build``.
    folder : path
        One small file a fit.
    fits : int
        Wanted in the folder in the end.
    settings : Settings
        Of the sampler. Fits that end by their budget count as well.
    seed : int
    family : {"lanes", "smc"}
        Of the sampler; of SMC, ``settings`` say how many particles each of two runs has, and how many
        proposals a particle has in a stage: `FEW_PARTICLES`.
    progress : callable, optional
        Called with a sentence.

    Returns
    -------
    DataFrame
        As from `ranks_in`.

    Raises
    ------
    ValueError
        If the folder holds fits of other settings, or of another version of model or sampler.
    """
    fits = whole_number("fits", fits, least=1, advice="200 show what a sampler gets wrong")
    folder, setting = folder_to_write(folder), None
    stated = asdict(settings) | {"seed": seed, "model": MODEL_VERSION, "sampler": SAMPLER_VERSION}
    stated |= {"family": family, "chains": CHAINS[family]}
    _expect_same(folder / SETTINGS, stated)
    for number in range(fits):
        path = folder / f"{number:05d}.json"
        if path.exists():
            continue
        setting = setting or _setting(build, settings, seed, family)
        found = one_fit(setting, number)
        with whole(path) as draft:
            draft.write_text(json.dumps(found))
        if progress is not None:
            progress(f"fit {number + 1} of {fits}: {found['status']}, R-hat {found['rhat']:.3f}")
    return ranks_in(folder)


def _expect_same(path, stated):
    """Note what the fits of a folder have in common, or refuse others than those that it holds."""
    if not path.exists():
        with whole(path) as draft:
            draft.write_text(json.dumps(stated))
        return
    held = json.loads(path.read_text())
    other = [name for name, value in stated.items() if held.get(name) != value]
    if other:
        raise ValueError(
            f"wanted fits with {other[0]}={stated[other[0]]}, got a folder of fits with "
            f"{held.get(other[0])} in '{path.parent}'; take another folder"
        )


def ranks_in(folder: Path) -> pd.DataFrame:
    """Fits of a folder, a row each: how they ended, and the rank of every quantity.

    What they have in common is in ``attrs``: settings, seed, versions of ``model`` and ``sampler``.

    Parameters
    ----------
    folder : path
    """
    rows = [json.loads(path.read_text()) for path in sorted(folder.glob("[0-9]*.json"))]
    found = pd.DataFrame([row | (row.pop("ranks") or {}) for row in rows]).set_index("number")
    found.attrs = json.loads((folder / SETTINGS).read_text())
    return found
