"""A region from a TOML file that names the products' files; `EXAMPLE` is one."""

from pathlib import Path

import numpy as np

from pm_dalec.landscape.assembly import assemble_region
from pm_dalec.landscape.from_products import land_cover, observations, weather
from pm_dalec.landscape.from_products.plan import read_config
from pm_dalec.landscape.region_file import validate_region


def build_from_config(path, *, progress=None):
    """Region from a TOML file that names the products' files.

    Parameters
    ----------
    path : str or Path
        The file; `EXAMPLE` is one.
    progress : callable, optional
        Called with a sentence before each product.

    Returns
    -------
    DataTree
        Validated; provenance in the attributes.
    """
    plan = read_config(path)
    tell = progress or silent
    wanted = [name for name in _ORDER if name in plan.tables]
    made = {}
    total = len(wanted) + 1
    for done, name in enumerate(wanted, start=1):
        tell(f"{done} of {total}: reading {_WORDS[name]}")
        made[name] = _ORDER[name](plan, made)
    tell(f"{total} of {total}: averaging to pixels of {plan.grid.resolution} degree")
    climate = made["meteorology"].assign(co2=made["co2"])
    region = assemble_region(
        plan.grid,
        made["land_cover"].reference,
        layers=[*made.get("lai", []), *made.get("biomass", []), *made.get("soil", [])],
        losses=made.get("forest_loss", []),
        weather=climate,
        minimum_coverage=plan.minimum_coverage,
    )
    if "burned_area" in made:
        region = observations.with_burned(region, made["burned_area"], plan.grid)
    region["co2"].attrs |= {"product": "Mauna Loa CO2", "rule": "one series for all pixels"}
    filled = "weather_cells_filled_from_nearest"
    region.attrs |= {
        "title": "region from product files",
        filled: climate.attrs[filled],
        "region_file": Path(path).name,
    }
    return validate_region(region)


def silent(text):
    """Report nothing."""


def _land_cover(plan, _):
    table = plan.tables["land_cover"]
    return land_cover.land_cover_maps(
        table["path"],
        window=plan.window,
        grid=plan.grid,
        product=table["product"],
        resolution=table.get("resolution", 25),
    )


def _meteorology(plan, _):
    path = plan.tables["meteorology"]["path"]
    return weather.weather(path, window=plan.window, years=plan.years)


def _co2(plan, made):
    path = plan.tables["co2"]["path"]
    series = weather.carbon_dioxide(path, years=plan.years)
    cells = made["meteorology"]["tmin"]
    return (cells.dims, np.broadcast_to(series[:, None, None], cells.shape), {"units": "ppm"})


def _lai(plan, made):
    table = plan.tables["lai"]
    return observations.lai_layers(
        table["path"],
        window=plan.window,
        maps=made["land_cover"],
        years=plan.years,
        reject=tuple(table.get("reject", ())),
    )


def _biomass(plan, made):
    table = plan.tables["biomass"]
    years = [year for year in table.get("years", (2017, 2018)) if year in plan.years]
    return observations.biomass_layers(
        table["path"], window=plan.window, maps=made["land_cover"], years=years
    )


def _soil(plan, made):
    table = plan.tables["soil"]
    return observations.soil_layers(
        table["path"],
        window=plan.window,
        maps=made["land_cover"],
        sigmas_in_range=table.get("sigmas_in_range", 2.0),
    )


def _forest_loss(plan, made):
    table = plan.tables["forest_loss"]
    return observations.loss_layers(
        table["path"],
        window=plan.window,
        maps=made["land_cover"],
        years=plan.years,
        version=table.get("version", "GFC-2019-v1.7"),
    )


def _burned_area(plan, made):
    path = plan.tables["burned_area"]["path"]
    return observations.burned_layer(path, window=plan.window, maps=made["land_cover"])


# Readers in the order in which they run: what a product needs comes before it.
_ORDER = {
    "land_cover": _land_cover,
    "meteorology": _meteorology,
    "co2": _co2,
    "lai": _lai,
    "biomass": _biomass,
    "soil": _soil,
    "forest_loss": _forest_loss,
    "burned_area": _burned_area,
}

_WORDS = {
    "land_cover": "land cover",
    "meteorology": "meteorology",
    "co2": "CO2",
    "lai": "leaf area index",
    "biomass": "biomass",
    "soil": "soil carbon",
    "forest_loss": "tree-cover loss",
    "burned_area": "burned area",
}
