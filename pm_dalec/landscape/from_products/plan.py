"""The TOML file of a region: which files of which products, checked.

The file has the tables ``region``, ``land_cover``, ``meteorology`` and ``co2``, and, where wanted,
``lai``, ``biomass``, ``soil``, ``forest_loss`` and ``burned_area``. Paths are relative to the file.
`EXAMPLE` is one.
"""

import difflib
import tomllib
from pathlib import Path
from typing import NamedTuple

from pm_dalec.data.messages import sentence
from pm_dalec.landscape.grid import Grid, target_grid
from pm_dalec.landscape.layers import MINIMUM_COVERAGE
from pm_dalec.products.reading.windows import Window, checked_window

PRODUCT = "region file"

EXAMPLE = """\
[region]
resolution = 0.25                    # 1.0, 0.5, 0.25 or 0.05 degree
bounds = [-4.5, 54.5, -1.5, 55.5]    # west, south, east, north [degree]
years = [2014, 2019]                 # first and last
minimum_coverage = 0.1               # of a unit's area, else an observation is dropped

[land_cover]
product = "lcm2015"                  # or "esa_cci"
path = "lcm2015gb25m.tif"
resolution = 25                      # [m]

[meteorology]
path = "crujra"

[co2]
path = "co2_mm_mlo.txt"

[lai]
path = "lai300"
reject = []                          # quality names, as "gap_interpolated"

[biomass]
path = "biomass"
years = [2017, 2018]

[soil]
path = "soilgrids"
sigmas_in_range = 2.0                # the authors' reading of the quantiles; normal: 3.289707

[forest_loss]
path = "hansen"
version = "GFC-2019-v1.7"

[burned_area]
path = "mcd64a1"
"""

# Table -> its keys, True where they are needed.
_KEYS = {
    "region": {
        "resolution": True,
        "bounds": True,
        "years": True,
        "minimum_coverage": False,
    },
    "land_cover": {"product": True, "path": True, "resolution": False},
    "meteorology": {"path": True},
    "co2": {"path": True},
    "lai": {"path": True, "reject": False},
    "biomass": {"path": True, "years": False},
    "soil": {"path": True, "sigmas_in_range": False},
    "forest_loss": {"path": True, "version": False},
    "burned_area": {"path": True},
}
_NEEDED = ("region", "land_cover", "meteorology", "co2")


class Plan(NamedTuple):
    """What a checked region file asks for.

    Attributes
    ----------
    grid : pm_dalec.landscape.grid.Grid
        Target pixels.
    window : Window
        Bounds of the grid [degree].
    years : tuple of int
        All calendar years of the period.
    minimum_coverage : float
        [1].
    tables : dict
        The tables of the products, with whole paths.
    """

    grid: Grid
    window: Window
    years: tuple
    minimum_coverage: float
    tables: dict


def read_config(path):
    """Checked content of a region file.

    Parameters
    ----------
    path : str or Path
        TOML file.

    Returns
    -------
    Plan
    """
    path = Path(path)
    tables = _parsed(path)
    where = f"file {path}"
    _check_keys(tables, where)
    region = tables["region"]
    coverage = region.get("minimum_coverage", MINIMUM_COVERAGE)
    if not (isinstance(coverage, int | float) and 0 <= coverage <= 1):
        raise ValueError(
            sentence(
                PRODUCT,
                wanted="minimum_coverage from 0 to 1",
                came=repr(coverage),
                where=f"{where}, [region]",
                do="give a share of the unit's area",
            )
        )
    window = checked_window(region["bounds"], product=f"{PRODUCT}, key 'bounds' of [region]")
    grid = target_grid(region["resolution"], **window._asdict())
    years = _years(region["years"], where)
    rooted = {name: _rooted(name, table, path.parent) for name, table in tables.items()}
    return Plan(grid, window, years, float(coverage), rooted)


def _parsed(path):
    if not path.is_file():
        raise FileNotFoundError(
            sentence(
                PRODUCT,
                wanted="an existing TOML file",
                came="a path where no file is",
                where=str(path),
                do="correct the path; pm_dalec.landscape.from_products.plan.EXAMPLE shows one",
            )
        )
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(
            sentence(
                PRODUCT,
                wanted="TOML",
                came=f"text that is not: {error}",
                where=f"file {path}",
                do="correct the line",
            )
        ) from error


def _check_keys(tables, where):
    for name, table in tables.items():
        _check_known(name, _KEYS, f"table [{name}]", where)
        if not isinstance(table, dict):
            raise TypeError(
                sentence(
                    PRODUCT,
                    wanted=f"a table [{name}]",
                    came=repr(table),
                    where=where,
                    do=f"write [{name}] on a line of its own, its keys below",
                )
            )
        for key in table:
            _check_known(key, _KEYS[name], f"key '{key}'", f"{where}, [{name}]")
    missing = [f"[{name}]" for name in _NEEDED if name not in tables]
    for name, table in tables.items():
        needed = [key for key, wanted in _KEYS[name].items() if wanted and key not in table]
        missing += [f"'{key}' of [{name}]" for key in needed]
    if missing:
        raise KeyError(
            sentence(
                PRODUCT,
                wanted=", ".join(missing),
                came=f"tables {', '.join(tables) or 'none'}",
                where=where,
                do="add them; pm_dalec.landscape.from_products.plan.EXAMPLE shows all",
            )
        )


def _check_known(word, known, what, where):
    if word in known:
        return
    near = difflib.get_close_matches(word, known, n=1)
    hint = f"write '{near[0]}'" if near else "remove it"
    raise KeyError(
        sentence(PRODUCT, wanted=f"one of {', '.join(known)}", came=what, where=where, do=hint)
    )


def _years(given, where):
    whole = isinstance(given, list) and len(given) == 2
    whole = whole and all(type(year) is int for year in given)
    if not (whole and 1901 <= given[0] <= given[1] <= 2100):
        raise ValueError(
            sentence(
                PRODUCT,
                wanted="years = [first, last]",
                came=repr(given),
                where=f"{where}, [region]",
                do="give two calendar years in order",
            )
        )
    return tuple(range(given[0], given[1] + 1))


def _rooted(name, table, folder):
    if "path" not in table:
        return table
    if not isinstance(table["path"], str):
        raise TypeError(
            sentence(
                PRODUCT,
                wanted="path as text",
                came=repr(table["path"]),
                where=f"[{name}]",
                do="name one file or folder",
            )
        )
    return {**table, "path": folder / table["path"]}
