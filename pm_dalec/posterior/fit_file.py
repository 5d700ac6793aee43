"""Fits on disk: NetCDF for one site, zarr for the many units of a region.

The suffix decides: ``.nc`` is one file, ``.zarr`` a folder. Either appears under its name only when it
is complete. In zarr a unit (stratum, pixel) is never cut: a chunk holds all chains, draws and times of a
block of units, so that one unit is read without the others where units are many, and a small region is
a few files a variable.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from pm_dalec.data import storage
from pm_dalec.data.formats import trees
from pm_dalec.posterior.runs import expect_fit
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import path_of

CHUNK = 4 * 2**20  # bytes; 256 units of 2,000 draws
BLOCKED = (dims.PIXEL, dims.STRATUM)
FIT, WRITER = "a fit", "pm_dalec.save"
FIT_OF_STORE = "fit.zarr"  # in the store of a region


def save(fit: xr.DataTree, path: str | Path) -> Path:
    """Write a fit whole or not at all.

    Parameters
    ----------
    fit : DataTree
    path : str or Path
        Ends in ``.nc`` (NetCDF-4) or ``.zarr``; what is there is replaced.

    Returns
    -------
    Path
    """
    path = path_of("path", path)
    expect_fit(fit)
    netcdf = trees.is_netcdf(path, what="a fit")
    with storage.whole(path) as draft:
        if netcdf:
            trees.write_netcdf(fit, draft)
        else:
            _write_zarr(fit, draft)
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

    Raises
    ------
    FileNotFoundError, ValueError
        A sentence, where nothing is there, or no fit, or one with a part missing or damaged.
    """
    return trees.read_tree(path_of("path", path), what=FIT, group="posterior", writer=WRITER)


def open_fit(path: str | Path) -> xr.DataTree:
    """Fit whose draws are read when they are looked at; of a NetCDF file all is in memory.

    Parameters
    ----------
    path : str or Path
        Ends in ``.nc`` or ``.zarr``, or is the store of a region. Checksums are not compared, for that
        reads all of it.

    Returns
    -------
    DataTree
    """
    path = path_of("path", path)
    path = path / FIT_OF_STORE if (path / FIT_OF_STORE).is_dir() else path
    if path.suffix in trees.NETCDF:
        return load(path)
    return trees.open_tree(path, what=FIT, group="posterior", writer=WRITER)


def holds_fit(path):
    """Whether a NetCDF file or zarr folder is a fit: it has a group ``posterior``."""
    return "posterior" in trees.contents(path, what=FIT, writer=WRITER)[0]


def changed_at(path):
    """Time of the latest change of a file, or of anything in a folder [ns]."""
    path = Path(path)
    return max(part.stat().st_mtime_ns for part in (path, *path.rglob("*")))


def _write_zarr(fit, folder):
    groups = {
        node.path: trees.with_text_objects(node.to_dataset(inherit=False)) for node in fit.subtree
    }
    encoding = {
        path: {name: {"chunks": _chunks(values)} for name, values in part.variables.items()}
        for path, part in groups.items()
    }
    tree = xr.DataTree.from_dict(groups)
    trees.write_zarr(tree, folder, encoding)


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
