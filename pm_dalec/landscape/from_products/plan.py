"""The TOML file of a region: which files of which products, checked.

The file has the tables ``region``, ``land_cover``, ``meteorology`` and ``co2``, and, where wanted,
``lai``, ``biomass``, ``soil``, ``forest_loss``, ``burned_area`` and ``scenario``. Paths are relative to
the file.
`EXAMPLE` is one.
"""

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

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
product = "lcm2015"                  # or "esa_cci", or the free "mcd12q1" and "lc100"
path = "lcm2015gb25m.tif"
resolution = 25                      # [m] of lcm2015
year = 2015                          # of the map, where its name does not tell or there are several

[meteorology]
path = "crujra"

[co2]
path = "co2_mm_mlo.txt"

[lai]
product = "lai300"                   # or "modis": MOD15A2H, MCD15A2H, VNP15A2H
path = "lai300"
reject = []                          # quality names, as "gap_interpolated"; of modis "backup", "cloud"

[biomass]
path = "biomass"
years = [2017, 2018]
version = "2.0"                      # of 2 to 7, where the files are of several

[soil]
path = "soilgrids"
sigmas_in_range = 2.0                # the authors' reading of the quantiles; normal: 3.289707

[forest_loss]
path = "hansen"
version = "GFC-2019-v1.7"
absent = "refuse"                    # years without a file; "warn" or "zero" take them as none lost

[burned_area]
path = "mcd64a1"
absent = "warn"                      # months without a file; "refuse", or "zero" without a word

[scenario]                           # future drivers, in a region of their own
path = "ukesm"
name = "ssp245"
reference_year = 2019                # whose difference from the model is carried on; the last observed
last_year = 2050                     # all there are, where it is not given
"""


def _in_order(years):
    if years[0] > years[1]:
        raise ValueError
    return years


def _key(words, kind, *more, **limits):
    """Kind of a value with the words that a message uses for what was wanted."""
    return Annotated[kind, *more, Field(description=words, **limits)]


Year = Annotated[int, Field(ge=1901, le=2100, strict=True)]
Where = _key(
    "path as text, one file or folder", Path, AfterValidator(lambda path, info: info.context / path)
)


Absent = _key('absent = "refuse", "warn" or "zero"', Literal["refuse", "warn", "zero"])


class _Table(BaseModel):
    """A table of the file; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Area(_Table):
    """Pixels and period."""

    resolution: _key("resolution as a number [degree]", float, strict=True)
    bounds: _key("bounds = [west, south, east, north] [degree]", list[float])
    years: _key(
        "years = [first, last], two calendar years in order",
        tuple[Year, Year],
        AfterValidator(_in_order),
    )
    minimum_coverage: _key("minimum_coverage from 0 to 1", float, strict=True, ge=0, le=1) = (
        MINIMUM_COVERAGE
    )


class Product(_Table):
    """Files of a product that has no settings."""

    path: Where


class LandCover(Product):
    """A map of land cover."""

    product: _key("product as text", str)
    resolution: _key("resolution as a number [m]", float, strict=True, gt=0) = 25
    year: _key("year as a calendar year", Year) = None


class LeafArea(Product):
    """Leaf area index; qualities that are named do not count, by default those of the product."""

    product: _key("product as text", str) = "lai300"
    reject: _key("reject = [names of qualities]", tuple[str, ...]) = None


class Biomass(Product):
    """Maps of biomass."""

    years: _key("years = [calendar years]", tuple[Year, ...]) = (2017, 2018)
    version: _key('version as text, as "2.0"', str) = None


class Soil(Product):
    """Soil carbon, whose sigma is the range between two quantiles over a number."""

    sigmas_in_range: _key("sigmas_in_range as a positive number", float, strict=True, gt=0) = 2.0


class ForestLoss(Product):
    """Tree-cover loss."""

    version: _key("version as text", str) = "GFC-2019-v1.7"
    absent: Absent = "refuse"


class BurnedArea(Product):
    """Burned area of each month."""

    absent: Absent = "warn"


class Scenario(Product):
    """Future weather and CO2 of a climate model."""

    name: _key("name as text, as in the names of the files", str) = "ssp245"
    reference_year: _key("reference_year as a calendar year", Year) = None
    last_year: _key("last_year as a calendar year", Year) = None


class Tables(_Table):
    """All tables of a region file; those of products that are not wanted are None."""

    region: Area
    land_cover: LandCover
    meteorology: Product
    co2: Product
    lai: LeafArea = None
    biomass: Biomass = None
    soil: Soil = None
    forest_loss: ForestLoss = None
    burned_area: BurnedArea = None
    scenario: Scenario = None


class Plan(NamedTuple):
    """What a checked region file asks for.

    Attributes
    ----------
    grid : Grid
        Target pixels.
    window : Window
        Bounds of the grid [degree].
    years : tuple of int
        All calendar years of the period.
    tables : Tables
        With whole paths.
    cover : Window, optional
        Of the land cover, where it is wider than that of the grid.
    """

    grid: Grid
    window: Window
    years: tuple
    tables: Tables
    cover: Window | None = None


def read_config(path: str | Path) -> Plan:
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
    parsed = _parsed(path)
    try:
        tables = Tables.model_validate(parsed, context=path.parent)
    except ValidationError as error:
        raise _fault(error.errors(), parsed, f"file {path}") from error
    region = tables.region
    window = checked_window(region.bounds, product=f"{PRODUCT}, key 'bounds' of [region]")
    grid = target_grid(region.resolution, **window._asdict())
    first, last = region.years
    return Plan(grid, window, tuple(range(first, last + 1)), tables)


def _parsed(path):
    if not path.is_file():
        raise FileNotFoundError(
            sentence(
                PRODUCT,
                wanted="an existing TOML file",
                came="a path where no file is",
                where=str(path),
                do="correct the path; pm_dalec.landscape.from_products.EXAMPLE shows one",
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


def _fault(errors, parsed, where):
    """Exception that says in our words what pydantic has found; first of all the unknown keys."""
    error = min(errors, key=lambda one: one["type"] != "extra_forbidden")
    table, key = (*error["loc"], None)[:2]
    known, given = Tables.model_fields, parsed
    if key:
        known, given = known[table].annotation.model_fields, parsed[table]
        where = f"{where}, [{table}]"
    kind = TypeError if error["type"].endswith("_type") else ValueError
    if error["type"] == "missing":
        missing = [_named(*one["loc"]) for one in errors if one["type"] == "missing"]
        kind, wanted, came = KeyError, ", ".join(missing), f"tables {', '.join(parsed) or 'none'}"
        do = "add them; pm_dalec.landscape.from_products.EXAMPLE shows all"
    elif error["type"] == "extra_forbidden":
        kind, wanted = KeyError, f"one of {', '.join(known)}"
        came = f"key '{key}'" if key else f"table [{table}]"
        near = difflib.get_close_matches(key or table, known, n=1)
        do = f"write '{near[0]}'" if near else "remove it"
    elif key:
        wanted, came, do = known[key].description, repr(given[key]), f"correct '{key}'"
    else:
        wanted, came = f"a table [{table}]", repr(given[table])
        do = f"write [{table}] on a line of its own, its keys below"
    return kind(sentence(PRODUCT, wanted=wanted, came=came, where=where, do=do))


def _named(table, key=None, *_):
    return f"'{key}' of [{table}]" if key else f"[{table}]"
