"""Ways in which a file is spoilt."""

import pickle
import shutil

WHOLE = ("cut", "text", "empty", "pickle", "folder", "absent", "other kind")
CHANGED = ("flip", "append", "another's")


def site_file(units, path):
    """Write a site as the files of sites are: time in the middle of the step."""
    bounds = units["time_bnds"]
    middle = bounds.isel(bnds=0) + (bounds.isel(bnds=1) - bounds.isel(bnds=0)) / 2
    units = units.drop_vars([name for name in units.data_vars if str(name).startswith("truth_")])
    units.assign_coords(time=middle.values).to_netcdf(path, engine="h5netcdf")


def spoil(path, how, at, bit, home):
    """Spoil one file, or one part of a folder."""
    part = path
    if path.is_dir() and how in (*CHANGED, "cut", "text", "empty", "pickle"):
        parts = sorted(each for each in path.rglob("*") if each.is_file())
        part = parts[int(at * 1009) % len(parts)]
    held = part.read_bytes() if part.is_file() else b""
    place = int(at * len(held))
    if how == "flip":
        part.write_bytes(held[:place] + bytes([held[place] ^ (1 << bit)]) + held[place + 1 :])
    elif how == "append":
        part.write_bytes(held + held[place : place + 64])
    elif how == "another's":
        other = home / "theirs" / part.relative_to(home / "spoilt")
        part.write_bytes(other.read_bytes() if other.exists() else b"")
    elif how in ("absent", "folder", "other kind"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        if how == "folder":
            path.mkdir()
        if how == "other kind":
            name = "site.nc" if "fit" in path.name else "fit.nc"
            shutil.copy(home / "ours" / name, path)
    else:
        texts = {"cut": held[:place], "text": b"lai,2\n" * 9, "empty": b"",
                 "pickle": pickle.dumps([1, 2])}  # fmt: skip
        part.write_bytes(texts[how])
