"""Draws from the prior, and what the constraints make of them.

The constraints are the larger part of the prior: about one log-uniform draw in ten thousand meets them.
Everything here runs forward with NumPy in batches; nothing is sampled by Markov chains.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import xarray as xr

from pm_dalec.constraints import forms, sets
from pm_dalec.constraints.given import expect_parameters
from pm_dalec.constraints.prior_draws import BATCH, draw_prior, judge
from pm_dalec.constraints.rules import Constraint
from pm_dalec.tables import dims
from pm_dalec.tables.kinds import Era
from pm_dalec.tables.numbers import real_numbers, seed_of, whole_number
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import Parameter
from pm_dalec.tables.table import Table
from pm_dalec.tables.variables import DRIVERS


def _checked_rules(units: object, constraints: Era, parameters: object) -> Table[Constraint]:
    """Rules of a report, where site and parameters are what they may be."""
    if not isinstance(units, xr.Dataset) or not {"tmin", "tmax", "lat"} <= set(units.variables):
        raise TypeError(
            f"wanted a units dataset (xarray.Dataset) with drivers, got {type(units).__name__}; open a "
            "site with pm_dalec.open_site"
        )
    if not isinstance(constraints, str) or constraints not in list(sets.EDCS):
        raise KeyError(
            f"wanted constraints with rules to report, got {constraints!r}; there are "
            f"{', '.join(repr(name) for name in sets.EDCS if name)}"
        )
    expect_parameters(parameters)
    for name in (name for name in DRIVERS if name in units):
        advice = "open the site with pm_dalec.open_site, which says where"
        real_numbers(f"{name!r} of the site", units[name].data, advice=advice)
    time = units.indexes.get(dims.TIME)
    if units["tmin"].dims != (dims.TIME,) or not (
        time is None or (time.is_monotonic_increasing and time.is_unique)
    ):
        raise ValueError(
            f"wanted a site whose steps follow each other along 'time', got 'tmin' with {units['tmin'].dims}, "
            "or steps in another order; select one unit with isel, and sort with sortby('time')"
        )
    return sets.EDCS[constraints]


def edc_report(
    units: xr.Dataset,
    *,
    draws: int = 100_000,
    parameters: Table[Parameter] = PARAMETERS,
    constraints: Era = "edinburgh2021",
    seed: int | np.random.Generator | np.random.SeedSequence | None = 0,
    progress: Callable[[int], object] | None = None,
) -> xr.Dataset:
    """Pass rates of the constraints under the prior of a site.

    Parameters
    ----------
    units : Dataset
        Site.
    draws : int
        From the prior.
    parameters : Table of Parameter
    constraints : {"edinburgh2021", "edinburgh2024"}
    seed : int, Generator, SeedSequence or None
    progress : callable, optional
        Called with the number of draws done.

    Returns
    -------
    Dataset
        By ``constraint``: ``failure_rate`` [1] of all draws, ``failure_rate_after_parameters`` [1]
        of those that meet all parameter rules, ``binds_alone`` [1] (share of all draws that fail
        this rule only), ``inequality``. Attributes: ``pass_rate``, ``parameter_pass_rate``, ``draws``.
    """
    table = _checked_rules(units, constraints, parameters)
    level = np.array([rule.level == "parameter" for rule in table.values()])
    whole_number("draws", draws, least=1, advice="100000 are usual")
    rng = np.random.default_rng(seed_of(seed, "seed"))
    failures, passed, done = np.zeros((3, len(table))), np.zeros(2, int), 0
    while done < draws:
        theta = draw_prior(units, min(BATCH, draws - done), parameters=parameters, rng=rng)
        found = judge(units, theta, constraints=constraints)
        fails = np.stack([~forms.holds(found[name]) for name in table])
        first = ~fails[level].any(axis=0)
        failures += _counts(fails, first)
        passed += first.sum(), (~fails).all(axis=0).sum()
        done += theta[0].size
        if progress is not None:
            progress(done)
    (failed, after, alone), (passed_parameters, passed_all) = failures, map(int, passed)
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


def _counts(
    fails: npt.NDArray[np.bool_], first: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.int_], npt.NDArray[np.int_]]:
    """Failures of every rule: of all draws, of those that meet the parameter rules, and as the only one."""
    only = fails.sum(axis=0) == 1
    return fails.sum(axis=1), fails[:, first].sum(axis=1), (fails & only).sum(axis=1)
