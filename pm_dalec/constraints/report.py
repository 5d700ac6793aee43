"""Draws from the prior, and what the constraints make of them.

The constraints are the larger part of the prior: about one log-uniform draw in ten thousand meets them.
Everything here runs forward with NumPy in batches; nothing is sampled by Markov chains.
"""

import numpy as np
import xarray as xr

from pm_dalec.constraints import forms, sets
from pm_dalec.constraints.prior_draws import BATCH, draw_prior, judge
from pm_dalec.tables.parameters import PARAMETERS


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
    table = sets.EDCS[constraints]
    level = np.array([rule.level == "parameter" for rule in table.values()])
    rng = np.random.default_rng(seed)
    failed = after = alone = np.zeros(len(table))
    passed_parameters = passed_all = done = 0
    while done < draws:
        theta = draw_prior(units, min(BATCH, draws - done), parameters=parameters, rng=rng)
        found = judge(units, theta, constraints=constraints)
        fails = np.stack([~forms.holds(found[name]) for name in table])
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
