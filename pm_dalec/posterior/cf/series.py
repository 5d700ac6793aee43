"""Series of an export: draws of one quantity in its units, and what is said of them."""

import numpy as np
import xarray as xr

from pm_dalec.data.units import conversion
from pm_dalec.posterior.aggregation import combine_strata
from pm_dalec.posterior.ensembles import pooled
from pm_dalec.posterior.runs import evenly
from pm_dalec.tables import dims
from pm_dalec.tables.variables import VARIABLES

MEMBER = "realization"


def drawn(quantity, series, fraction):
    """Draws of a quantity, one sample dimension in front; strata are added up within pixels.

    Parameters
    ----------
    quantity : Quantity
    series : xarray.Dataset
        Fluxes and pools of the draws, as from `pm_dalec.trajectories`.
    fraction : xarray.DataArray or None
        Share of each stratum in its pixel.

    Returns
    -------
    xarray.DataArray
        Dims (sample, time[, pixel]), in the units of the quantity.
    """
    total = sum(sign * series[name] for name, sign in quantity.terms.items())
    total = combine_strata(pooled(total.rename(quantity.name)), fraction)
    held = VARIABLES[next(iter(quantity.terms))].units
    rule = conversion(held, quantity.units)
    return total * rule.scale


def summaries(quantity, draws, *, members, quantiles):
    """Mean, quantiles and members of the draws of a quantity, with their attributes.

    Parameters
    ----------
    quantity : Quantity
    draws : xarray.DataArray (sample, ...)
    members : int
        Draws that are kept, evenly spaced; none for 0.
    quantiles : sequence of float
        None for an empty one.

    Returns
    -------
    dict of str to xarray.DataArray
    """
    name, found = quantity.name, {}
    attrs = {
        "long_name": quantity.long_name,
        "units": quantity.units,
        "cell_methods": quantity.cell_methods,
        "standard_name": quantity.standard_name,
        "comment": quantity.comment,
    }
    attrs = {key: value for key, value in attrs.items() if value}
    if members:
        rows = evenly(draws.sizes[dims.POOLED], members)
        kept = draws.isel({dims.POOLED: rows}).rename({dims.POOLED: MEMBER})
        found[f"{name}_members"] = kept.drop_vars(dims.SAMPLE, errors="ignore")
    if len(quantiles):
        found[f"{name}_quantiles"] = draws.quantile(quantiles, dims.POOLED)
    words = {
        f"{name}_members": "draws of the posterior",
        f"{name}_quantiles": "quantiles over draws",
    }
    labelled = {
        key: each.assign_attrs(attrs | {"long_name": f"{attrs['long_name']}, {words[key]}"})
        for key, each in found.items()
    }
    others = {"ancillary_variables": " ".join(found)} if found else {}
    return {name: draws.mean(dims.POOLED).assign_attrs(attrs | others), **labelled}


def numbered(file):
    """Dataset whose members and quantiles are labelled.

    Parameters
    ----------
    file : xarray.Dataset

    Returns
    -------
    xarray.Dataset
    """
    if MEMBER in file.dims:
        label = {
            "standard_name": "realization",
            "units": "1",
            "long_name": "member of the ensemble",
        }
        file = file.assign_coords({MEMBER: (MEMBER, np.arange(file.sizes[MEMBER]), label)})
    if dims.QUANTILE in file.dims:
        words = {"units": "1", "long_name": "probability of the quantile"}
        file = file.assign_coords(
            {
                dims.QUANTILE: xr.DataArray(
                    file[dims.QUANTILE].values, dims=dims.QUANTILE, attrs=words
                )
            }
        )
    return file
