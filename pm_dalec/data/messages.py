"""Sentences about bad input: what was wanted, what came, where, and what to do.

The same words serve a site ``(time)``, a baseline region ``(time, pixel)`` and a stratified one
``(time, stratum, pixel)``.
"""

import numpy as np

from pm_dalec.tables import dims


def everywhere(units):
    """Words for the whole of a dataset.

    Parameters
    ----------
    units : xarray.Dataset
        Names the site, or counts the pixels.

    Returns
    -------
    str
    """
    if dims.PIXEL in units.dims:
        return f"all {units.sizes[dims.PIXEL]} pixels"
    return f"site {units['site'].item()}" if "site" in units else "the whole site"


def place(bad, units):
    """Words for where a mask is true: site or first pixel, first time, and how many more.

    Parameters
    ----------
    bad : xarray.DataArray or xarray.Variable of bool
        True where something is wrong; at least once.
    units : xarray.Dataset
        Names the site and the labels.

    Returns
    -------
    str
        For instance ``'pixel 1041 and 311 others; first at 2014-03-01, 624 values'``.
    """
    bad = bad.transpose(..., *(d for d in dims.ORDER if d in bad.dims))
    first = dict(zip(bad.dims, np.argwhere(bad.to_numpy())[0], strict=True))
    pixel = first.pop(dims.PIXEL, None)
    count = int(bad.sum())
    where = _label(bad, first, units)
    if pixel is None:
        site = f"site {units['site'].item()}" if "site" in units else "this site"
        return ", ".join(part for part in (site, where) if part) + _others(count)
    pixels = bad.any([d for d in bad.dims if d != dims.PIXEL])
    text = f"pixel {_name(units, dims.PIXEL, pixel)}{_others(int(pixels.sum()))}"
    return f"{text}; first at {where}, {count} values" if where else text


def _others(count):
    if count == 1:
        return ""
    return f" and {count - 1} other{'s' if count > 2 else ''}"


def _label(bad, first, units):
    return ", ".join(
        _name(units, d, first[d]) if d == dims.TIME else f"{d} {_name(units, d, first[d])}"
        for d in bad.dims
        if d in first
    )


def _name(units, dim, index):
    if dim not in units.coords:
        return f"{'step' if dim == dims.TIME else 'number'} {index + 1}"
    label = units[dim].to_numpy()[index]
    return str(label)[:10] if np.issubdtype(units[dim].dtype, np.datetime64) else str(label)


def first_of(values, bad):
    """First number of ``values`` where a mask is true, as text.

    Parameters
    ----------
    values : xarray.DataArray or xarray.Variable
        Numbers.
    bad : array of bool
        Mask of the same shape and order.

    Returns
    -------
    str
        Empty when the mask is false everywhere.
    """
    found = np.asarray(values)[np.asarray(bad)]
    return f"{found[0]:g}" if found.size else ""


def refuse_where(bad, units, *, wanted, came, advice):
    """Raise the sentence when a mask is true anywhere.

    Parameters
    ----------
    bad : xarray.DataArray or xarray.Variable of bool
        True where something is wrong.
    units : xarray.Dataset
        Where it comes from.
    wanted, came, advice : str
        Parts of the sentence.

    Raises
    ------
    ValueError
        If ``bad`` is true at least once.
    """
    if bool(bad.any()):
        raise ValueError(f"wanted {wanted}, got {came} ({place(bad, units)}); {advice}")


def sentence(product, *, wanted, came, where, do):
    """Text of an error: what was wanted, what came, where, what to do.

    Parameters
    ----------
    product : str
        Name of the product, as a user knows it.
    wanted, came, where, do : str
        The four parts.

    Returns
    -------
    str
    """
    return f"{product}: wanted {wanted}, came {came} ({where}); {do}"
