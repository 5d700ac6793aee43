"""Small valid files of every reader with numbers of their own in every cell, and how they are opened."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.products import (
    biomass,
    crujra,
    hansen,
    lai300,
    landcover,
    lc100,
    mauna_loa,
    mcd64a1,
    soilgrids,
    ukesm,
)
from pm_dalec.products.modis import leaf_area, mcd12q1
from pm_dalec.products.reading import windows

from .malformed import CLIMATE, WINDOW


def cells(grid, choices, names=("lat", "lon"), window=WINDOW):
    """Map whose cells take the choices in an order that no flip or shift repeats."""
    y, x = windows.grid_axes(grid, window)
    place = np.random.default_rng(7).integers(len(choices), size=(y.size, x.size))
    coords = dict(zip(names, (y, x), strict=True))
    return xr.DataArray(np.asarray(choices)[place], coords, names)


def lai300_files(folder):
    layer = cells(lai300.GRID, np.arange(1, 60) / 10.0).expand_dims(
        time=pd.to_datetime(["2014-06-10", "2014-06-20"])
    )
    lai300.write_lai300(folder, xr.Dataset({"lai": layer, "lai_unc": layer * 0.2}))


def biomass_netcdf(folder):
    layer = cells(biomass.GRID, np.arange(0, 300, dtype="int16")).expand_dims(time=[9862.0])
    maps = xr.Dataset({"agb": layer, "agb_sd": layer // 2})
    maps["time"].attrs["units"] = "days since 1990-01-01"
    for name in ("agb", "agb_sd"):
        maps[name].attrs["units"] = "Mg/ha"
    path = folder / "ESACCI-BIOMASS-L4-AGB-MERGED-100m-2017-fv5.01.nc"
    maps.to_netcdf(path, engine="h5netcdf")


def biomass_tiles(folder):
    layer = cells(biomass.GRID, np.arange(0.0, 300.0))
    biomass.write_biomass(folder, xr.Dataset({"agb": layer, "agb_unc": layer / 2}), year=2017)


def soil_files(folder):
    layers = {
        name: cells(soilgrids.GRID, np.arange(100, 500) / 10.0 * factor, ("y", "x")).expand_dims(
            depth=list(soilgrids.DEPTHS)
        )
        for name, factor in (("ocd", 1.0), ("ocd_low", 0.5), ("ocd_high", 1.5))
    }
    soilgrids.write_soilgrids(folder, xr.Dataset(layers))


def loss_file(folder):
    hansen.write_hansen(folder, cells(hansen.GRID, [0, 0, 2001, 2014, 2019]))


def burn_file(folder):
    burned = cells(mcd64a1.GRID, [0.0, 1.0, 0.0, np.nan], ("y", "x"))
    mcd64a1.write_mcd64a1(folder, burned.expand_dims(time=[pd.Timestamp("2014-07-01")]))


def lcm_file(folder):
    grid = landcover.GRIDS[25]
    classes = cells(grid, np.arange(0, 22, dtype="uint8"), ("y", "x"))
    probability = cells(grid, np.arange(50.0, 100.0), ("y", "x"))
    maps = xr.Dataset({"land_cover": classes, "probability": probability})
    landcover.write_lcm2015(folder, maps)


LCCS = np.array([10, 70, 130, 190, 210], "uint8")


def lccs_file(folder, version="2.1.1", year=2018):
    grid = windows.Grid("LCCS", (landcover.ESA_STEP,) * 2)
    classes = cells(grid, LCCS).astype("int8").expand_dims(time=[17532])
    classes.attrs["_Unsigned"] = "true"
    maps = xr.Dataset({"lccs_class": classes})
    maps["time"].attrs["units"] = "days since 1970-01-01"
    path = folder / f"C3S-LC-L4-LCCS-Map-300m-P1Y-{year}-v{version}.nc"
    maps.to_netcdf(path, engine="h5netcdf")
    return path


def igbp_file(folder):
    classes = cells(mcd12q1.GRID, np.arange(1, 18), ("y", "x"))
    mcd12q1.write_mcd12q1(folder, classes, year=2014)


def lc100_file(folder):
    lc100.write_lc100(folder, cells(lc100.GRID, [20, 40, 50, 111, 114, 126, 80]))


def modis_files(folder):
    layer = cells(leaf_area.GRID, np.arange(1, 60) / 10.0, ("y", "x"))
    layer = layer.expand_dims(time=pd.to_datetime(["2014-06-10"]))
    leaf_area.write_modis_lai(folder, xr.Dataset({"lai": layer, "lai_unc": layer * 0.2}))


def weather_files(folder):
    lat, lon = windows.grid_axes(crujra.GRID, CLIMATE)
    shape = (crujra.STEPS_PER_YEAR, lat.size, lon.size)
    noise = np.random.default_rng(3).random(shape)
    middle = {"tmin": 280, "tmax": 290, "tmp": 285, "dswrf": 2e6, "spfh": 5e-3, "pres": 1e5}
    middle |= {"ugrd": 3, "vgrd": 4}
    fields = {
        name: (("time", "lat", "lon"), value * (1 + 0.01 * noise), {"units": crujra.units_of(name)})
        for name, value in middle.items()
    }
    coords = {"time": crujra.time_axis(2014), "lat": lat, "lon": lon}
    crujra.write_crujra(folder, xr.Dataset(fields, coords))


def scenario_files(folder):
    lat, lon = windows.grid_axes(ukesm.GRID, CLIMATE)
    months = pd.date_range("2015-01-01", "2015-12-01", freq="MS")
    noise = np.random.default_rng(4).random((months.size, lat.size, lon.size))
    middle = {"tasmin": 278.0, "tasmax": 286.0, "rsds": 100.0, "huss": 0.005, "ps": 1e5}
    middle |= {"sfcWind": 4.0}
    fields = {n: (("time", "lat", "lon"), v * (1 + 0.01 * noise)) for n, v in middle.items()}
    fields["co2mass"] = ("time", 3.2e15 + 1e13 * np.arange(months.size))
    ukesm.write_ukesm(folder, xr.Dataset(fields, {"time": months, "lat": lat, "lon": lon}))


def co2_file(folder, layout="csv"):
    months = pd.date_range("2013-01-01", "2014-12-01", freq="MS")
    season = 398 + 0.2 * np.arange(24) + 3 * np.sin(np.arange(24) / 6 * np.pi)
    co2 = xr.DataArray(season.round(2), {"time": months}, ("time",))
    return mauna_loa.write_mauna_loa(folder / "co2_mm_mlo.csv", co2, layout=layout)[0]


class Reader(NamedTuple):
    """How valid files are written into a folder and opened from it."""

    write: object
    open: object


READERS = {
    "lai300": Reader(lai300_files, lambda f: lai300.open_lai300(f, window=WINDOW)),
    "biomass netcdf": Reader(
        biomass_netcdf, lambda f: biomass.open_biomass(f, window=WINDOW, year=2017)
    ),
    "biomass": Reader(biomass_tiles, lambda f: biomass.open_biomass(f, window=WINDOW, year=2017)),
    "soilgrids": Reader(soil_files, lambda f: soilgrids.open_soilgrids(f, window=WINDOW)),
    "hansen": Reader(loss_file, lambda f: hansen.open_hansen(f, window=WINDOW)),
    "mcd64a1": Reader(burn_file, lambda f: mcd64a1.open_mcd64a1(f, window=WINDOW)),
    "lcm2015": Reader(lcm_file, lambda f: landcover.open_lcm2015(f, window=WINDOW)),
    "esa_cci": Reader(lccs_file, lambda f: landcover.open_esa_cci_landcover(f, window=WINDOW)),
    "mcd12q1": Reader(igbp_file, lambda f: mcd12q1.open_mcd12q1(f, window=WINDOW)),
    "lc100": Reader(lc100_file, lambda f: lc100.open_lc100(f, window=WINDOW)),
    "modis": Reader(modis_files, lambda f: leaf_area.open_modis_lai(f, window=WINDOW)),
    "crujra": Reader(weather_files, lambda f: crujra.open_crujra(f, window=CLIMATE, years=(2014,))),
    "ukesm": Reader(scenario_files, lambda f: ukesm.open_ukesm(f, window=CLIMATE)),
    "mauna_loa": Reader(co2_file, lambda f: mauna_loa.open_mauna_loa(f / "co2_mm_mlo.csv")),
}
