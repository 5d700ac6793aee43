"""Ways in which a file is spoilt."""

import pickle
import shutil
from contextlib import contextmanager

WHOLE = ("cut", "text", "empty", "pickle", "folder", "absent", "other kind")
CHANGED = ("flip", "append", "another's")


def site_file(units, path):
    """Write a site as the files of sites are: time in the middle of the step."""
    bounds = units["time_bnds"]
    middle = bounds.isel(bnds=0) + (bounds.isel(bnds=1) - bounds.isel(bnds=0)) / 2
    units = units.drop_vars([name for name in units.data_vars if str(name).startswith("truth_")])
    units.assign_coords(time=middle.values).to_netcdf(path, engine="h5netcdf")


@contextmanager
def spoilt(home, name, how, at, bit):
    """Path of a file of ours of which one part is spoilt; it is as it was thereafter.

    Parameters
    ----------
    home : path
        Folder with ``ours`` and ``theirs``.
    name, how : str
        Of the file, and the way in which it is spoilt.
    at : float
        Place in the file, and among the parts of a folder, from 0 to 1.
    bit : int
    """
    path = home / "ours" / name
    part = path
    if path.is_dir() and how in (*CHANGED, "cut", "text", "empty", "pickle"):
        parts = sorted(each for each in path.rglob("*") if each.is_file())
        part = parts[int(at * 1009) % len(parts)]
    held = part.read_bytes() if part.is_file() else b""
    aside = home / "aside"
    part.rename(aside)
    try:
        _put_instead(part, how, held, (int(at * len(held)), bit), home)
        yield path
    finally:
        if part.is_dir():
            part.rmdir()
        part.unlink(missing_ok=True)
        aside.rename(part)


def _put_instead(part, how, held, where, home):
    """Put something wrong where a file was, or nothing."""
    place, bit = where
    if how == "flip":
        part.write_bytes(held[:place] + bytes([held[place] ^ (1 << bit)]) + held[place + 1 :])
    elif how == "append":
        part.write_bytes(held + held[place : place + 64])
    elif how == "another's":
        other = home / "theirs" / part.relative_to(home / "ours")
        part.write_bytes(other.read_bytes() if other.exists() else b"")
    elif how == "folder":
        part.mkdir()
    elif how == "other kind":
        shutil.copy(home / "theirs" / ("site.nc" if "fit" in part.name else "fit.nc"), part)
    elif how != "absent":
        texts = {"cut": held[:place], "text": b"lai,2\n" * 9, "empty": b""}
        part.write_bytes(pickle.dumps([1, 2]) if how == "pickle" else texts[how])
