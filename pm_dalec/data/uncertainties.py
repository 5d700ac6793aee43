"""Uncertainty rules: the floors that the Edinburgh R code puts on observation uncertainties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pm_dalec.tables import dims
from pm_dalec.tables.table import Table

if TYPE_CHECKING:
    import xarray as xr

RULES_ATTRIBUTE = "uncertainty_rules"


@dataclass(frozen=True)
class UncertaintyRule:
    """One-sigma used in the likelihood, from the one in the file.

    ``max(floor, sqrt(sigma^2 + added^2 + (relative * mean)^2))``, mean over the observed steps.

    Parameters
    ----------
    name : str
        Observation stream, or the soil prior.
    floor, added : float
        In the units of the stream.
    relative : float
        Share of the mean of the stream [1].
    """

    name: str
    floor: float = 0.0
    relative: float = 0.0
    added: float = 0.0

    def apply(self, values, sigma):
        """Sigma to use [units of the stream], of the same shape as ``sigma``."""
        mean = values.mean(dims.TIME) if dims.TIME in values.dims else values
        widened = np.sqrt(sigma**2 + self.added**2 + (self.relative * mean) ** 2)
        # where, not maximum with fillna: a sigma that is absent stays absent
        return widened.where(~(widened < self.floor), self.floor).transpose(*sigma.dims)


# MODEL.md section 10, "Uncertainties applied in R". Streams without a row stay as they are.
RULES = {
    "edinburgh2021": Table(
        "uncertainty rule",
        (
            UncertaintyRule("lai", floor=0.25, relative=0.1),
            UncertaintyRule("cwood", floor=100.0, relative=0.1),
            UncertaintyRule("nee", added=1.0),
            UncertaintyRule("gpp", floor=1.0, relative=0.1),
            UncertaintyRule("csom", floor=1000.0),
            UncertaintyRule("csom_prior", floor=1000.0),
        ),
    )
}


def prepare_uncertainties(units: xr.Dataset, rules: str = "edinburgh2021") -> xr.Dataset:
    """Units dataset whose observation uncertainties follow the rules of a code version.

    Parameters
    ----------
    units : xarray.Dataset
        With observations and their ``_unc``; means are taken per pixel and stratum over time.
    rules : str
        Name in `RULES`.

    Returns
    -------
    xarray.Dataset
        The attribute ``uncertainty_rules`` says what was applied.

    Raises
    ------
    KeyError
        If there are no such rules.
    ValueError
        If rules were applied before: the floors would add up.
    """
    if rules not in RULES:
        raise KeyError(f"no uncertainty rules {rules!r}; there are {', '.join(RULES)}")
    if RULES_ATTRIBUTE in units.attrs:
        raise ValueError(
            f"wanted uncertainties as in the source, got rules {units.attrs[RULES_ATTRIBUTE]!r} "
            "applied before (attribute uncertainty_rules); prepare a dataset once"
        )
    changed = {}
    for name, rule in RULES[rules].items():
        sigma = f"{name}_unc"
        if name in units and sigma in units:
            widened = rule.apply(units[name], units[sigma])
            changed[sigma] = widened.assign_attrs(units[sigma].attrs)
    return units.assign(changed).assign_attrs({RULES_ATTRIBUTE: rules})


def one_sigma(values, given, *, name, where):
    """One-sigma uncertainty of observations from what a user gives for it.

    Parameters
    ----------
    values : array or DataArray
        Observations in the units of the stream, NaN where nothing was seen.
    given : float or str
        A number in the units of the stream, or a share of each value as text, "20%".
    name, where : str
        Of the stream and its file, for the message.

    Returns
    -------
    array or DataArray
        As `values`; NaN where they are.
    """
    text = str(given).strip()
    share = text.endswith("%")
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        number = np.nan
    if not 0 < number < np.inf:
        raise ValueError(
            f"wanted the uncertainty of {name!r} as a number above 0 in its units, or as a share like "
            f"'20%', got {given!r} ({where}); give one sigma"
        )
    if not share:
        return values * 0.0 + number
    unfit = int(np.sum(np.asarray(values) <= 0))
    if unfit:
        raise ValueError(
            f"wanted the uncertainty of {name!r} as a number in its units, got {given!r} of each "
            f"value, and {unfit} are not above 0 ({where}); a share of them is no uncertainty"
        )
    return values * (number / 100)
