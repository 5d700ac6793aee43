"""MODIS leaf area and land cover, LC100: from the files of every channel to numbers and classes."""

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pm_dalec.products import lc100, legends, mcd64a1
from pm_dalec.products.modis import leaf_area, mcd12q1, sinusoidal
from pm_dalec.products.reading import windows, written

from .malformed import WINDOW, Case, assert_refused, grid, text_file
from .valid import cells, igbp_file, lc100_file, modis_files

DAYS = pd.to_datetime(["2014-06-02", "2014-06-10"])  # 153 and 161


def series(**changed):
    layer = cells(leaf_area.GRID, np.arange(1, 60) / 10.0, ("y", "x")).expand_dims(time=DAYS)
    return xr.Dataset({"lai": layer, "lai_unc": layer * 0 + 0.3} | changed)


def opened(folder, **more):
    return leaf_area.open_modis_lai(folder, window=WINDOW, **more)


def test_leaf_area_is_a_tenth_of_the_number_at_the_middle_of_the_composite(tmp_path):
    leaf_area.write_modis_lai(tmp_path, series())
    came = opened(tmp_path)
    np.testing.assert_allclose(came["lai"], series()["lai"], atol=1e-6)
    np.testing.assert_allclose(came["lai_unc"], 0.3, atol=1e-6)
    assert list(came["time"].values) == list((DAYS + pd.Timedelta(days=4)).values)
    assert came.attrs["product_version"] == "MCD15A2H collection 061"


@pytest.mark.parametrize("fill", range(249, 256))
def test_kinds_of_surface_are_no_leaf_area(fill, tmp_path):
    leaf_area.write_modis_lai(tmp_path, series(lai=series()["lai"].copy(deep=True)))
    path = min(tmp_path.glob("*A2014153*Lai_500m.tif"))
    stored = cells(leaf_area.GRID, np.array([10, fill], "uint8"), ("y", "x"))
    written.write_geotiff(path, [stored], crs=sinusoidal.CRS, dtype="uint8", nodata=255)
    came = opened(tmp_path)["lai"].isel(time=0)
    np.testing.assert_array_equal(came.isnull(), stored == fill)


def test_back_up_and_cloud_do_not_count_unless_asked_for(tmp_path):
    codes = {"best": 0, "saturated": 1 << 5, "backup": 2 << 5, "cloud": 1 << 3, "mixed": 2 << 3}
    codes["assumed clear"] = 3 << 3
    flags = cells(leaf_area.GRID, list(codes.values()), ("y", "x"))
    flags = flags.expand_dims(time=DAYS)
    leaf_area.write_modis_lai(tmp_path, series(quality_flag=flags))

    def seen(reject):
        kept = opened(tmp_path, reject=reject)["lai"].notnull().values
        return {name for name, code in codes.items() if kept[flags.values == code].any()}

    assert seen(None) == {"best", "saturated", "assumed clear"}
    assert seen(()) == set(codes)
    assert seen(("saturated",)) == set(codes) - {"saturated"}


def test_samples_of_appeears_are_read_by_their_names(tmp_path):
    for place, tile in (("archive", "h17v03"), ("appeears", None)):
        (tmp_path / place).mkdir()
        leaf_area.write_modis_lai(tmp_path / place, series(), tile=tile)
    names = sorted(path.name for path in (tmp_path / "appeears").iterdir())
    assert names[0] == "MCD15A2H.061_FparLai_QC_doy2014153_aid0001.tif"
    xr.testing.assert_identical(opened(tmp_path / "appeears"), opened(tmp_path / "archive"))


def appeears_netcdf(folder, *, native):
    step = (sinusoidal.GEOGRAPHIC_STEP,) * 2
    place = leaf_area.GRID if native else windows.Grid("AppEEARS", step)
    names = ("ydim", "xdim") if native else ("lat", "lon")
    numbers = cells(place, np.arange(1, 100, dtype="uint8"), names)
    days = [(day - pd.Timestamp("2000-01-01")).days for day in DAYS]
    held = numbers.expand_dims(time=days)
    layers = {"Lai_500m": held, "LaiStdDev_500m": held * 0 + np.uint8(3)}
    layers["FparLai_QC"] = held * np.uint8(0)
    made = xr.Dataset(layers)
    for name in ("Lai_500m", "LaiStdDev_500m"):
        made[name].attrs = {"scale_factor": 0.1, "valid_min": 0, "valid_max": 100}
    made["time"].attrs = {"units": "days since 2000-01-01 00:00:00", "calendar": "julian"}
    made["crs"] = xr.DataArray(np.int8(0))
    made.to_netcdf(folder / "MCD15A2H.061_500m_aid0001.nc", engine="h5netcdf")
    return numbers


@pytest.mark.parametrize("native", [True, False])
def test_netcdf_of_appeears_is_read_on_either_grid(native, tmp_path):
    numbers = appeears_netcdf(tmp_path, native=native)
    came = opened(tmp_path)
    assert came["lai"].dims == (("time", "y", "x") if native else ("time", "lat", "lon"))
    assert came.attrs["crs"] == (sinusoidal.CRS if native else windows.WGS84)
    np.testing.assert_allclose(came["lai"][1], numbers / 10.0, atol=1e-6)
    assert list(came["time"].values) == list((DAYS + pd.Timedelta(days=4)).values)


def test_hdf5_of_viirs_is_read_with_its_own_quality(tmp_path):
    y, x = windows.grid_axes(leaf_area.GRID, WINDOW)
    row = round((6 * sinusoidal.TILE - y[0]) / sinusoidal.STEP - 0.5)
    column = round((x[0] + sinusoidal.TILE) / sinusoidal.STEP - 0.5)
    path = tmp_path / "VNP15A2H.A2014153.h17v03.002.2021309000505.h5"
    with h5py.File(path, "w") as archive:
        fields = archive.create_group("HDFEOS/GRIDS/VIIRS_Grid_LAIFPAR/Data Fields")
        for name, value in (("Lai", 25), ("LaiStdDev", 3), ("FparLai_QC", 0)):
            layer = np.full((2400, 2400), value, np.uint8)
            if name == "FparLai_QC":
                layer[row, column], layer[row, column + 1] = 2, 1 << 3  # back-up, dead detector
            fields.create_dataset(name, data=layer, compression="gzip")
    came = opened(path)["lai"].isel(time=0)
    np.testing.assert_allclose(came["x"], x, atol=1e-6)
    assert bool(came[0, 0].isnull())
    assert int(came.isnull().sum()) == 1
    assert float(came[0, 1]) == pytest.approx(2.5)
    with pytest.raises(KeyError, match=r"backup, saturated, dead_detector \(VIIRS\), came cloud"):
        opened(path, reject=("cloud",))


def test_igbp_classes_join_the_groups_of_the_strata(tmp_path):
    igbp_file(tmp_path)
    came = mcd12q1.open_mcd12q1(tmp_path, window=WINDOW)
    groups = dict(
        zip(came["igbp_class"].values.ravel(), came["land_cover"].values.ravel(), strict=True)
    )
    wanted = {1: 2, 3: 2, 2: 1, 4: 1, 5: 1, 8: 9, 10: 9, 12: 3, 14: 3, 13: 20, 16: 0, 17: 0}
    assert {code: groups[code] for code in wanted if code in groups} == {
        code: group for code, group in wanted.items() if code in groups
    }
    assert len(groups) > 8
    assert came.attrs["year"] == 2014


def test_lc100_classes_join_the_groups_of_the_strata(tmp_path):
    lc100_file(tmp_path)
    came = lc100.open_lc100(tmp_path, window=WINDOW)
    pairs = {
        (int(a), int(b))
        for a, b in zip(
            came["lc100_class"].values.ravel(), came["land_cover"].values.ravel(), strict=True
        )
    }
    assert pairs == {(20, 9), (40, 3), (50, 20), (111, 2), (114, 1), (126, 1), (80, 0)}
    assert came.attrs["product_version"] == "v3.0.1, 2019"


@pytest.mark.parametrize(
    "legend", [legends.LCCS, legends.IGBP, legends.LC100, *legends.LCM.values()]
)
def test_no_code_of_a_legend_stands_twice(legend):
    codes = [code for members in legend.groups.values() for code in members]
    assert len(codes) == len(set(codes))
    assert not set(codes) & set(legend.fills)


def burned(folder, name):
    layer = grid(mcd64a1.GRID, 190, ("y", "x"), "int16")
    path = folder / name
    written.write_geotiff(path, [layer], crs=mcd64a1.CRS, dtype="int16", nodata=-1)
    return mcd64a1.open_mcd64a1(path, window=WINDOW)


@pytest.mark.parametrize("stamp", ["doy2014182", "doy2014182000000"])
def test_burned_area_of_appeears_is_read_by_its_name(stamp, tmp_path):
    came = burned(tmp_path, f"MCD64A1.061_Burn_Date_{stamp}_aid0001.tif")
    assert came["time"].values[0] == np.datetime64("2014-07-01")
    assert float(came.min()) == 1.0


CASES = (
    Case(
        "leaf area without its deviation",
        lambda f: (
            leaf_area.write_modis_lai(f, series()),
            [path.unlink() for path in f.glob("*StdDev*")],
            opened(f),
        ),
        ValueError,
        ("LaiStdDev_500m", "order or convert the layer"),
    ),
    Case(
        "leaf area of an unknown quality",
        lambda f: (modis_files(f), opened(f, reject=("clouds",))),
        KeyError,
        ("backup", "clouds"),
    ),
    Case(
        "leaf area twice",
        lambda f: (
            modis_files(f),
            [
                p.with_name(p.name.replace("2021309", "2022001")).write_bytes(p.read_bytes())
                for p in sorted(f.iterdir())
            ],
            opened(f),
        ),
        ValueError,
        ("one file a day, tile and layer",),
    ),
    Case(
        "leaf area as an error page",
        lambda f: opened(text_file(f, "VNP15A2H.A2014153.h17v03.002.2021309000505.h5")),
        ValueError,
        ("cannot be read", "download it again"),
    ),
    Case(
        "land cover of MODIS in another year",
        lambda f: (igbp_file(f), mcd12q1.open_mcd12q1(f, window=WINDOW, year=2019)),
        ValueError,
        ("one map of 2019", "2014"),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_malformed_product_is_refused_in_a_sentence(case, tmp_path):
    assert_refused(case, tmp_path)


def test_hdf4_of_leaf_area_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(sinusoidal, "find_spec", lambda name: None)
    path = text_file(tmp_path, "MOD15A2H.A2014153.h17v03.061.2021309000505.hdf")
    with pytest.raises(ModuleNotFoundError, match="GeoTIFF or NetCDF from AppEEARS"):
        opened(path)
