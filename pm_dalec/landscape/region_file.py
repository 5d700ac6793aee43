"""Region datasets on disk (NetCDF or zarr), and the checks of their schema."""

import os
import shutil
from pathlib import Path

import xarray as xr

from pm_dalec.data.checks import check_units
from pm_dalec.data.land import NODES, units_of
from pm_dalec.data.messages import refuse_where
from pm_dalec.tables import dims

NETCDF, ZARR = (".nc", ".nc4"), (".zarr",)


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
        ~(units["area"] > 0),
        units,
        wanted="'area' above 0 m2 of unmasked land",
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


def write_region(region, path):
    """Write a region whole: an interrupted call leaves no half file.

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
    path = Path(path)
    suffix = _known_suffix(path)
    if not path.parent.is_dir():
        raise ValueError(
            f"wanted a folder that exists for '{path.name}', got '{path.parent}'; create it first"
        )
    region = validate_region(region)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if suffix in NETCDF:
            region.to_netcdf(unfinished, engine="h5netcdf", encoding=_encoding(region))
        else:
            _as_plain_text(region).to_zarr(unfinished, mode="w", zarr_format=3, consolidated=False)
        if path.is_dir():
            shutil.rmtree(path)
        unfinished.replace(path)
    finally:
        if unfinished.is_dir():
            shutil.rmtree(unfinished)
        unfinished.unlink(missing_ok=True)
    return path


def _known_suffix(path):
    if path.suffix not in (*NETCDF, *ZARR):
        raise ValueError(
            f"'{path.name}' ends in '{path.suffix}', wanted '.nc' or '.zarr' to tell the format; "
            "rename it"
        )
    return path.suffix


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


def _as_plain_text(region):
    """Region whose strings are objects: zarr has no stable type for fixed-width unicode."""

    def plain(part):
        texts = [name for name, values in part.variables.items() if values.dtype.kind == "U"]
        return part.assign_coords({name: part[name].astype(object) for name in texts})

    return region.map_over_datasets(plain)


def open_region(path):
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
    path = Path(path)
    suffix = _known_suffix(path)
    if not path.exists():
        raise FileNotFoundError(
            f"wanted a region at '{path}', found nothing there; write one with "
            "`pm-dalec landscape --out` or write_region"
        )
    engine = "h5netcdf" if suffix in NETCDF else "zarr"
    options = {} if suffix in NETCDF else {"consolidated": False}
    with xr.open_datatree(path, engine=engine, **options) as stored:
        region = stored.load()
    if not region.children:
        raise ValueError(
            f"wanted a region with the groups 'pixels' and 'strata', got '{path}' without groups: it "
            "was written before regions held both averages, or is no region; make it again with "
            "`pm-dalec landscape` or `pm-dalec region`"
        )
    return validate_region(region.map_over_datasets(_as_written))


def _as_written(part):
    """Names of strata as text, bounds as coordinates."""
    if dims.STRATUM in part.coords:
        names = [str(name) for name in part[dims.STRATUM].to_numpy()]
        part = part.assign_coords({dims.STRATUM: names})
    return part.set_coords("time_bnds") if "time_bnds" in part.data_vars else part
