"""Names of MODIS and VIIRS files, from the archive and from the second official channels.

LP DAAC and Planetary Computer: ``MCD64A1.A2014182.h17v03.061.2021309000505[_Burn_Date].hdf|h5|tif``.
AppEEARS: ``MCD15A2H.061_Lai_500m_doy2014001[000000]_aid0001.tif``, and ``MCD15A2H.061_500m_aid0001.nc``
with all layers and days. Day and layer come from the name, in NetCDF from inside the file.
"""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.data.messages import sentence
from pm_dalec.products.reading import told
from pm_dalec.products.reading.files import found_files

_ARCHIVE = r"(?:{})\.A\d{{7}}\.h\d{{2}}v\d{{2}}\.\d{{3}}(?:\.\d+)?(?:_\w+)?\.(?:tiff?|hdf|h5)"
_SAMPLE = r"(?:{})\.\d{{3}}_\w+?_doy\d{{7}}(?:\d{{6}})?_aid\d+\.tiff?"
_SERIES = r"(?:{})\.\d{{3}}_\w+_aid\d+\.nc"
_DAY = re.compile(r"(?:\.A|_doy)(\d{4})(\d{3})")
_TILE = re.compile(r"\.h(\d{2})v(\d{2})\.")
_COLLECTION = re.compile(r"^\w+(?:\.A\d{7}\.h\d{2}v\d{2})?\.(\d{3})")
_LAYER = re.compile(r"\.\d{3}(?:\.\d+)?_(\w+?)(?:_doy\d+_aid\d+)?\.tiff?$")


class Granule(NamedTuple):
    """One file, or one day of a file that holds a series.

    Attributes
    ----------
    path : Path
    product, collection : str
        As in the name, for instance MCD15A2H and 061.
    day : pandas.Timestamp
        First day.
    tile : tuple of int or None
        Column and row of the tile; None for areas cut by AppEEARS.
    layer : str or None
        None for a file of all layers.
    """

    path: Path
    product: str
    collection: str
    day: pd.Timestamp
    tile: tuple | None
    layer: str | None


def found_granules(path_or_paths, *, product, names, collections, example):
    """Granules of one product and collection in a folder or in files, in the order of time.

    Parameters
    ----------
    path_or_paths : str, Path or list of them
        Folder or files with the names of a distributor.
    product : str
        Name for the message.
    names : tuple of str
        Short names of the products that are the same, as MOD15A2H and MCD15A2H.
    collections : tuple of str
        That are read.
    example : str
        A file name, for the message.

    Returns
    -------
    list of Granule
    """
    either = "|".join(names)
    pattern = "|".join(form.format(either) for form in (_ARCHIVE, _SAMPLE, _SERIES))
    found = found_files(path_or_paths, product=product, pattern=pattern, example=example)
    granules = [each for path, _ in found for each in _of_file(path, product)]
    where = f"file {found[0][0]}" if len(found) == 1 else f"folder {found[0][0].parent}"
    kinds = {each.product for each in granules}, {each.collection for each in granules}
    repeated = _repeated(granules)
    faults = (
        (len(kinds[0]) > 1, "files of one product", kinds[0]),
        (
            len(kinds[1]) > 1 or not kinds[1] <= set(collections),
            f"collection {' or '.join(collections)}",
            kinds[1],
        ),
        (repeated, "one file a day, tile and layer", repeated),
    )
    for wrong, wanted, came in faults:
        if wrong:
            came = ", ".join(sorted(came))
            do = "download this collection, and keep products and collections in folders of their own"
            raise ValueError(sentence(product, wanted=wanted, came=came, where=where, do=do))
    return sorted(granules, key=lambda each: (each.day, each.path.name))


def _repeated(granules):
    seen, twice = set(), []
    for each in granules:
        key = (each.day, each.tile, each.layer)
        if each.tile and key in seen:
            twice.append(each.path.name)
        seen.add(key)
    return twice[:4]


def _of_file(path, product):
    name, collection = path.name.split(".")[0], _COLLECTION.match(path.name)[1]
    if path.suffix == ".nc":
        return [
            Granule(path, name, collection, day, None, None) for day in days_inside(path, product)
        ]
    tile, layer = _TILE.search(path.name), _LAYER.search(path.name)
    archive = path.suffix in (".hdf", ".h5")
    place = (int(tile[1]), int(tile[2])) if tile else None
    inside = None if archive else (layer[1] if layer else "")
    return [Granule(path, name, collection, _day(path, product), place, inside)]


def _day(path, product):
    match = _DAY.search(path.name)
    year, number = int(match[1]), int(match[2])
    day = pd.Timestamp(year, 1, 1) + pd.Timedelta(days=number - 1)
    if number < 1 or day.year != year:
        raise ValueError(
            sentence(
                product,
                wanted="a name with a year and a day of it",
                came=f"{match[1]}{match[2]}",
                where=f"file {path}",
                do="keep the distributor's file name",
            )
        )
    return day


def days_inside(path, product):
    """First days of the maps in a NetCDF file of AppEEARS, whose calendar is often called julian."""
    with told.opened(path, product=product) as dataset:
        if "time" not in dataset.variables:
            raise KeyError(
                sentence(
                    product,
                    wanted="a variable 'time'",
                    came=f"only {', '.join(sorted(map(str, dataset.variables)))}",
                    where=f"file {path}",
                    do="use the file as AppEEARS delivers it",
                )
            )
        coder = xr.coders.CFDatetimeCoder(use_cftime=True)
        stamps = xr.decode_cf(dataset[["time"]], decode_times=coder)["time"].values
        return [pd.Timestamp(each.year, each.month, each.day) for each in np.atleast_1d(stamps)]
