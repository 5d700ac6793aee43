"""Data by name: site files of a data folder, built-in synthetic drivers, reference files.

The data folder is named by the environment variable ``PM_DALEC_DATA``; site files lie in its
``data/sites`` as ``<source>_<site>_<resolution>.nc``. The synthetic drivers need no file.
"""

from __future__ import annotations

import os
import warnings
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pm_dalec.data.site_file import open_site
from pm_dalec.tables.numbers import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr

DATA_VARIABLE = "PM_DALEC_DATA"
# Complete drivers first (gcel has wind and disturbance), then gridded, then towers without wind
SOURCES = ("gcel", "fluxval", "differland")


class SiteFile(NamedTuple):
    """One site file of the data folder.

    Parameters
    ----------
    site, source, resolution : str
        Parts of the file name.
    path : pathlib.Path
        The file.
    """

    site: str
    source: str
    resolution: str
    path: Path


def available_sites() -> tuple[SiteFile, ...]:
    """Site files of the data folder, the preferred source of each site first.

    Returns
    -------
    tuple of SiteFile
        Empty when ``PM_DALEC_DATA`` is not set or has no ``data/sites``.
    """
    folder = Path(os.environ.get(DATA_VARIABLE, ""), "data", "sites")
    if not os.environ.get(DATA_VARIABLE) or not folder.is_dir():
        return ()
    found = []
    for path in sorted(folder.glob("*_*_*.nc")):
        source, rest = path.stem.split("_", 1)
        site, resolution = rest.rsplit("_", 1)
        found.append(SiteFile(site, source, resolution, path))
    return tuple(sorted(found, key=_preference))


def _preference(file):
    known = SOURCES.index(file.source) if file.source in SOURCES else len(SOURCES)
    return file.site, known, file.source


def load_site(
    name: str,
    *,
    source: str | None = None,
    resolution: str = "monthly",
    fill_wind: bool = False,
    disturbance: str = "file",
    observations: str | Sequence[str] = "all",
    drop: Sequence[str] = (),
    uncertainties: Mapping[str, float | str] | str | None = None,
) -> xr.Dataset:
    """Units dataset of a site by its name.

    Parameters
    ----------
    name : str
        For instance ``"FI-Hyy"``.
    source : {"gcel", "fluxval", "differland"}, optional
        Where the site file comes from. When not given it is the first of these that has the site, and a
        warning names the others.
    resolution : {"monthly", "daily"}, default "monthly"
        Length of the steps.
    fill_wind, disturbance, observations, drop, uncertainties
        As in `pm_dalec.open_site`.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    KeyError
        With the list of what exists, and how to set ``PM_DALEC_DATA``.
    """
    text_of("name", name)
    text_of("resolution", resolution)
    files = available_sites()
    matches = [
        file
        for file in files
        if file.site == name and file.resolution == resolution and source in (None, file.source)
    ]
    if not matches:
        raise KeyError(_nothing(name, source, resolution, files))
    _tell_of_several(matches)
    return open_site(
        matches[0].path,
        fill_wind=fill_wind,
        disturbance=disturbance,
        observations=observations,
        drop=drop,
        uncertainties=uncertainties,
    )


def _tell_of_several(matches):
    """Say which file of a site is taken where there are several, and how another is."""
    if len(matches) > 1:
        first, *others = matches
        warnings.warn(
            f"{first.site} has {len(matches)} {first.resolution} files: {first.path.name} is taken; for "
            f"{' or '.join(each.path.name for each in others)} pass source={others[0].source!r}",
            stacklevel=3,
        )


def _nothing(name, source, resolution, files):
    folder = os.environ.get(DATA_VARIABLE)
    if not files:
        return (
            f"no site {name!r}: the environment variable {DATA_VARIABLE} {state_of_folder()}; set it to the "
            "folder that holds data/sites, or open a file with pm_dalec.open_site"
        )
    there = ", ".join(f"{file.site} ({file.source}, {file.resolution})" for file in files)
    wanted = f"{name!r} {resolution}" + (f" from {source!r}" if source else "")
    meant = _meant(name, files)
    return f"no site {wanted} in {folder} ({DATA_VARIABLE}); {meant}there are {there}"


def _meant(name, files):
    """Question after the site whose name is like a wrong one; nothing where it is right or unlike any."""
    known = {file.site.casefold(): file.site for file in files}
    like = get_close_matches(name.casefold(), known, 1)
    return f"did you mean {known[like[0]]}? " if like and known[like[0]] != name else ""


def state_of_folder():
    """Words for what is wrong with the folder of data, where it has no site files."""
    folder = os.environ.get(DATA_VARIABLE)
    if not folder:
        return "is not set"
    if not Path(folder).is_dir():
        return f"names a folder that does not exist ({folder})"
    return f"has no data/sites/*.nc ({folder})"
