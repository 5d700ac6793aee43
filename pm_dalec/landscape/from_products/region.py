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
    tell = progress or (lambda sentence: None)
    wanted = [name for name in READERS if getattr(plan.tables, name) is not None]
    made, total = {}, len(wanted) + 1
    for done, name in enumerate(wanted, start=1):
        words, read = READERS[name]
        tell(f"{done} of {total}: reading {words}")
        made[name] = read(plan, getattr(plan.tables, name), made)
    tell(f"{total} of {total}: averaging to pixels of {plan.grid.resolution} degree")
    region = _assembled(plan, made)
    region.attrs["region_file"] = Path(path).name
    return validate_region(region)


def _assembled(plan, made):
    """Pixels and strata from what the readers gave."""
    climate = made["meteorology"].assign(co2=made["co2"])
    region = assemble_region(
        plan.grid,
        made["land_cover"].reference,
        layers=[*made.get("lai", []), *made.get("biomass", []), *made.get("soil", [])],
        losses=made.get("forest_loss", []),
        weather=climate,
        minimum_coverage=plan.tables.region.minimum_coverage,
    )
    if "burned_area" in made:
        region = observations.with_burned(region, made["burned_area"], plan.grid)
    region["co2"].attrs |= {"product": "Mauna Loa CO2", "rule": "one series for all pixels"}
    filled = "weather_cells_filled_from_nearest"
    region.attrs |= {"title": "region from product files", filled: climate.attrs[filled]}
    return region


def _land_cover(plan, table, _):
    return land_cover.land_cover_maps(
        table.path,
        window=plan.window,
        grid=plan.grid,
        product=table.product,
        resolution=table.resolution,
    )


def _meteorology(plan, table, _):
    return weather.weather(table.path, window=plan.window, years=plan.years)


def _co2(plan, table, made):
    series = weather.carbon_dioxide(table.path, years=plan.years)
    cells = made["meteorology"]["tmin"]
    return (cells.dims, np.broadcast_to(series[:, None, None], cells.shape), {"units": "ppm"})


def _lai(plan, table, made):
    return observations.lai_layers(
        table.path, **_place(plan, made), years=plan.years, reject=table.reject
    )


def _biomass(plan, table, made):
    years = [year for year in table.years if year in plan.years]
    return observations.biomass_layers(table.path, **_place(plan, made), years=years)


def _soil(plan, table, made):
    sigmas = table.sigmas_in_range
    return observations.soil_layers(table.path, **_place(plan, made), sigmas_in_range=sigmas)


def _forest_loss(plan, table, made):
    return observations.loss_layers(
        table.path, **_place(plan, made), years=plan.years, version=table.version
    )


def _burned_area(plan, table, made):
    return observations.burned_layer(table.path, **_place(plan, made))


def _place(plan, made):
    return {"window": plan.window, "maps": made["land_cover"]}


# In the order in which they run: what a product needs comes before it.
READERS = {
    "land_cover": ("land cover", _land_cover),
    "meteorology": ("meteorology", _meteorology),
    "co2": ("CO2", _co2),
    "lai": ("leaf area index", _lai),
    "biomass": ("biomass", _biomass),
    "soil": ("soil carbon", _soil),
    "forest_loss": ("tree-cover loss", _forest_loss),
    "burned_area": ("burned area", _burned_area),
}
