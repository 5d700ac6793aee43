"""Product files under other names, in other codes and layouts: each is right, or refused in one sentence."""

import shutil

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pm_dalec.products import biomass, hansen, landcover, mauna_loa
from pm_dalec.products.reading import windows, written

from .malformed import WINDOW
from .valid import READERS, cells, lccs_file

LOSS = "Hansen_{}_{}_60N_010W.tif"
RELEASE = "GFC-2019-v1.7"


def codes(layer="lossyear", *, stored, tag=None, dtype="uint8", release=RELEASE):
    """Codes of a layer of forest change that are read, NaN where some are missing."""

    def read(folder):
        maps = [cells(hansen.GRID, np.array(stored, dtype))]
        path = folder / LOSS.format(release, layer)
        written.write_geotiff(path, maps, crs=windows.WGS84, dtype=dtype, nodata=tag)
        found = hansen.open_hansen(folder, window=WINDOW, layer=layer, version=release)
        return sorted({float(each) for each in np.unique(found)}, key=lambda x: (np.isnan(x), x))

    return read


def biomass_of(name, *, year=2020, edit=lambda maps: maps, **attrs):
    """Version and largest biomass of a merged file."""

    def read(folder):
        layer = cells(biomass.GRID, np.arange(300, dtype="int16"))
        days = (pd.Timestamp(year, 1, 1) - pd.Timestamp(1990, 1, 1)).days
        maps = xr.Dataset({"agb": layer, "agb_sd": layer // 2}).expand_dims(time=[float(days)])
        maps["time"].attrs["units"] = "days since 1990-01-01"
        for each in maps.data_vars:
            maps[each].attrs = {"units": "Mg/ha"} | attrs
        edit(maps).to_netcdf(folder / name, engine="h5netcdf")
        found = biomass.open_biomass(folder, window=WINDOW, year=year)
        return found.attrs["product_version"], float(found["agb"].max())

    return read


def cover_of(name, edit=lambda maps: maps):
    """Version and year of a map of LCCS, and how many groups of classes are in it."""

    def read(folder):
        path = lccs_file(folder)
        options = {"decode_times": False, "mask_and_scale": False, "engine": "h5netcdf"}
        with xr.open_dataset(path, **options) as file:
            maps = edit(file.load())
        path.unlink()
        maps.to_netcdf(folder / name, engine="h5netcdf")
        found = landcover.open_esa_cci_landcover(folder, window=WINDOW)
        return (
            found.attrs["product_version"],
            found.attrs["year"],
            np.unique(found["land_cover"]).size,
        )

    return read


MONTHS = [(year, month) for year in (2014, 2015) for month in range(1, 13)]


def carbon_dioxide(header, form, name="co2_mm_mlo.csv"):
    """Number of months and the mean of May 2014 in a file of CO2."""

    def read(folder):
        rows = [form(y, m, y + (m - 0.5) / 12, 400 + 0.25 * m) for y, m in MONTHS]
        (folder / name).write_text("\n".join([header, *rows]) + "\n")
        found = mauna_loa.open_mauna_loa(folder / name)
        return found.size, float(found[4])

    return read


def renamed(reader, old, new):
    """Files of a reader with other names."""

    def read(folder):
        READERS[reader].write(folder)
        for path in sorted(folder.iterdir()):
            shutil.move(path, folder / path.name.replace(old, new))
        return READERS[reader].open(folder).attrs["product_version"]

    return read


MERGED = "ESACCI-BIOMASS-L4-AGB-MERGED-100m-2020-fv{}.nc"
C3S = "C3S-LC-L4-LCCS-Map-300m-P1Y-2018-v2.1.1{}.nc"
NAN = float("nan")
RIGHT = {
    "loss of a later release": (
        codes(stored=[0, 24], release="GFC-2024-v1.12"),
        [0.0, 2024.0],
    ),
    "a tag on a year of loss": (codes(stored=[0, 14], tag=14), [0.0, 2014.0]),
    "a tag on full cover": (
        codes("treecover2000", stored=[0, 50, 100], tag=100),
        [0.0, 50.0, 100.0],
    ),
    "gain with a tag of its own": (codes("gain", stored=[0, 1, 255], tag=255), [0.0, 1.0, NAN]),
    **{
        f"biomass {version}": (biomass_of(MERGED.format(version)), (f"v{version}", 299.0))
        for version in ("3.0", "4.0", "5.01", "6.0", "7.0")
    },
    "biomass from 0 to 360": (
        biomass_of(MERGED.format("6.0"), edit=lambda m: m.assign_coords(lon=m["lon"] % 360)),
        ("v6.0", 299.0),
    ),
    "biomass from the south": (
        biomass_of(MERGED.format("6.0"), edit=lambda m: m.isel(lat=slice(None, None, -1))),
        ("v6.0", 299.0),
    ),
    "a subset of the CDS": (cover_of(C3S.format(".area-subset.56.-2.54.-4")), ("2.1.1", 2018, 5)),
    "2.0.7cds": (
        cover_of("ESACCI-LC-L4-LCCS-Map-300m-P1Y-2015-v2.0.7cds.nc"),
        ("2.0.7cds", 2015, 5),
    ),
    "classes as bytes": (
        cover_of(C3S.format(""), lambda m: m.assign(lccs_class=m["lccs_class"].astype("uint8"))),
        ("2.1.1", 2018, 5),
    ),
    "cover from 0 to 360": (
        cover_of(C3S.format(""), lambda m: m.assign_coords(lon=m["lon"] % 360)),
        ("2.1.1", 2018, 5),
    ),
    "columns in another order": (
        carbon_dioxide(
            "month,year,average,decimal date", lambda y, m, t, v: f"{m},{y},{v},{t:.4f}"
        ),
        (24, 401.25),
    ),
    "semicolons and commas": (
        carbon_dioxide(
            "year;month;decimal date;average",
            lambda y, m, t, v: f"{y};{m};{t:.4f};{v}".replace(".", ","),
        ),
        (24, 401.25),
    ),
    "tabulators": (
        carbon_dioxide(
            "year\tmonth\tdecimal date\taverage", lambda y, m, t, v: f"{y}\t{m}\t{t:.4f}\t{v}"
        ),
        (24, 401.25),
    ),
    "endings in capitals": (renamed("biomass", ".tif", ".TIF"), "v2.0"),
    "near real time": (renamed("lai300", "PROBAV_V1.0.1", "OLCI_V1.1.2"), "V1.1.2"),
    "Terra alone": (renamed("modis", "MCD15A2H", "MOD15A2H"), "MOD15A2H collection 061"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_file_of_another_channel_is_right(name, tmp_path):
    read, wanted = RIGHT[name]
    np.testing.assert_equal(read(tmp_path), wanted)


REFUSED = {
    "no data without a tag": (codes(stored=[0, 14, 255]), "'lossyear' from 0 to 19.*up to 255"),
    "gain without a tag": (codes("gain", stored=[0, 1, 255]), "'gain' from 0 to 1"),
    "a copy in floats": (codes(stored=[0, 14], dtype="float32"), "type uint8, came float32"),
    "shares of tree cover": (
        codes("treecover2000", stored=[0, 0.5], dtype="float32"),
        "came float32",
    ),
    "biomass to come": (biomass_of(MERGED.format("8.0")), "a version from 2 to 7, came fv8.0"),
    "carbon by units": (
        biomass_of(MERGED.format("5.0"), units="MgC/ha"),
        "dry matter.*came units 'MgC/ha'",
    ),
    "carbon by name": (
        biomass_of(MERGED.format("5.0"), long_name="carbon density above ground"),
        "carbon is 0.48 of its dry matter",
    ),
    "biomass in kilograms": (
        biomass_of(MERGED.format("5.0"), units="kg m-2"),
        "came units 'kg m-2'",
    ),
    "growing stock": (
        biomass_of(MERGED.format("5.0"), edit=lambda m: m.rename(agb="gsv", agb_sd="gsv_sd")),
        "wanted variables agb",
    ),
    "weeks": (
        carbon_dioxide(
            "year,month,day,decimal,average", lambda y, m, t, v: f"{y},{m},7,{t:.3f},{v}"
        ),
        "not the annual, weekly or daily one",
    ),
    "the trend": (
        carbon_dioxide("year,month,decimal date,trend", lambda y, m, t, v: f"{y},{m},{t:.3f},{v}"),
        "a header with year, month, decimaldate, trend",
    ),
    "methane": (
        carbon_dioxide(
            "year,month,decimal date,average", lambda y, m, t, v: f"{y},{m},{t},{v + 1400}"
        ),
        "monthly means from 280 to 1000 ppm",
    ),
    "a month missing": (
        carbon_dioxide(
            "year,month,average", lambda y, m, t, v: f"{y},{m},{-99.99 if m == 4 else v}"
        ),
        "came 2 such as -99.99 in 2014-04",
    ),
    "collection 6": (renamed("mcd64a1", ".061.", ".006."), "collection 061, came 006"),
    "another history": (
        renamed("ukesm", "ssp245", "historical"),
        "for ssp245, came co2mass historical",
    ),
    "the first 30 cm": (renamed("soilgrids", "ocd", "ocs"), "ocs ends at 30 cm"),
    "a climate grid": (
        renamed("mcd12q1", "MCD12Q1", "MCD12C1"),
        "files named by the product's rule",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_of_another_thing_is_refused_in_a_sentence(name, tmp_path):
    read, words = REFUSED[name]
    with pytest.raises((ValueError, KeyError), match=words) as caught:
        read(tmp_path)
    for part in (": wanted ", ", came ", "); "):
        assert part in str(caught.value)
