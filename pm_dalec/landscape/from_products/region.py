"""A region from a TOML file that names the products' files; `EXAMPLE` is one."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.data.land import NODES
from pm_dalec.data.messages import sentence
from pm_dalec.landscape.assembly import assemble_region
from pm_dalec.landscape.from_products import land_cover, observations, weather
from pm_dalec.landscape.from_products.plan import PRODUCT, read_config
from pm_dalec.landscape.region_file import validate_region
from pm_dalec.tables import dims

if TYPE_CHECKING:
    from collections.abc import Callable

    from pm_dalec.landscape.from_products.plan import Plan


def build_from_config(
    path: str | Path, *, progress: Callable[[str], None] | None = None
) -> xr.DataTree:
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
    region = region_of(read_config(path), progress)
    region.attrs["region_file"] = Path(path).name
    return validate_region(region)


def region_of(plan: Plan, progress: Callable[[str], None] | None = None) -> xr.DataTree:
    """Region that a plan asks for.

    Parameters
    ----------
    plan : Plan
        Its target is a `Grid`, or `Polygons`.
    progress : callable, optional
        As in `build_from_config`.

    Returns
    -------
    DataTree
    """
    tell = progress or (lambda sentence: None)
    wanted = [name for name in READERS if getattr(plan.tables, name) is not None]
    made, total = {}, len(wanted) + 1
    for done, name in enumerate(wanted, start=1):
        words, read = READERS[name]
        tell(f"{done} of {total}: reading {words}")
        made[name] = read(plan, getattr(plan.tables, name), made)
    words = " ".join(f"{name} {value}" for name, value in plan.grid.attributes.items())
    tell(f"{total} of {total}: averaging to {plan.grid.pixels.size} units ({words})")
    return _assembled(plan, made)


def future_from_config(path: str | Path, region: xr.DataTree) -> xr.DataTree | None:
    """Region of the months after the last observed one, from the table ``scenario`` of a TOML file.

    Parameters
    ----------
    path : str or Path
        The file.
    region : DataTree
        From `build_from_config` and the same file.

    Returns
    -------
    DataTree or None
        Weather, losses and areas without observations; None where the file has no such table.
    """
    table = read_config(path).tables.scenario
    if table is None:
        return None
    reference = table.reference_year and (table.reference_year,) * 2
    parts = {part.path: part.to_dataset(inherit=False) for part in region.subtree}
    for each, node in NODES.items():
        drivers = weather.scenario_drivers(
            table.path, region=region, each=each, scenario=table.name, reference=reference
        )
        drivers = drivers.sel(time=slice(None, table.last_year and str(table.last_year)))
        if not drivers.sizes["time"]:
            raise ValueError(_no_future(table.last_year, path))
        parts[f"/{node}"] = _with_drivers(parts[f"/{node}"], drivers)
    parts["/"] = _with_drivers(parts["/"], drivers).assign_attrs(drivers.attrs)
    return validate_region(xr.DataTree.from_dict(parts))


def _no_future(last_year, path):
    return sentence(
        PRODUCT,
        wanted="last_year after the last observed year",
        came=repr(last_year),
        where=f"file {path}, [scenario]",
        do="give a later year, or leave 'last_year' out",
    )


def _with_drivers(part, drivers):
    """Part of a region with its drivers of other months, and without observations."""
    later = {name: drivers[name].variable for name in part.variables if name in drivers.variables}
    priors = [name for name in part.data_vars if str(name).startswith("csom_prior")]
    still = part.drop_dims(dims.TIME).drop_vars(priors)
    coords = {name: later.pop(name) for name in part.coords if name in later}
    return still.assign_coords(coords).assign(later)


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
        absent = plan.tables.burned_area.absent
        region = observations.with_burned(region, made["burned_area"], plan.grid, absent=absent)
    region["co2"].attrs |= {"product": "Mauna Loa CO2", "rule": "one series for all pixels"}
    filled = "weather_cells_filled_from_nearest"
    region.attrs |= {"title": "region from product files", filled: climate.attrs[filled]}
    return region


def _land_cover(plan, table, _):
    read = partial(
        land_cover.land_cover_maps,
        table.path,
        grid=plan.grid,
        product=table.product,
        resolution=table.resolution,
        year=table.year,
    )
    if plan.cover is not None:
        with suppress(ValueError):  # the files may end with the window
            return read(window=plan.cover)
    return read(window=plan.window)


def _meteorology(plan, table, _):
    return weather.weather(table.path, window=plan.window, years=plan.years)


def _co2(plan, table, made):
    series = weather.carbon_dioxide(table.path, years=plan.years)
    cells = made["meteorology"]["tmin"]
    return (cells.dims, np.broadcast_to(series[:, None, None], cells.shape), {"units": "ppm"})


def _lai(plan, table, made):
    chosen = {"product": table.product, "reject": table.reject}
    return observations.lai_layers(table.path, **_place(plan, made), years=plan.years, **chosen)


def _biomass(plan, table, made):
    years = [year for year in table.years if year in plan.years]
    if not years:
        raise ValueError(_no_biomass(plan, table))
    return observations.biomass_layers(
        table.path, **_place(plan, made), years=years, version=table.version
    )


def _no_biomass(plan, table):
    return sentence(
        PRODUCT,
        wanted=f"a map of a year from {plan.years[0]} to {plan.years[-1]}",
        came=f"years = {list(table.years)}",
        where="table [biomass]",
        do="correct 'years', or leave the table out",
    )


def _soil(plan, table, made):
    sigmas = table.sigmas_in_range
    return observations.soil_layers(table.path, **_place(plan, made), sigmas_in_range=sigmas)


def _forest_loss(plan, table, made):
    return observations.loss_layers(
        table.path,
        **_place(plan, made),
        years=plan.years,
        version=table.version,
        absent=table.absent,
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
