"""Fits on disk: NetCDF for one site, zarr for the many units of a region.

The suffix decides: ``.nc`` is one file, ``.zarr`` a folder. Either appears under its name only when it
is complete. In zarr a unit (stratum, pixel) is never cut: a chunk holds all chains, draws and times of a
block of units, so that one unit is read without the others where units are many, and a small region is
a few files a variable.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import xarray as xr

from pm_dalec.tables import dims

NETCDF, ZARR = ".nc", ".zarr"
CHUNK = 4 * 2**20  # bytes; 256 units of 2,000 draws
BLOCKED = (dims.PIXEL, dims.STRATUM)


def save(fit: xr.DataTree, path: str | Path) -> Path:
    """Write a fit whole: an interrupted call leaves a draft beside it, which the next one removes.

    Parameters
    ----------
    fit : DataTree
    path : str or Path
        Ends in ``.nc`` (NetCDF-4) or ``.zarr``; what is there is replaced.

    Returns
    -------
    Path
    """
    path = Path(path)
    suffix = _known_suffix(path)
    draft = path.with_name(path.name + ".part")
    _remove(draft)
    if suffix == NETCDF:
        fit.to_netcdf(draft, engine="h5netcdf", mode="w")
    else:
        _write_zarr(fit, draft)
    if path.is_dir():  # a folder cannot be replaced in one go, a file can
        _remove(path)
    draft.replace(path)
    return path


def load(path: str | Path) -> xr.DataTree:
    """Fit from a NetCDF file or a zarr folder, in memory.

    Parameters
    ----------
    path : str or Path
        Ends in ``.nc`` or ``.zarr``.

    Returns
    -------
    DataTree
    """
    with _opened(path) as fit:
        return _with_plain_text(fit.load())


def holds_fit(path):
    """Whether a NetCDF file or zarr folder is a fit: it has a group ``posterior``."""
    with _opened(path) as tree:
        return "posterior" in tree.children


def _opened(path):
    path = Path(path)
    suffix = _known_suffix(path)
    if not path.exists():
        raise FileNotFoundError(
            f"wanted a fit at '{path}', found nothing there; write one with pm_dalec.posterior.fit_file.save"
        )
    if suffix == NETCDF:
        return xr.open_datatree(path, engine="h5netcdf")
    return xr.open_datatree(path, engine="zarr", consolidated=False)


def changed_at(path):
    """Time of the latest change of a file, or of anything in a folder [ns]."""
    path = Path(path)
    return max(part.stat().st_mtime_ns for part in (path, *path.rglob("*")))


def _known_suffix(path):
    if path.suffix not in (NETCDF, ZARR):
        raise ValueError(
            f"wanted a fit's path to end in '{NETCDF}' or '{ZARR}' to tell the format, got "
            f"'{path.name}'; rename it"
        )
    return path.suffix


def _remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _write_zarr(fit, folder):
    groups = {node.path: _with_text_objects(node.to_dataset(inherit=False)) for node in fit.subtree}
    tree = xr.DataTree.from_dict(groups)
    tree.to_zarr(
        folder, mode="w-", zarr_format=3, consolidated=False,
        encoding={
            path: {name: {"chunks": _chunks(values)} for name, values in part.variables.items()}
            for path, part in groups.items()
        },
    )  # fmt: skip


def _chunks(values):
    """Lengths of the chunks of a variable: units in blocks, all other dimensions whole."""
    lengths = dict(values.sizes)
    size = values.dtype.itemsize * int(
        np.prod([length for name, length in lengths.items() if name not in BLOCKED], dtype=int)
    )
    for name in (name for name in BLOCKED if name in lengths):
        lengths[name] = min(lengths[name], max(1, CHUNK // max(1, size)))
        size *= lengths[name]
    return tuple(max(1, length) for length in lengths.values())


def _with_text_objects(part):
    """Dataset whose strings are objects: zarr has no stable type for fixed-width unicode."""
    return _retyped(part, "U", lambda values: values.astype(object))


def _with_plain_text(fit):
    """Fit whose strings are of fixed width, whatever the format keeps them as."""
    for node in fit.subtree:
        part = node.to_dataset(inherit=False)
        # NumPy casts from strings of variable width to those of fixed width by way of objects only
        node.dataset = _retyped(part, "OT", lambda values: values.astype(object).astype(str))
    return fit


def _retyped(part, kinds, convert):
    """Dataset with the variables of some NumPy kinds converted; coordinates stay coordinates."""
    found = {
        name: (values.dims, convert(values.to_numpy()), values.attrs)
        for name, values in part.variables.items()
        if values.dtype.kind in kinds
    }
    coords = {name: found.pop(name) for name in list(found) if name in part.coords}
    return part.assign_coords(coords).assign(found)
