"""Stored numbers of NetCDF files: their sign, and a scaling that is not the product's."""

import numpy as np

from pm_dalec.data.messages import sentence


def stored_numbers(variable, *, product, where, scale=1.0):
    """Variable as it is stored, bytes with `_Unsigned` as what they mean; other scalings are refused.

    Parameters
    ----------
    variable : xarray.DataArray
        From a file opened by `opened_netcdf`.
    product, where : str
        For the message.
    scale : float
        Of the product's coding, when ``scale_factor`` may say it.

    Returns
    -------
    xarray.DataArray
        Not read yet.
    """
    kind = variable.dtype
    if kind.kind not in "iuf":
        raise ValueError(_other(variable, f"type {kind}", product, where))
    factor = _number(variable, "scale_factor", 1.0)
    shift = _number(variable, "add_offset", 0.0)
    if shift != 0 or not (factor == 1.0 or np.isclose(factor, scale, rtol=1e-3)):
        came = f"scale factor {factor:.6g} and offset {shift:.6g}"
        raise ValueError(_other(variable, came, product, where))
    unsigned = str(variable.attrs.get("_Unsigned", "false")).lower() == "true"
    if unsigned and kind.kind == "i":
        return variable.astype(kind.str.replace("i", "u"))
    return variable


def codes_of(variable, *, product, where):
    """Codes from 0 to 255 of a map of classes, as 8-bit numbers.

    Parameters
    ----------
    variable : xarray.DataArray
        From a file opened by `opened_netcdf`; it is read.
    product, where : str
        For the message.

    Returns
    -------
    xarray.DataArray of uint8
    """
    came = stored_numbers(variable, product=product, where=where).load()
    whole = came.values
    outside = ~((whole >= 0) & (whole <= 255) & (whole == np.floor(whole)))
    if outside.any():
        first = f"{int(outside.sum())} cells such as {whole[outside].flat[0]:g}"
        raise ValueError(_other(variable, first, product, where))
    return came.astype("uint8")


def _number(variable, name, default):
    return float(np.ravel(variable.attrs.get(name, default))[0])


def _other(variable, came, product, where):
    return sentence(
        product,
        wanted=f"'{variable.name}' as the product codes it",
        came=came,
        where=where,
        do="use the distributor's file, not a rescaled or converted copy",
    )
