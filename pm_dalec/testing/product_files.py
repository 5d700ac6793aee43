"""A small window of the synthetic twin as files of every product, and as the arrays behind them.

Each product's cell takes the value of the twin's cell in which its centre lies, so the files go
through the readers' front door with a truth that is known on every grid.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from rasterio.warp import transform as transform_points

from pm_dalec.data.series.air import MOLAR_MASS_RATIO, saturation
from pm_dalec.landscape.twin.table import CELLS_PER_DEGREE, DOMAIN
from pm_dalec.landscape.twin.weather import future_climate, meteorology
from pm_dalec.products import (
    biomass,
    crujra,
    hansen,
    lai300,
    landcover,
    mauna_loa,
    mcd64a1,
    soilgrids,
    ukesm,
)
from pm_dalec.products.reading import windows
from pm_dalec.tables.constants import FREEZING

PRESSURE = 1e5  # [Pa] of the made-up humidity
DEKAD_ENDS = (10, 20, None)  # None is the last day of the month
LCM_PROBABILITY = 80.0  # [percent]


class TwinProducts(NamedTuple):
    """Arrays of a window of the twin on the grid of every product, as the readers return them.

    Attributes
    ----------
    lai300, biomass, soilgrids, lcm2015, lcm2015_modal, crujra, ukesm : xarray.Dataset
        ``lcm2015_modal`` has cells of 300 m.
    hansen, mcd64a1, mauna_loa : xarray.DataArray
    """

    lai300: xr.Dataset
    biomass: xr.Dataset
    soilgrids: xr.Dataset
    lcm2015: xr.Dataset
    lcm2015_modal: xr.Dataset
    crujra: xr.Dataset
    ukesm: xr.Dataset
    hansen: xr.DataArray
    mcd64a1: xr.DataArray
    mauna_loa: xr.DataArray


def twin_arrays(twin, *, window, years=(2014,), biomass_year=2017, last_scenario_year=2030):
    """Arrays of a window of the twin on the grid of every product.

    Parameters
    ----------
    twin : Twin
        The landscape.
    window : tuple of float
        West, south, east, north [degrees], inside the twin's domain with a margin of a cell or two.
    years : tuple of int
        Years of the time series; leaf area and weather are there for 2014 to 2019.
    biomass_year : int
        Year of the biomass map.
    last_scenario_year : int
        Last year of the scenario, which begins in 2015.

    Returns
    -------
    TwinProducts
    """
    months = pd.date_range(f"{years[0]}-01-01", f"{years[-1]}-12-01", freq="MS")
    weather = meteorology(twin).sel(time=months)
    return TwinProducts(
        lai300=_lai(twin, window, months),
        biomass=_biomass(twin, window, biomass_year),
        soilgrids=_soil(twin, window),
        lcm2015=_cover(twin, window, 25),
        lcm2015_modal=_cover(twin, window, 300),
        crujra=_six_hourly(weather, years),
        ukesm=_scenario(twin, window, last_scenario_year),
        hansen=_loss(twin, window),
        mcd64a1=_burned(twin, window, months),
        mauna_loa=weather["co2"].mean(("lat", "lon")).rename("co2"),
    )


def write_twin_products(folder, arrays, *, biomass_year=2017):
    """Write the arrays of a window as files of every product, each in a folder of its own.

    Parameters
    ----------
    folder : str or Path
        Existing target folder.
    arrays : TwinProducts
        From `twin_arrays`.
    biomass_year : int
        Year of the biomass map.

    Returns
    -------
    dict of str to Path
        Product -> its folder, or its file for land cover and CO2.
    """
    names = ("lai300", "biomass", "soilgrids", "lcm2015", "hansen", "mcd64a1", "crujra", "ukesm")
    places = {name: Path(folder) / name for name in names}
    for place in places.values():
        place.mkdir()
    lai300.write_lai300(places["lai300"], arrays.lai300)
    biomass.write_biomass(places["biomass"], arrays.biomass, year=biomass_year)
    soilgrids.write_soilgrids(places["soilgrids"], arrays.soilgrids)
    hansen.write_hansen(places["hansen"], arrays.hansen)
    mcd64a1.write_mcd64a1(places["mcd64a1"], arrays.mcd64a1)
    crujra.write_crujra(places["crujra"], arrays.crujra)
    ukesm.write_ukesm(places["ukesm"], arrays.ukesm)
    cover = places.pop("lcm2015")
    places["lcm2015"], places["lcm2015_modal"] = (
        landcover.write_lcm2015(cover, maps, resolution=metres)[0]
        for metres, maps in ((25, arrays.lcm2015), (300, arrays.lcm2015_modal))
    )
    places["mauna_loa"] = Path(folder) / "co2_mm_mlo.txt"
    mauna_loa.write_mauna_loa(places["mauna_loa"], arrays.mauna_loa)
    return places


def _sampled(twin_field, lat, lon):
    """Values of the twin's cells that hold points; NaN outside the domain."""
    row = np.floor((lat - DOMAIN["south"]) * CELLS_PER_DEGREE).astype(int)
    column = np.floor((lon - DOMAIN["west"]) * CELLS_PER_DEGREE).astype(int)
    rows, columns = twin_field.shape[-2:]
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    values = twin_field.values[..., np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)]
    return np.where(inside, values.astype(float), np.nan)


def _geographic(twin_field, axes, **labels):
    lat, lon = axes
    columns, rows = np.meshgrid(lon, lat)
    values = _sampled(twin_field, rows, columns)
    leading = twin_field.dims[:-2]
    coords = {name: twin_field[name] for name in leading} | {"lat": lat, "lon": lon}
    return xr.DataArray(values, coords, (*leading, "lat", "lon"), attrs=labels)


def _projected(twin_field, axes, crs, **labels):
    y, x = axes
    columns, rows = np.meshgrid(x, y)
    lon, lat = transform_points(crs, windows.WGS84, columns.ravel(), rows.ravel())
    place = (np.reshape(lat, rows.shape), np.reshape(lon, rows.shape))
    values = _sampled(twin_field, *place)
    return xr.DataArray(values, {"y": y, "x": x}, ("y", "x"), attrs=labels)


def _lai(twin, window, months):
    """Every dekad of a month holds the month's leaf area and sigma."""
    observed = twin.leaf_area.sel(time=months)
    axes = windows.grid_axes(lai300.GRID, window)
    monthly = xr.Dataset(
        {
            "lai": _geographic(observed["lai"], axes, units="m2 m-2"),
            "lai_unc": _geographic(observed["lai_sigma"], axes, units="m2 m-2"),
        }
    )
    dekads = []
    for day in DEKAD_ENDS:
        ends = [m.replace(day=day or m.days_in_month) for m in months]
        dekads.append(monthly.assign_coords(time=ends))
    return xr.concat(dekads, dim="time").sortby("time")


def _biomass(twin, window, year):
    fields = twin.fields.sel(biomass_year=year, drop=True)
    axes = windows.grid_axes(biomass.GRID, window)
    return xr.Dataset(
        {
            "agb": _geographic(fields["agb"], axes, units="Mg ha-1"),
            "agb_unc": _geographic(fields["agb_sd"], axes, units="Mg ha-1"),
        }
    )


def _soil(twin, window):
    """The stock spread evenly over the first metre, quantiles one sigma beside the mean."""
    place = (windows.grid_axes(soilgrids.GRID, window), soilgrids.CRS)
    mean = _projected(twin.fields["soil_carbon"], *place, units="kg m-3") / 1000.0
    sigma = _projected(twin.fields["soil_carbon_sigma"], *place, units="kg m-3") / 1000.0
    depth = xr.DataArray(list(soilgrids.DEPTHS), dims="depth", name="depth")
    layers = {"ocd": mean, "ocd_low": mean - sigma, "ocd_high": mean + sigma}
    return xr.Dataset(
        {name: layer.expand_dims(depth=depth.values) for name, layer in layers.items()}
    )


def _cover(twin, window, metres):
    axes = windows.grid_axes(landcover.GRIDS[metres], window)
    classes = _projected(twin.fields["land_cover"], axes, landcover.CRS).fillna(0)
    probability = xr.where(classes > 0, LCM_PROBABILITY, 0.0)
    return xr.Dataset({"land_cover": classes.astype("uint8"), "probability": probability})


def _loss(twin, window):
    return _geographic(twin.fields["loss_year"], windows.grid_axes(hansen.GRID, window)).rename(
        "lossyear"
    )


def _burned(twin, window, months):
    """No fire in the twin; sea is missing, and one cell burns so that the coding is used."""
    axes = windows.grid_axes(mcd64a1.GRID, window)
    land = _projected(twin.fields["soil_carbon"], axes, mcd64a1.CRS).notnull()
    burned = xr.zeros_like(land, dtype=float).where(land).expand_dims(time=months).copy()
    west, south, east, north = window
    place = ([west + 0.3 * (east - west)], [south + 0.3 * (north - south)])
    x, y = transform_points(windows.WGS84, mcd64a1.CRS, *place)
    cell = land.sel(x=x[0], y=y[0], method="nearest")
    burned.loc[{"time": months[0], "y": cell["y"], "x": cell["x"]}] = 1.0
    return burned.rename("burned")


def _six_hourly(weather, years):
    """Six-hourly weather whose monthly reduction gives back the monthly weather."""
    times = np.concatenate([crujra.time_axis(year) for year in years])
    starts = pd.DatetimeIndex([f"{t.year:04d}-{t.month:02d}-01" for t in times])
    steps = weather.drop_vars("time_bnds").sel(time=xr.DataArray(starts, dims="time"))
    steps = steps.assign_coords(time=times)
    celsius = (steps["tmin"] + steps["tmax"]) / 2
    saturated = saturation(celsius)
    # Sunlight falls in the two middle steps of the day
    light = xr.DataArray(np.where((np.arange(times.size) % 4) % 3 > 0, 0.5, 0.0), dims="time")
    values = {
        "tmin": steps["tmin"] + FREEZING,
        "tmax": steps["tmax"] + FREEZING,
        "tmp": celsius + FREEZING,
        "dswrf": steps["sw_rad"] * 1e6 * light,
        "spfh": (saturated - steps["vpd"]) * MOLAR_MASS_RATIO / PRESSURE,
        "pres": xr.full_like(celsius, PRESSURE),
        "ugrd": 0.6 * steps["wind"],
        "vgrd": 0.8 * steps["wind"],
    }
    made = xr.Dataset(values)
    for name in crujra.VARIABLES:
        made[name].attrs = {"units": crujra.units_of(name)}
    return made


def _scenario(twin, window, last_year):
    """Climate of the twin on the model's cells, in CMIP6 units."""
    climate = future_climate(twin, last_year=last_year)
    lat, lon = windows.grid_axes(ukesm.GRID, window)
    local = climate.sel(lat=lat, lon=lon, method="nearest").assign_coords(lat=lat, lon=lon)
    saturated = sum(saturation(local[name]) / 2 for name in ("tmin", "tmax"))
    made = xr.Dataset(
        {
            "tasmin": local["tmin"] + FREEZING,
            "tasmax": local["tmax"] + FREEZING,
            "rsds": local["sw_rad"] / ukesm.MJ_PER_DAY,
            "huss": (saturated - local["vpd"]) * MOLAR_MASS_RATIO / PRESSURE,
            "ps": xr.full_like(local["tmin"], PRESSURE),
            "sfcWind": local["wind"],
            "co2mass": climate["co2"].mean(("lat", "lon")) * ukesm.KG_PER_PPM,
        }
    )
    return made.drop_vars("time_bnds", errors="ignore")
