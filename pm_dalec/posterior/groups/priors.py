"""The priors of a fit: kept with its parameters, read again, and their log-density under every draw."""

from __future__ import annotations

import numpy as np
import xarray as xr

from pm_dalec.constraints.prior_draws import factor_of, log_density
from pm_dalec.tables import dims
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import Fixed, FromData, Gaussian, LogUniform, Parameter
from pm_dalec.tables.table import Table


def attributes_of(parameter: Parameter) -> dict[str, object]:
    """What a fit says about a parameter: units, meaning, bounds and prior.

    Parameters
    ----------
    parameter : Parameter

    Returns
    -------
    dict
        ``fixed``, or ``lower``, ``upper`` and, where there is a Gaussian factor, ``prior_mean`` and
        ``prior_sigma``: numbers in the units of the parameter, or names in ``constant_data``.
    """
    known = {"units": parameter.units, "long_name": parameter.meaning}
    if isinstance(parameter.prior, Fixed):
        return known | {"fixed": float(parameter.prior.value)}
    lower, upper = map(float, parameter.bounds)
    known |= {"lower": lower, "upper": upper}
    factor = parameter.prior.factor
    return known | ({"prior_mean": factor.mean, "prior_sigma": factor.sigma} if factor else {})


def parameters_of(posterior: xr.Dataset) -> Table[Parameter]:
    """Table of the parameters that a fit was made with, from what its posterior says about them.

    Parameters
    ----------
    posterior : Dataset

    Raises
    ------
    ValueError
        If it does not say: it was made by another version, or by something else.
    """
    found = []
    for name, parameter in PARAMETERS.items():
        known = posterior[name].attrs
        if "fixed" in known:
            found.append(parameter.holding(float(known["fixed"])))
            continue
        if "lower" not in known:
            raise ValueError(
                f"wanted the bounds of {name!r} in the attributes of the posterior, got "
                f"{sorted(known) or 'none'}; calibrate the model again, its fit holds them"
            )
        bounds = (float(known["lower"]), float(known["upper"]))
        found.append(parameter.holding(bounds).holding(LogUniform(_factor(known))))
    return Table("parameter", found)


def _factor(known):
    """Gaussian factor of a prior from the attributes of its parameter."""
    if "prior_mean" not in known:
        return None
    mean, sigma = known["prior_mean"], known["prior_sigma"]
    if isinstance(mean, str):
        return FromData(mean, sigma)
    return Gaussian(float(mean), float(sigma))


def log_prior(draws: xr.Dataset, units: xr.Dataset) -> xr.Dataset:
    """Logarithm of the prior density of every sampled parameter under every draw.

    Parameters
    ----------
    draws : Dataset
        The posterior of a fit.
    units : Dataset
        Its constant data.

    Returns
    -------
    Dataset
        One variable a parameter, dims (chain, draw[, stratum][, pixel]): the log-uniform density in
        natural units, times the Gaussian factor where there is one, also that of the initial soil
        carbon from ``csom_prior``. Factors are without their normalisation (MODEL, section 10). A
        fixed parameter has none.

    Notes
    -----
    The ecological constraints are not in it: they couple all parameters, so they have no density by
    parameter, and hard ones cannot be scaled by a power. `arviz.psense` says nothing about them; leave
    rules out and calibrate again.

    Power scaling depends on the units of a density: a log-uniform prior is flat in the logarithm, and
    falls with one over the parameter here. For the factors alone name their parameters, as
    ``prior_var_names=["canopy_efficiency"]`` of `arviz.psense_summary`. `arviz.psense` adds up all
    units of a region: select one.
    """
    order, found = (*dims.SAMPLE, *dims.space_of(draws)), {}
    for name, parameter in parameters_of(draws).items():
        if isinstance(parameter.prior, Fixed):
            continue
        values, factor = draws[name].transpose(*order), factor_of(parameter, units)
        density = log_density(
            values.values,
            *parameter.bounds,
            factor.mean,
            factor.sigma,
            np,
            logarithmic=factor.logarithmic,
        )
        found[name] = values.copy(data=density).drop_attrs()
    return xr.Dataset(found)
