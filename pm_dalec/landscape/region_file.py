"""Region datasets on disk (NetCDF or zarr), and the checks of their schema."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from pm_dalec.data import storage
from pm_dalec.data.checks import check_units
from pm_dalec.data.formats import trees
from pm_dalec.data.land import NODES, PIXELS, units_of
from pm_dalec.data.messages import refuse_where
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import path_of


def validate_region(region):
    """Check a region: its weather, and both averages of its observations.

    Parameters
    ----------
    region : DataTree
        With the groups ``pixels`` and ``strata``.

    Returns
    -------
    DataTree
        `region`, unchanged.

    Raises
    ------
    ValueError, TypeError
        A sentence that names the variable, the place and the count.
    """
    if not isinstance(region, xr.DataTree):
        raise TypeError(
            f"wanted a region (DataTree), got {type(region).__name__}; build one with build_region "
            "or `pm-dalec region`"
        )
    for each in NODES:
        _check_pixels(check_units(units_of(region, each)))
    return region


def _check_pixels(units):
    for name in ("area", "masked_fraction"):
        if name not in units or units[name].dims != (dims.PIXEL,):
            came = f"dims {units[name].dims}" if name in units else "none"
            raise ValueError(
                f"wanted '{name}' (pixel) in a region, got {came} ({units.sizes[dims.PIXEL]} "
                "pixels); build the region with build_region"
            )
    if dims.PIXEL not in units.coords or not units.indexes[dims.PIXEL].is_unique:
        raise ValueError(
            f"wanted a 'pixel' coordinate of unique ids, got "
            f"{'repeated ids' if dims.PIXEL in units.coords else 'none'} "
            f"({units.sizes[dims.PIXEL]} pixels); number the pixels of the grid"
        )
    refuse_where(
        ~((units["area"] > 0) & np.isfinite(units["area"])),
        units,
        wanted="a finite 'area' above 0 m2 of unmasked land",
        came=f"{float(units['area'].min()):g}",
        advice="leave out pixels without unmasked land",
    )
    shares = [name for name in units if name == "masked_fraction" or name.endswith("_coverage")]
    for name in map(str, shares):
        share = units[name]
        # Areas add up with rounding, and absent strata have no coverage
        refuse_where(
            (share < 0) | (share > 1 + 1e-9),
            units,
            wanted=f"'{name}' from 0 to 1",
            came=f"{float(share.max()):g}",
            advice="give a share of the area",
        )


def write_region(region: xr.DataTree, path: str | Path) -> Path:
    """Write a region whole or not at all.

    Parameters
    ----------
    region : DataTree
        Checked first.
    path : str or pathlib.Path
        Ends in ``.nc`` (NetCDF-4) or ``.zarr``; what is there is replaced.

    Returns
    -------
    pathlib.Path
    """
    path = path_of("path", path)
    netcdf = trees.is_netcdf(path, what="a region")
    if not path.parent.is_dir():
        raise ValueError(
            f"wanted a folder that exists for '{path.name}', got '{path.parent}'; create it first"
        )
    region = validate_region(region)
    with storage.whole(path) as draft:
        if netcdf:
            trees.write_netcdf(region, draft, _encoding(region))
        else:
            region = region.map_over_datasets(trees.with_text_objects)
            trees.write_zarr(region, draft)
    return path


def _encoding(region):
    """Compression of everything that has a pixel; one clock for steps and their bounds."""
    packed = {
        node.path: {
            name: {"zlib": True, "complevel": 2}
            for name, values in node.data_vars.items()
            if dims.PIXEL in values.dims and values.dtype.kind == "f"
        }
        for node in region.subtree
    }
    when = {"units": "seconds since 1970-01-01", "dtype": "int64"}
    return packed | {"/": packed["/"] | {dims.TIME: when, "time_bnds": when}}


def open_region(path: str | Path) -> xr.DataTree:
    """Open a region, load it and check it.

    Parameters
    ----------
    path : str or pathlib.Path
        Ends in ``.nc`` or ``.zarr``.

    Returns
    -------
    DataTree
        At the root the weather, in ``/pixels`` and ``/strata`` the observations and losses averaged
        over pixels and over their strata.
    """
    writer = "`pm-dalec landscape --out` or write_region"
    region = trees.read_tree(path_of("path", path), what="a region", group=PIXELS, writer=writer)
    return validate_region(region.map_over_datasets(_as_written))


def _as_written(part):
    """Bounds as coordinates."""
    return part.set_coords("time_bnds") if "time_bnds" in part.data_vars else part
