"""Files and folders written whole or not at all, the two formats of datasets, and text in zarr."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

NETCDF, ZARR = (".nc", ".nc4"), (".zarr",)
DRAFT, OLD = ".part", ".old"  # ends of the names of what is being written, and being replaced


@contextmanager
def whole(path):
    """Draft to write to, which takes the name of a path only when the block has ended well.

    A block that fails leaves what was there and no draft. A process that is killed leaves what was
    there and a draft, which the next write removes. One process at a time writes to a path.

    Parameters
    ----------
    path : str or Path
        Of a file or a folder; what is there is replaced.

    Yields
    ------
    Path
        Beside `path`; nothing is there yet.
    """
    path = Path(path)
    draft, old = (path.with_name(path.name + end) for end in (DRAFT, OLD))
    if old.exists() and not path.exists():  # killed between the two names of a folder
        old.rename(path)
    remove(old)
    remove(draft)
    try:
        yield draft
        if draft.is_file():
            _on_disk(draft)
        if path.is_dir():  # a folder cannot be replaced in one go, a file can
            path.rename(old)
        draft.replace(path)
    except BaseException:
        if old.exists():
            old.rename(path)
        remove(draft)
        raise
    remove(old)


def _on_disk(file):
    """Wait until a file is on the disk: a name must not outlive what it names in a loss of power."""
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())


def remove(path):
    """Remove a file or a folder with what is in it; nothing there is no error."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def is_netcdf(path, *, what):
    """Whether the end of a path says NetCDF; the other format is zarr.

    Parameters
    ----------
    path : Path
        Ends in ``.nc`` or ``.nc4`` (one file) or ``.zarr`` (a folder).
    what : str
        What is kept there, for the message.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        If it ends in something else.
    """
    if path.suffix not in (*NETCDF, *ZARR):
        raise ValueError(
            f"wanted '.nc' or '.zarr' at the end of the path of {what} to tell the format, got "
            f"'{path.name}'; rename it"
        )
    return path.suffix in NETCDF


def opening(path, *, what, writer):
    """Arguments with which xarray opens a dataset or a tree of datasets.

    Parameters
    ----------
    path : str or Path
        Ends in ``.nc``, ``.nc4`` or ``.zarr``.
    what, writer : str
        What is wanted and what makes it, for the message where nothing is there.

    Returns
    -------
    dict
    """
    path = Path(path)
    netcdf = is_netcdf(path, what=what)
    if not path.exists():
        raise FileNotFoundError(
            f"wanted {what} at '{path}', found nothing there; write one with {writer}"
        )
    found = {"filename_or_obj": path, "engine": "h5netcdf" if netcdf else "zarr"}
    return found if netcdf else found | {"consolidated": False}


def with_text_objects(part):
    """Dataset whose strings are objects: zarr has no stable type for fixed-width unicode."""
    return _retyped(part, "U", lambda values: values.astype(object))


def with_plain_text(part):
    """Dataset whose strings are of fixed width, whatever the format keeps them as."""
    # NumPy casts from strings of variable width to those of fixed width by way of objects only
    return _retyped(part, "OT", lambda values: values.astype(object).astype(str))


def _retyped(part, kinds, convert):
    """Dataset with the variables of some NumPy kinds converted; coordinates stay coordinates."""
    found = {
        name: (values.dims, convert(values.to_numpy()), values.attrs)
        for name, values in part.variables.items()
        if values.dtype.kind in kinds
    }
    coords = {name: found.pop(name) for name in list(found) if name in part.coords}
    return part.assign_coords(coords).assign(found)
