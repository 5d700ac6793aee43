"""What is asked of draws: parameters and derived quantities, in a form whose means make sense."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xarray as xr

from pm_dalec.posterior.budgets import budget
from pm_dalec.posterior.chain_statistics import comparable
from pm_dalec.posterior.groups.priors import parameters_of
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import names_of
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import Fixed
from pm_dalec.tables.summaries import BUDGET_UNITS

if TYPE_CHECKING:
    from collections.abc import Sequence

QUANTITIES = (
    "gpp",
    "nee",
    "lai",
    "harvest",
    "change_live",
    "change_dead",
    "mean_wood",
    "residence_wood",
)
"""Of a budget, beside the parameters, unless others are named."""


def quantities_of(part: xr.DataTree, names: Sequence[str] | None = None) -> xr.Dataset:
    """Parameters and derived quantities of every draw, in a form whose means and order make sense.

    Parameters
    ----------
    part : DataTree
    names : sequence of str, optional
        Parameters, and quantities of `pm_dalec.budget`; all sampled parameters and `QUANTITIES` by
        default.

    Returns
    -------
    Dataset
        Dims (chain, draw), units in the attributes. Days are distances from their circular mean.
    """
    posterior = part["posterior"].to_dataset()
    if names is None:
        sampled = (n for n, p in parameters_of(posterior).items() if not isinstance(p.prior, Fixed))
        names = (*sampled, *QUANTITIES)
    names = checked_quantities(names)
    derived = [name for name in names if name not in PARAMETERS]
    budgeted = budget(part) if derived else xr.Dataset()
    found = {}
    for name in names:
        values = posterior[name] if name in PARAMETERS else budgeted[name]
        values = values.transpose(*dims.SAMPLE)
        units = PARAMETERS[name].units if name in PARAMETERS else BUDGET_UNITS[name]
        found[name] = values.copy(data=comparable(name, values.values))
        found[name].attrs = {"units": units}
    return xr.Dataset(found)


def checked_quantities(names: Sequence[str]) -> tuple[str, ...]:
    """Names of parameters and of quantities of a budget, or the sentence that says which there are."""
    names = names_of("names", names)
    if not names:
        raise ValueError(
            "wanted at least one name of a parameter or quantity, got none in names; leave it out for all"
        )
    for name in names:
        if name not in PARAMETERS and name not in BUDGET_UNITS:
            raise KeyError(
                f"no parameter and no quantity {name!r} in names; quantities are "
                f"{', '.join(BUDGET_UNITS)}, parameters those of pm_dalec.PARAMETERS"
            )
    return names
