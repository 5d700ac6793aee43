"""Draws from the prior, and what the constraints make of them.

The constraints are the larger part of the prior: about one log-uniform draw in ten thousand meets them.
Everything here runs forward with NumPy in batches; nothing is sampled by Markov chains.
"""

import numpy as np
import xarray as xr

from pm_dalec import constraints as rules
from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.physics.records import drivers_of
from pm_dalec.priors import draw_log_uniform, factor_of
from pm_dalec.tables.parameters import PARAMETERS, Theta
from pm_dalec.tables.priors import Fixed

BATCH = 5_000


def draw_prior(units, count, *, parameters=PARAMETERS, rng):
    """Draws from the priors of a site, without the constraints.

    Parameters
    ----------
    units : Dataset
        Site; read for priors that come from data.
    count : int
    parameters : Table of Parameter
    rng : numpy.random.Generator

    Returns
    -------
    Theta
        Arrays of length ``count``.
    """
    drawn = []
    for name in Theta._fields:
        parameter = parameters[name]
        if isinstance(parameter.prior, Fixed):
            drawn.append(np.full(count, float(parameter.prior.value)))
            continue
        mean, sigma = factor_of(parameter, units)
        drawn.append(draw_log_uniform(*parameter.bounds, mean, sigma, rng=rng, size=count))
    return Theta(*drawn)


def case_of(trajectory, drivers, theta):
    """What constraints look at, from a finished NumPy run with steps (time) and batches behind."""
    days = drivers.step_days
    return rules.Case(
        theta,
        np.mean((drivers.tmin + drivers.tmax) / 2),
        trajectory.pools,
        trajectory.fluxes,
        days.reshape(-1, *([1] * (trajectory.pools.wood.ndim - 1))),
        rules.windows(days),
    )


def judge(units, theta, *, constraints="edinburgh2021", solver="converged"):
    """Margin of every rule for every parameter vector.

    Parameters
    ----------
    units : Dataset
        Site.
    theta : Theta
        Arrays of length n.
    constraints : {"edinburgh2021", "edinburgh2024", None}
    solver : {"converged", "truncated"}

    Returns
    -------
    dict of str to array (n,) [1]
    """
    drivers, latitude = drivers_of(units)
    trajectory = run_numpy(drivers, latitude, theta, solver=solver)
    case = case_of(trajectory, drivers, theta)
    with np.errstate(all="ignore"):
        found = rules.margins(rules.EDCS[constraints], case, np)
    size = theta[0].shape
    return {name: np.broadcast_to(margin, size) for name, margin in found.items()}


def draw_constrained_prior(
    units, count, *, parameters=PARAMETERS, constraints="edinburgh2021", rng, most=4_000_000
):
    """Exact draws from the constrained prior by rejection.

    Parameters
    ----------
    units : Dataset
        Site.
    count : int
    parameters : Table of Parameter
    constraints : {"edinburgh2021", "edinburgh2024", None}
    rng : numpy.random.Generator
    most : int
        Prior draws after which the attempt ends.

    Returns
    -------
    Theta
        Arrays of length ``count``.

    Raises
    ------
    ValueError
        If ``most`` draws did not suffice; names the rule that fails most often.
    """
    kept, failures, tried = [], {}, 0
    while sum(len(part[0]) for part in kept) < count and tried < most:
        theta = draw_prior(units, BATCH, parameters=parameters, rng=rng)
        tried += BATCH
        found = judge(units, theta, constraints=constraints)
        good = np.ones(BATCH, bool)
        for name, margin in found.items():
            held = rules.holds(margin)
            failures[name] = failures.get(name, 0) + int((~held).sum())
            good &= held
        kept.append(tuple(value[good] for value in theta))
    got = sum(len(part[0]) for part in kept)
    if got < count:
        worst = max(failures, key=failures.get)
        raise ValueError(
            f"wanted {count} draws of the constrained prior, got {got} in {tried} tries; "
            f"{worst!r} failed {failures[worst]} times: widen the bounds or drop that rule"
        )
    return Theta(*(np.concatenate(column)[:count] for column in zip(*kept, strict=True)))


def edc_report(
    units, *, draws=100_000, parameters=PARAMETERS, constraints="edinburgh2021", seed=0,
    progress=None,
):  # fmt: skip
    """Pass rates of the constraints under the prior of a site.

    Parameters
    ----------
    units : Dataset
        Site.
    draws : int
        From the prior.
    parameters : Table of Parameter
    constraints : {"edinburgh2021", "edinburgh2024"}
    seed : int
    progress : callable, optional
        Called with the number of draws done.

    Returns
    -------
    Dataset
        By ``constraint``: ``failure_rate`` [1] of all draws, ``failure_rate_after_parameters`` [1]
        of those that meet all parameter rules, ``binds_alone`` [1] (share of all draws that fail
        this rule only), ``inequality``. Attributes: ``pass_rate``, ``parameter_pass_rate``, ``draws``.
    """
    table = rules.EDCS[constraints]
    level = np.array([rule.level == "parameter" for rule in table.values()])
    rng = np.random.default_rng(seed)
    failed = after = alone = np.zeros(len(table))
    passed_parameters = passed_all = done = 0
    while done < draws:
        theta = draw_prior(units, min(BATCH, draws - done), parameters=parameters, rng=rng)
        found = judge(units, theta, constraints=constraints)
        fails = np.stack([~rules.holds(found[name]) for name in table])
        first = ~fails[level].any(axis=0)
        failed = failed + fails.sum(axis=1)
        after = after + fails[:, first].sum(axis=1)
        alone = alone + (fails & (fails.sum(axis=0) == 1)).sum(axis=1)
        passed_parameters += int(first.sum())
        passed_all += int((~fails).all(axis=0).sum())
        done += theta[0].size
        if progress is not None:
            progress(done)
    return xr.Dataset(
        {
            "failure_rate": ("constraint", failed / done),
            "failure_rate_after_parameters": ("constraint", after / max(passed_parameters, 1)),
            "binds_alone": ("constraint", alone / done),
            "inequality": ("constraint", [rule.inequality for rule in table.values()]),
        },
        coords={"constraint": list(table)},
        attrs={
            "pass_rate": passed_all / done,
            "parameter_pass_rate": passed_parameters / done,
            "draws": done,
            "constraints": str(constraints),
        },
    )
