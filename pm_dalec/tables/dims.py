"""Names of the dimensions, in the one order that every array of the project has.

``(chain, draw, time, pool, stratum, pixel)``: pixel last, stratum in front of it, so that
broadcasting turns the graph of a baseline model into that of a stratified one.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr

CHAIN = "chain"
DRAW = "draw"
TIME = "time"
BOUND = "bound"
POOL = "pool"
STRATUM = "stratum"
PIXEL = "pixel"

PARAMETER = "parameter"
LANE = "lane"
QUANTILE = "quantile"

SPACE = (STRATUM, PIXEL)
"""Dimensions of what has a DALEC of its own."""

SAMPLE = (CHAIN, DRAW)
"""Dimensions of the draws of a fit."""

POOLED = "sample"
"""Chains and draws as one dimension."""

ORDER = (CHAIN, DRAW, TIME, BOUND, POOL, STRATUM, PIXEL)


def ordered(dims: Collection[str]) -> tuple[str, ...]:
    """Names of ``dims`` in the order of the project; unknown names stay in front.

    Parameters
    ----------
    dims : iterable of str
        Dimension names in any order.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> ordered(["pixel", "time", "chain"])
    ('chain', 'time', 'pixel')
    """
    known = [name for name in ORDER if name in dims]
    return (*(name for name in dims if name not in ORDER), *known)


def space_of(units: xr.Dataset | xr.DataArray) -> tuple[str, ...]:
    """Dimensions of one parameter: those of a dataset that are spatial, in the project's order.

    Parameters
    ----------
    units : Dataset or DataArray

    Returns
    -------
    tuple of str
        () for a site, (pixel) or (stratum, pixel).
    """
    return tuple(name for name in SPACE if name in units.dims)
