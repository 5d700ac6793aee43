"""What a file is that no reader of a site takes, from its first bytes or its header, and what to do."""

import csv
from contextlib import suppress

# Beginning of a file -> what it is, what to do.
_BEGINNINGS = (
    (b"", "an empty file", "download or write it again"),
    (b"\x1f\x8b", "a gzip archive", "unpack it with gunzip first"),
    (b"PK\x03\x04", "a zip archive or an Excel file", "unpack it, or save the sheet as CSV"),
    (b"\x0e\x03\x13\x01", "an HDF4 file", "convert it to NetCDF-4"),
    (b"GRIB", "a GRIB file", "convert it to NetCDF-4, or download it as NetCDF"),
    (b"II*\x00", "a GeoTIFF", "a site has series; rasters are products of regions"),
    (b"MM\x00*", "a GeoTIFF", "a site has series; rasters are products of regions"),
    (b"MATLAB", "a MATLAB file", "save its series as CSV or NetCDF-4"),
    (b"RDX", "an R workspace", "save its series as CSV or NetCDF-4"),
    (b"\x80\x04", "a Python pickle", "save its series as NetCDF-4"),
    (b"\x80\x05", "a Python pickle", "save its series as NetCDF-4"),
    (b"CDF\x05", "a NetCDF file of 64-bit data (CDF-5)", "convert it with nccopy -k nc4"),
    (b"%PDF", "a PDF", "download the data themselves"),
)
_PAGES = (b"<!doctype html", b"<html", b"<?xml")
_TOWERS = ("TIMESTAMP", "TIMESTAMP_START", "TIMESTAMP_END")
_SITE = "the schema of the site files: tmin, tmax, sw_rad, co2, vpd, wind and time with time_bnds"
_MOST_NAMES = 6


def told(path):
    """What a file is, and what to do with it, or None where it cannot be told.

    Parameters
    ----------
    path : Path
        An existing file that no reader takes.

    Returns
    -------
    tuple of str, str, or None
    """
    with path.open("rb") as stream:
        start = stream.read(4096)
    for beginning, what, do in _BEGINNINGS:
        if start.startswith(beginning) if beginning else not start:
            return what, do
    if start.lstrip().lower().startswith(_PAGES):
        return "a web page, no data", "download it again; a login may be needed"
    header = _header(start)
    return None if header is None else _table(header)


def _header(start):
    """Names in the first line of a table of text that is no comment, or None."""
    with suppress(UnicodeDecodeError, csv.Error, StopIteration):
        text = start.rsplit(b"\n", 1)[0].decode("utf-8-sig")
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
        for delimiter in (",", ";", "\t"):
            names = [name.strip() for name in next(csv.reader(lines[:1], delimiter=delimiter))]
            if len(names) > 1 and all(name.isprintable() for name in names):
                return names
    return None


def _table(names):
    upper = {name.upper() for name in names}
    shown = ", ".join(names[:_MOST_NAMES]) + (" ..." if len(names) > _MOST_NAMES else "")
    if upper & set(_TOWERS):
        return (
            f"a CSV of a flux tower, as of FLUXNET, AmeriFlux or ICOS (columns {shown})",
            f"open it with pm_dalec.data.open_flux_tower, or turn its columns into {_SITE}",
        )
    return (
        f"a table of text (columns {shown})",
        f"give it to pm_dalec.site_from_frame, or write NetCDF-4 in {_SITE}",
    )
