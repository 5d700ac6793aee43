"""Samplers compared on the same targets: effective sample size per second of processor time.

Each sampler gets the same processor seconds on each site. What is counted is the worst parameter, day
parameters circular, and everything from the search for a start to the last draw.
"""

import time

import pandas as pd

from pm_dalec.posterior.convergence import diagnose
from pm_dalec.sampling.edinburgh import calibrate_edinburgh
from pm_dalec.sampling.labelled_fit import as_fit
from pm_dalec.sampling.state import Settings, new_state
from pm_dalec.sampling.target import compile_target
from pm_dalec.sampling.unit import Unit

CHAINS = 8
TRIAL = 20_000  # proposals of a chain from which the rate of edinburgh2021 is told
DRAWS = 500
NEVER = 1.0 + 1e-9, 1e9  # R-hat and ESS that no run reaches: time alone ends it
LANES = {
    "lanes": Settings.conditional,
    "lanes, differences only": 0.0,
    "lanes, conditional only": 1.0,
}


def compare_samplers(build, sites, *, seconds=60.0, seed=0, progress=None):
    """Table of samplers by site.

    Parameters
    ----------
    build : callable
        Gives the model of a units dataset.
    sites : dict of str to Dataset
        Units datasets of single sites, by name.
    seconds : float
        Of processor time for each run.
    seed : int
    progress : callable, optional
        Called with a sentence.

    Returns
    -------
    pandas.DataFrame
        Columns site, sampler, core_seconds, proposals, worst_rhat, least_ess, ess_per_core_second.
    """
    tell = progress or (lambda words: None)
    rows = []
    for site, units in sites.items():
        model = build(units)
        target = compile_target(model)
        for sampler, conditional in LANES.items():
            tell(f"{site}: {sampler}")
            settings = Settings(DRAWS, *NEVER, 10**9, conditional=conditional)
            rows.append(
                {"site": site, "sampler": sampler} | _lanes(model, target, settings, seconds, seed)
            )
        for sampler, run in (("edinburgh2021", _edinburgh), ("haario2001", _haario)):
            tell(f"{site}: {sampler}")
            rows.append({"site": site, "sampler": sampler} | run(model, seconds, seed))
    return pd.DataFrame(rows)


def _judged(fit, spent, proposals):
    report = diagnose(fit)
    least = float(report["ess_bulk"].min())
    return {
        "core_seconds": round(spent, 1),
        "proposals": int(proposals),
        "worst_rhat": float(report["rhat"].max()),
        "least_ess": least,
        "ess_per_core_second": least / spent,
    }


def _lanes(model, target, settings, seconds, seed):
    bound = target.function.bind(lanes=CHAINS)
    warm = Unit(
        bound, target, new_state(1, len(target.rows), CHAINS, bound.padded, settings, 9), settings
    )
    while warm.state.phase != "sample":
        warm.advance()
    state = new_state(0, len(target.rows), CHAINS, bound.padded, settings, seed)
    unit = Unit(bound, target, state, settings)
    started = time.process_time()
    while time.process_time() - started < seconds:
        unit.advance()
    unit = unit.settled()
    spent = time.process_time() - started
    fit = as_fit(model, target, {0: (unit.result(), unit.state)}, CHAINS, {})
    return _judged(fit, spent, CHAINS * (state.proposed + state.searched))


def _edinburgh(model, seconds, seed):
    def run(proposals, draws):
        started = time.process_time()
        fit = calibrate_edinburgh(
            model, chains=CHAINS, proposals=proposals, draws=draws, random_seed=seed, progress=False
        )
        return fit, time.process_time() - started

    _, trial = run(TRIAL, 10)
    _, second = run(2 * TRIAL, 10)
    rate = TRIAL / max(second - trial, 1e-3)
    proposals = max(TRIAL, int(seconds * rate))
    fit, spent = run(proposals, DRAWS)
    return _judged(fit, spent, CHAINS * proposals)


def _haario(model, seconds, seed):
    """Through `pm.sample`, a chain after the other; half of the time is for tuning."""
    import pymc as pm

    from pm_dalec.sampling.starts import feasible_start
    from pm_dalec.sampling.step_method import AdaptiveMetropolis

    inner, started = 200, time.process_time()
    with model:
        starts = feasible_start(model, chains=4, random_seed=seed)
        searched = time.process_time() - started

        def run(draws):
            began = time.process_time()
            fit = pm.sample(
                draws=draws,
                tune=draws,
                chains=4,
                cores=1,
                initvals=starts,
                random_seed=seed,
                step=AdaptiveMetropolis(n_inner=inner),
                progressbar=False,
                compute_convergence_checks=False,
            )
            return fit, time.process_time() - began

        run(5)
        _, trial = run(50)
        draws = max(50, int(50 * seconds / trial))
        fit, spent = run(draws)
    return _judged(fit, spent + searched, 4 * 2 * draws * inner)
