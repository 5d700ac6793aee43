"""Malformed product files: each is refused in a sentence that says what, where and what to do."""

import gzip
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr

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
from pm_dalec.products.reading import rasters, windows

WINDOW = (-3.02, 54.99, -3.0, 55.01)
ELSEWHERE = (-6.02, 54.99, -6.0, 55.01)
CLIMATE = (-4.0, 54.5, -3.0, 55.5)


def _grid(grid, value, names=("lat", "lon"), dtype=float):
    y, x = windows.grid_axes(grid, WINDOW)
    coords = dict(zip(names, (y, x), strict=True))
    return xr.DataArray(np.full((y.size, x.size), value, dtype), coords, names)


def _leaf_area(folder, *, date="2014-06-10", value=2.0, version="1.0.1"):
    layer = _grid(lai300.GRID, value).expand_dims(time=[pd.Timestamp(date)])
    dekads = xr.Dataset({"lai": layer, "lai_unc": layer * 0.2})
    return lai300.write_lai300(folder, dekads, version=version)[0]


def _biomass(folder, *, value=100.0):
    layer = _grid(biomass.GRID, value)
    return biomass.write_biomass(folder, xr.Dataset({"agb": layer, "agb_unc": layer}), year=2017)


def _soil(folder, *, value=30.0):
    layer = _grid(soilgrids.GRID, value, ("y", "x"))
    layer = layer.expand_dims(depth=list(soilgrids.DEPTHS))
    profile = xr.Dataset({name: layer for name in ("ocd", "ocd_low", "ocd_high")})
    return soilgrids.write_soilgrids(folder, profile)


def _loss(folder, *, value=2014, version=hansen.VERSION):
    layer = _grid(hansen.GRID, value)
    return hansen.write_hansen(folder, layer, version=version)[0]


def _burned(folder, *, value=0.0, date="2014-02-01"):
    layer = _grid(mcd64a1.GRID, value, ("y", "x"))
    return mcd64a1.write_mcd64a1(folder, layer.expand_dims(time=[pd.Timestamp(date)]))[0]


def _cover(folder, *, value=2):
    classes = _grid(landcover.GRIDS[25], value, ("y", "x"), "uint8")
    probability = _grid(landcover.GRIDS[25], 80.0, ("y", "x"))
    maps = xr.Dataset({"land_cover": classes, "probability": probability})
    return landcover.write_lcm2015(folder, maps)[0]


_WEATHER = {
    "tmin": 275.0,
    "tmax": 285.0,
    "tmp": 280.0,
    "dswrf": 2e6,
    "spfh": 0.004,
    "pres": 1e5,
    "ugrd": 3.0,
    "vgrd": 4.0,
}


def _weather(folder, **changed):
    lat, lon = windows.grid_axes(crujra.GRID, CLIMATE)
    time = crujra.time_axis(2014)
    shape = (time.size, lat.size, lon.size)
    fields = {
        name: (("time", "lat", "lon"), np.full(shape, value, "float32"))
        for name, value in (_WEATHER | changed).items()
    }
    meteorology = xr.Dataset(fields, {"time": time, "lat": lat, "lon": lon})
    for name in crujra.VARIABLES:
        meteorology[name].attrs["units"] = crujra.units_of(name)
    return crujra.write_crujra(folder, meteorology)


def _carbon_dioxide(folder, text=None):
    path = folder / "co2_mm_mlo.txt"
    months = pd.date_range("2014-01-01", "2014-12-01", freq="MS")
    mauna_loa.write_mauna_loa(path, xr.DataArray(np.full(12, 400.0), {"time": months}, ("time",)))
    if text is not None:
        path.write_text(text(path.read_text()))
    return path


def _scenario(folder, **changed):
    lat, lon = windows.grid_axes(ukesm.GRID, CLIMATE)
    months = pd.date_range("2015-01-01", "2016-12-01", freq="MS")
    values = {"tasmin": 278.0, "tasmax": 286.0, "rsds": 100.0, "huss": 0.005, "ps": 1e5}
    values = values | {"sfcWind": 4.0} | changed
    shape = (months.size, lat.size, lon.size)
    fields = {n: (("time", "lat", "lon"), np.full(shape, v)) for n, v in values.items()}
    fields["co2mass"] = ("time", np.full(months.size, 3.2e15))
    monthly = xr.Dataset(fields, {"time": months, "lat": lat, "lon": lon})
    return {path.name.split("_")[0]: path for path in ukesm.write_ukesm(folder, monthly)}


def _edited(path, change):
    """Write a NetCDF file again after a change of its stored content."""
    options = {"decode_times": False, "mask_and_scale": False, "engine": "h5netcdf"}
    with xr.open_dataset(path, **options) as stored:
        changed = change(stored.load())
    path.unlink()
    changed.to_netcdf(path, engine="h5netcdf")
    return path


def _with_attribute(name, **attributes):
    def change(stored):
        stored[name].attrs.update(attributes)
        return stored

    return change


def _raster_again(path, *, crs=None, dtype=None, scale=1.0, bands=None):
    """Write a GeoTIFF again with another coordinate system, type, cell width or band count."""
    with rasterio.open(path) as source:
        values, profile = source.read(), source.profile
    profile.update(tiled=False)
    for key in ("blockxsize", "blockysize"):
        profile.pop(key, None)
    if crs is not None:
        profile["crs"] = crs or None
    if dtype is not None:
        profile["dtype"] = dtype
        values = values.astype(dtype)
    if bands is not None:
        profile["count"], values = bands, values[:bands]
    place = profile["transform"]
    profile["transform"] = rasterio.Affine(place.a * scale, 0, place.c, 0, place.e * scale, place.f)
    path.unlink()
    with rasterio.open(path, "w", **profile) as target:
        target.write(values)
    return path


def _open_leaf_area(path):
    return lai300.open_lai300(path, window=WINDOW)


def _open_biomass(path):
    return biomass.open_biomass(path, window=WINDOW, year=2017)


def _open_soil(path):
    return soilgrids.open_soilgrids(path, window=WINDOW)


def _open_loss(path):
    return hansen.open_hansen(path, window=WINDOW)


def _open_burned(path):
    return mcd64a1.open_mcd64a1(path, window=WINDOW)


def _open_cover(path):
    return landcover.open_lcm2015(path, window=WINDOW)


def _open_weather(path):
    return crujra.open_crujra(path, window=CLIMATE, years=(2014,))


def _open_scenario(path):
    return ukesm.open_ukesm(path, window=CLIMATE)


class Case(NamedTuple):
    """One malformed input: what opens it in a folder, the error, and parts of its sentence."""

    name: str
    act: object
    error: type
    parts: tuple


def _moved(path, name):
    return shutil.move(path, path.with_name(name))


def _text_file(folder, name):
    (folder / name).write_text("<html>404</html>")
    return folder / name


def _gzipped(folder):
    path = _weather(folder)[0]
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    return folder


def _biomass_netcdf(folder, *, sigma="agb_se", years=(2010, 2017, 2018), step=1.0):
    lat, lon = windows.grid_axes(biomass.GRID, WINDOW)
    shape = (len(years), lat.size, lon.size)
    days = [(pd.Timestamp(year, 1, 1) - pd.Timestamp(1990, 1, 1)).days for year in years]
    dataset = xr.Dataset(
        {n: (("time", "lat", "lon"), np.full(shape, 50, "int16")) for n in ("agb", sigma)},
        {"time": ("time", days, {"units": "days since 1990-01-01"}), "lat": lat * step, "lon": lon},
    )
    path = folder / "ESACCI-BIOMASS-L4-AGB-MERGED-100m-fv2.0.nc"
    dataset.to_netcdf(path, engine="h5netcdf")
    return path


LAI_CASES = (
    Case("window of text", lambda f: lai300.open_lai300(_leaf_area(f), window="UK"),
         ValueError, ("window", "'UK'", "four numbers")),
    Case("window upside down", lambda f: lai300.open_lai300(f, window=(-3, 56, -2, 55)),
         ValueError, ("south < north", "(-3, 56, -2, 55)")),
    Case("window of three numbers", lambda f: lai300.open_lai300(f, window=(-3, 55, -2)),
         ValueError, ("west, south, east, north", "argument window")),
    Case("window beyond the pole", lambda f: lai300.open_lai300(f, window=(-3, 55, -2, 91)),
         ValueError, ("-90..90",)),
    Case("window off the file",
         lambda f: lai300.open_lai300(_leaf_area(f), window=ELSEWHERE),
         ValueError, ("'lon' from -6.02", "add the missing tile")),
    Case("no path", lambda f: _open_leaf_area(3), TypeError, ("a path or a list", "int")),
    Case("empty list", lambda f: _open_leaf_area([]), ValueError, ("came none", "pass a folder")),
    Case("absent file", lambda f: _open_leaf_area(f / "c_gls.nc"),
         FileNotFoundError, ("existing file", "correct the path")),
    Case("empty folder", lambda f: _open_leaf_area(f),
         ValueError, ("0 files with other names", "keep the distributor's file names")),
    Case("renamed file", lambda f: _open_leaf_area(_moved(_leaf_area(f), "lai_june.nc")),
         ValueError, ("'lai_june.nc'", "GLOBE_PROBAV")),
    Case("version 2",
         lambda f: _open_leaf_area(
             _moved(_leaf_area(f), "c_gls_LAI300_201406100000_GLOBE_PROBAV_V2.0.1.nc")),
         ValueError, ("version 1.0.1", "2.0.1", "coded differently")),
    Case("date inside a dekad",
         lambda f: _open_leaf_area(
             _moved(_leaf_area(f), "c_gls_LAI300_201406150000_GLOBE_PROBAV_V1.0.1.nc")),
         ValueError, ("10, 20, last day", "20140615")),
    Case("two versions of a dekad",
         lambda f: _open_leaf_area([_leaf_area(f), _leaf_area(f, version="1.1.1")]),
         ValueError, ("one file a dekad", "2014-06-10", "near-real-time")),
    Case("error page for a file",
         lambda f: _open_leaf_area(
             _text_file(f, "c_gls_LAI300_201406100000_GLOBE_PROBAV_V1.0.1.nc")),
         ValueError, ("a NetCDF file", "error page")),
    Case("scaled copy",
         lambda f: _open_leaf_area(
             _edited(_leaf_area(f), lambda d: d.assign(LAI=d["LAI"].astype("float32")))),
         ValueError, ("8-bit", "float32", "rescaled")),
    Case("other scale factor",
         lambda f: _open_leaf_area(
             _edited(_leaf_area(f), _with_attribute("LAI", scale_factor=0.1))),
         ValueError, ("scale 1/30", "scale factor 0.1")),
    Case("variable absent",
         lambda f: _open_leaf_area(_edited(_leaf_area(f), lambda d: d.drop_vars("RMSE"))),
         KeyError, ("RMSE", "only", "QFLAG")),
    Case("1 km copy",
         lambda f: _open_leaf_area(_edited(_leaf_area(f), lambda d: d.isel(lat=slice(0, 8, 3)))),
         ValueError, ("regular spacing of 0.00297619", "native resolution")),
    Case("sea", lambda f: _open_leaf_area(_leaf_area(f, value=np.nan)),
         ValueError, ("at least one valid cell", "over land")),
    Case("unknown quality name",
         lambda f: lai300.open_lai300(_leaf_area(f), window=WINDOW, reject=("clouds",)),
         KeyError, ("water", "clouds")),
)  # fmt: skip

RASTER_CASES = (
    Case("biomass of a year without map",
         lambda f: biomass.open_biomass(f, window=WINDOW, year=2015),
         ValueError, ("2010, 2017, 2018", "2015")),
    Case("biomass without its deviation", lambda f: _open_biomass(_biomass(f)[:1]),
         ValueError, ("layer AGB_SD", "both layers")),
    Case("biomass of version 3",
         lambda f: _open_biomass([_moved(p, p.name.replace("2.0", "3.0")) for p in _biomass(f)]),
         ValueError, ("fv2.0", "fv3.0")),
    Case("biomass tile absent",
         lambda f: biomass.open_biomass(_biomass(f), window=ELSEWHERE, year=2017),
         ValueError, ("'x' from -6.02", "missing tile")),
    Case("biomass as floats",
         lambda f: _open_biomass([_raster_again(p, dtype="float32") for p in _biomass(f)]),
         ValueError, ("uint16", "float32", "lost its coding")),
    Case("biomass on another grid",
         lambda f: _open_biomass([_raster_again(p, scale=2.0) for p in _biomass(f)]),
         ValueError, ("regular spacing of 0.00088888889", "native resolution")),
    Case("merged biomass of version 3",
         lambda f: _open_biomass(_biomass_netcdf(f, sigma="agb_sd")),
         ValueError, ("agb_se", "version 3")),
    Case("merged biomass without the year",
         lambda f: _open_biomass(_biomass_netcdf(f, years=(2010, 2018))),
         ValueError, ("the map of 2017", "2010, 2018")),
    Case("soil of another property",
         lambda f: _open_soil([_moved(p, p.name.replace("ocd", "soc")) for p in _soil(f)]),
         ValueError, ("property ocd", "soc", "ocs ends at 30 cm")),
    Case("soil with layers missing", lambda f: _open_soil(_soil(f)[2:]),
         ValueError, ("15 layers", "ocd_0-5cm_mean", "download")),
    Case("soil in latitude and longitude",
         lambda f: _open_soil([_raster_again(p, crs="EPSG:4326") for p in _soil(f)]),
         ValueError, ("+proj=igh", "EPSG:4326", "native grid")),
    Case("soil under the sea", lambda f: _open_soil(_soil(f, value=np.nan)),
         ValueError, ("SoilGrids 2.0", "at least one valid cell")),
    Case("loss of an unknown layer",
         lambda f: hansen.open_hansen(f, window=WINDOW, layer="height"),
         KeyError, ("lossyear", "'height'")),
    Case("loss of another release", lambda f: _open_loss(_loss(f, version="GFC-2023-v1.11")),
         ValueError, ("GFC-2019-v1.7", "GFC-2023-v1.11", "pass version=")),
    Case("release that is none",
         lambda f: hansen.open_hansen(f, window=WINDOW, version="1.7"),
         ValueError, ("'1.7'", "argument version")),
    Case("loss without the layer",
         lambda f: hansen.open_hansen(_loss(f), window=WINDOW, layer="gain"),
         ValueError, ("layer gain", "lossyear")),
    Case("loss tile absent",
         lambda f: hansen.open_hansen(_loss(f), window=(0.1, 54.9, 0.2, 55.0)),
         ValueError, ("tile 60N_000E", "60N_010W", "download the missing tile")),
    Case("loss after the release", lambda f: _open_loss(_loss(f, value=2021)),
         ValueError, ("0 to 19", "21", "another one")),
    Case("loss in a year before the release",
         lambda f: hansen.loss_in_year(_open_loss(_loss(f)), 2000),
         ValueError, ("2001 to 2019", "2000")),
    Case("loss without a coordinate system",
         lambda f: _open_loss(_raster_again(_loss(f), crs="")),
         ValueError, ("a raster without one", "gdal_edit.py")),
    Case("error page for a tile",
         lambda f: _open_loss(_text_file(f, "Hansen_GFC-2019-v1.7_lossyear_60N_010W.tif")),
         ValueError, ("a GeoTIFF", "error page")),
    Case("burned area of collection 6",
         lambda f: _open_burned(_moved(_burned(f), "MCD64A1.A2014032.h17v03.006_Burn_Date.tif")),
         ValueError, ("collection 061", "006")),
    Case("burned area of mid-month",
         lambda f: _open_burned(_moved(_burned(f), "MCD64A1.A2014040.h17v03.061_Burn_Date.tif")),
         ValueError, ("first day of a month", "A2014040")),
    Case("burn date outside its month",
         lambda f: _open_burned(
             _moved(_burned(f, value=1.0), "MCD64A1.A2014060.h17v03.061_Burn_Date.tif")),
         ValueError, ("burn dates from 60 to 90", "such as 46")),
    Case("burned area all missing", lambda f: _open_burned(_burned(f, value=np.nan)),
         ValueError, ("at least one valid cell", "flag or sea")),
    Case("burned area on the wrong sphere",
         lambda f: _open_burned(
             _raster_again(_burned(f), crs=mcd64a1.CRS.replace("6371007", "6378137"))),
         ValueError, ("+R=6371007.181", "reprojected")),
    Case("broken HDF4 archive",
         lambda f: _open_burned(_text_file(f, "MCD64A1.A2014032.h17v03.061.2021309000505.hdf")),
         (ValueError, ModuleNotFoundError), ("HDF4",)),
    Case("land cover at another resolution",
         lambda f: landcover.open_lcm2015(f, window=WINDOW, resolution=100),
         ValueError, ("25 or 300 m", "100")),
    Case("land cover of 25 m called 300 m",
         lambda f: landcover.open_lcm2015(_cover(f), window=WINDOW, resolution=300),
         ValueError, ("spacing of 300", "25")),
    Case("land cover of one band", lambda f: _open_cover(_raster_again(_cover(f), bands=1)),
         ValueError, ("2 bands", "came 1")),
    Case("land cover with unknown classes", lambda f: _open_cover(_cover(f, value=23)),
         ValueError, ("classes 0 to 21", "such as 23", "another year")),
    Case("land cover of the sea", lambda f: _open_cover(_cover(f, value=0)),
         ValueError, ("at least one valid cell", "over land")),
    Case("land cover in web mercator",
         lambda f: _open_cover(_raster_again(_cover(f), crs="EPSG:3857")),
         ValueError, ("EPSG:27700", "EPSG:3857")),
    Case("land cover off the window",
         lambda f: landcover.open_lcm2015(_cover(f), window=ELSEWHERE),
         ValueError, ("'x' from", "window inside the files")),
)  # fmt: skip

CLIMATE_CASES = (
    Case("weather still packed", lambda f: _open_weather(_gzipped(f)),
         ValueError, ("a gzip archive", "gunzip")),
    Case("weather of a year that is not there",
         lambda f: (_weather(f), crujra.open_crujra(f, window=CLIMATE, years=(2014, 2015))),
         ValueError, ("tmin 2015", "8 files of years 2014 to 2014")),
    Case("weather without wind",
         lambda f: _open_weather([p for p in _weather(f) if "grd" not in p.name]),
         ValueError, ("ugrd 2014", "vgrd 2014")),
    Case("weather of two versions",
         lambda f: (_moved(_weather(f)[0], "crujra.v2.1.5d.tmin.2014.365d.noc.nc"),
                    _open_weather(f)),
         ValueError, ("files of one version", "v1.1, v2.1")),
    Case("weather with a leap day",
         lambda f: _open_weather(
             [_edited(p, lambda d: d.isel(time=slice(0, 1456))) for p in _weather(f)]),
         ValueError, ("1460 six-hourly steps", "1456")),
    Case("radiation in megajoules",
         lambda f: (_weather(f), _edited(
             f / "crujra.V1.1.5d.dswrf.2014.365d.noc.nc",
             _with_attribute("dswrf", units="MJ m-2 d-1")), _open_weather(f)),
         ValueError, ("'dswrf' in 'J m-2'", "'MJ m-2 d-1'")),
    Case("temperature in Celsius under the name of Kelvin",
         lambda f: (_weather(f, tmin=5.0), _open_weather(f)),
         ValueError, ("'tmin' from 180 to 340 K", "such as 5")),
    Case("weather of the sea",
         lambda f: (_weather(f, **dict.fromkeys(_WEATHER, np.nan)), _open_weather(f)),
         ValueError, ("CRU-JRA", "at least one valid cell")),
    Case("annual CO2",
         lambda f: mauna_loa.open_mauna_loa(
             _carbon_dioxide(f, lambda _: "# annual\n2014 398.65 0.12\n")),
         ValueError, ("7 columns", "8 (present layout)", "rows of 3 columns")),
    Case("CO2 with a month lost",
         lambda f: mauna_loa.open_mauna_loa(
             _carbon_dioxide(f, lambda t: "".join(
                 line for line in t.splitlines(True) if not line.startswith("2014  5 ")))),
         ValueError, ("consecutive months", "after 2014-04")),
    Case("CO2 with words",
         lambda f: mauna_loa.open_mauna_loa(
             _carbon_dioxide(f, lambda t: t.replace("400.00", "n/a", 1))),
         ValueError, ("wanted numbers", "n/a", "line 2")),
    Case("CO2 with missing months not filled",
         lambda f: mauna_loa.open_mauna_loa(
             _carbon_dioxide(f, lambda t: t.replace("400.00", "-99.99", 1))),
         ValueError, ("280 to 1000 ppm", "-99.99 in 2014-01")),
    Case("CO2 that ends too early",
         lambda f: mauna_loa.open_mauna_loa(_carbon_dioxide(f), start="2014-01", end="2015-12"),
         ValueError, ("2014-01 to 2015-12", "2014-01 to 2014-12", "newer file")),
    Case("CO2 of an empty file",
         lambda f: mauna_loa.open_mauna_loa(_carbon_dioxide(f, lambda _: "# nothing\n")),
         ValueError, ("no data lines",)),
    Case("scenario of another calendar",
         lambda f: _open_scenario([
             _edited(p, _with_attribute("time", calendar="noleap"))
             for p in _scenario(f).values()]),
         ValueError, ("'360_day'", "'noleap'")),
    Case("scenario of another model",
         lambda f: _open_scenario([
             _moved(p, p.name.replace("UKESM1-0-LL", "MPI-ESM1-2-LR"))
             for p in _scenario(f).values()]),
         ValueError, ("UKESM1-0-LL", "MPI-ESM1-2-LR")),
    Case("scenario that is not there",
         lambda f: (_scenario(f), ukesm.open_ukesm(f, window=CLIMATE, scenario="ssp585")),
         ValueError, ("for ssp585", "ssp245", "pass scenario=")),
    Case("scenario with a variable of fewer months",
         lambda f: (_edited(_scenario(f)["ps"], lambda d: d.isel(time=slice(0, 12))),
                    _open_scenario(f)),
         ValueError, ("same months", "12 months", "variable ps")),
    Case("scenario in other units",
         lambda f: (_edited(_scenario(f)["tasmin"], _with_attribute("tasmin", units="degC")),
                    _open_scenario(f)),
         ValueError, ("'tasmin' in 'K'", "'degC'")),
)  # fmt: skip

CASES = (*LAI_CASES, *RASTER_CASES, *CLIMATE_CASES)


def test_there_are_more_than_forty_malformed_inputs_with_names_of_their_own():
    assert len({case.name for case in CASES}) == len(CASES) > 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_malformed_product_is_refused_in_a_sentence(case, tmp_path):
    with pytest.raises(case.error) as caught:
        case.act(tmp_path)
    text = str(caught.value)
    for part in case.parts:
        assert part in text, text
    # What was wanted, what came, where, what to do
    assert ": wanted " in text
    assert ", came " in text
    assert "); " in text


def test_the_files_that_the_cases_spoil_are_good_before(tmp_path):
    folders = {}
    for make in (_leaf_area, _biomass, _soil, _loss, _burned, _cover, _weather, _scenario):
        folders[make] = tmp_path / make.__name__
        folders[make].mkdir()
        make(folders[make])
    for make, opened in (
        (_leaf_area, _open_leaf_area),
        (_biomass, _open_biomass),
        (_soil, _open_soil),
        (_loss, _open_loss),
        (_burned, _open_burned),
        (_cover, _open_cover),
        (_weather, _open_weather),
        (_scenario, _open_scenario),
    ):
        opened(folders[make])
    assert _open_biomass(_biomass_netcdf(tmp_path))["agb_unc"].max() == 50
    assert mauna_loa.open_mauna_loa(_carbon_dioxide(tmp_path)).size == 12


def test_hdf4_without_its_reader_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(mcd64a1, "find_spec", lambda name: None)
    path = _text_file(tmp_path, "MCD64A1.A2014032.h17v03.061.2021309000505.hdf")
    with pytest.raises(ModuleNotFoundError, match=r"pip install pm_dalec\[hdf4\]"):
        _open_burned(path)


def test_tiles_with_a_hole_between_them_are_refused():
    def piece(x):
        return rasters.Piece(np.zeros((1, 2, 2)), np.array(x), np.array([1.5, 0.5]), None, None)

    with pytest.raises(ValueError, match="hole of 4 cells"):
        rasters.joined(
            [piece([0.5, 1.5]), piece([4.5, 5.5])],
            (0.0, 0.0, 6.0, 2.0),
            step=1.0,
            product="tiles",
            where="here",
        )


def test_paths_in_messages_are_whole(tmp_path):
    path = Path(tmp_path) / "lai_june.nc"
    path.write_text("x")
    with pytest.raises(ValueError, match="lai_june") as caught:
        _open_leaf_area(path)
    assert str(path) in str(caught.value)
