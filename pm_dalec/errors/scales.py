"""Uncertainties as a sigma or as a factor: what one is in terms of the other, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pm_dalec.errors.likelihood import LOGNORMAL

if TYPE_CHECKING:
    from pm_dalec.errors.likelihood import Likelihood
    from pm_dalec.tables.kinds import Array

KIND = "uncertainty_kind"
"""Attribute of the uncertainty of a stream, ``{stream}_unc``: what its numbers are."""

ABSOLUTE, FACTOR = "absolute", "factor"
"""Values of the attribute: one sigma in the units of the stream (also where it is absent), or a factor."""

MINIMUM = "min_threshold"
"""Attribute of a stream whose uncertainty is a factor: values below count as this one."""


def factor_from_absolute(value: Array, sigma: Array) -> Array:
    """Factor of the log-normal whose standard deviation is the share sigma/value of its mean.

    Parameters
    ----------
    value, sigma : array
        Observations above 0, and their one-sigma uncertainty in the same units.

    Returns
    -------
    array [1]
        ``exp(s)`` with ``s^2 = log(1 + (sigma/value)^2)``: above 1, and near 1 + sigma/value for small shares.
    """
    return np.exp(np.sqrt(np.log1p((sigma / value) ** 2)))


def absolute_from_factor(value: Array, factor: Array) -> Array:
    """One sigma of a log-normal whose factor is known; undoes `factor_from_absolute`.

    Parameters
    ----------
    value : array
        Observations above 0.
    factor : array
        Above 1 [1].

    Returns
    -------
    array
        In the units of the value.
    """
    return value * np.sqrt(np.expm1(np.log(factor) ** 2))


def scale_for(
    likelihood: Likelihood, value: Array, uncertainty: Array, kind: str = ABSOLUTE
) -> Array:
    """Uncertainty as a likelihood takes it: a factor for the log-normal, one sigma for the others.

    Parameters
    ----------
    likelihood : Likelihood
    value, uncertainty : array
        Observations and what the data say of their uncertainty.
    kind : {"absolute", "factor"}
        Of the uncertainty; what fits already is handed on untouched.
    """
    if (kind == FACTOR) == (likelihood.kind == LOGNORMAL):
        return uncertainty
    value = np.maximum(value, likelihood.minimum or 0.0)
    convert = absolute_from_factor if kind == FACTOR else factor_from_absolute
    return convert(value, uncertainty)
