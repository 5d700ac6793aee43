"""Region datasets on disk (NetCDF or zarr), and the checks of their schema."""

import os
import shutil
from pathlib import Path

import xarray as xr

from pm_dalec.data.checks import check_units
from pm_dalec.data.messages import refuse_where
from pm_dalec.tables import dims

NETCDF, ZARR = (".nc", ".nc4"), (".zarr",)


def validate_units(units):
    """Check a units dataset: drivers, observations, and what a region has beside them.

    Parameters
    ----------
    units : xarray.Dataset
        Site, baseline region or stratified region.

    Returns
    -------
    xarray.Dataset
        `units`, unchanged.

    Raises
    ------
    ValueError, TypeError
        A sentence that names the variable, the place and the count.
    """
    check_units(units)
    if dims.PIXEL in units.dims:
        _check_pixels(units)
    return units


def _check_pixels(units):
    for name in ("area", "masked_fraction"):
        if name not in units or units[name].dims != (dims.PIXEL,):
            came = f"dims {units[name].dims}" if name in units else "none"
            raise ValueError(
                f"wanted '{name}' (pixel) in a region, got {came} ({units.sizes[dims.PIXEL]} "
                "pixels); build the region with pm_dalec.landscape.twin.region"
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


def write_region(units, path):
    """Write a units dataset whole: an interrupted call leaves no half file.

    Parameters
    ----------
    units : xarray.Dataset
        Checked by `validate_units` first.
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
    units = validate_units(units)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if suffix in NETCDF:
            units.to_netcdf(unfinished, engine="h5netcdf", encoding=_encoding(units))
        else:
            _as_plain_text(units).to_zarr(unfinished, mode="w", zarr_format=3, consolidated=False)
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


def _encoding(units):
    """Compression of everything that has a pixel."""
    return {
        name: {"zlib": True, "complevel": 2}
        for name, values in units.data_vars.items()
        if dims.PIXEL in values.dims and values.dtype.kind == "f"
    }


def _as_plain_text(units):
    """Dataset whose strings are objects: zarr has no stable type for fixed-width unicode."""
    texts = [name for name, values in units.variables.items() if values.dtype.kind == "U"]
    return units.assign_coords({name: units[name].astype(object) for name in texts})


def open_region(path):
    """Open a region, load it and check it.

    Parameters
    ----------
    path : str or pathlib.Path
        Ends in ``.nc`` or ``.zarr``.

    Returns
    -------
    xarray.Dataset
    """
    path = Path(path)
    suffix = _known_suffix(path)
    if not path.exists():
        raise FileNotFoundError(
            f"wanted a region at '{path}', found nothing there; write one with "
            "`pm-dalec landscape --out` or pm_dalec.landscape.region_file.write_region"
        )
    engine = "h5netcdf" if suffix in NETCDF else "zarr"
    options = {} if suffix in NETCDF else {"consolidated": False}
    with xr.open_dataset(path, engine=engine, **options) as stored:
        units = stored.load()
    if dims.STRATUM in units.coords:
        names = [str(name) for name in units[dims.STRATUM].to_numpy()]
        units = units.assign_coords({dims.STRATUM: names})
    if "time_bnds" in units.data_vars:
        units = units.set_coords("time_bnds")
    return validate_units(units)
