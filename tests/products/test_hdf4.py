"""HDF4 archives of MODIS in the coding of their products: read like GeoTIFF, or refused in a sentence."""

import numpy as np
import pytest

from pm_dalec.products import mcd64a1
from pm_dalec.products.modis import leaf_area, mcd12q1, sinusoidal
from pm_dalec.products.reading import windows

pytest.importorskip("pyhdf", reason="pyhdf is an optional extra")
from pyhdf.SD import SD, SDC

WINDOW = (-3.1, 54.9, -3.0, 55.0)
TILE, VERSION = "h17v03", "061.2021309000505"
KINDS = {np.dtype("uint8"): SDC.UINT8, np.dtype("int16"): SDC.INT16, np.dtype("int8"): SDC.INT8}
GRIDS = {
    "MCD64A1": "MOD_Grid_Monthly_500m_DB_BA",
    "MCD12Q1": "MCD12Q1",
    "MOD15A2H": "MOD_Grid_MOD15A2H",
}


def archive(folder, product, day, layers):
    """HDF-EOS archive: layers with their attributes, and the description of the grid as text."""
    path = folder / f"{product}.A{day}.{TILE}.{VERSION}.hdf"
    file = SD(str(path), SDC.WRITE | SDC.CREATE | SDC.TRUNC)
    for name, (numbers, attributes) in layers.items():
        layer = file.create(name, KINDS[numbers.dtype], numbers.shape)
        layer.setcompress(SDC.COMP_DEFLATE, 1)
        for key, value in attributes.items():
            setattr(layer, key, value)
        layer[:] = numbers
        layer.endaccess()
    setattr(
        file, "StructMetadata.0", f'GROUP=GridStructure\nGridName="{GRIDS[product]}"\nXDim=2400\n'
    )
    file.end()
    return path


def tile(dtype, fill, grid, codes):
    """Tile of a fill, with codes in the cells of the window, and the window alone."""
    y, x = windows.grid_axes(grid, WINDOW)
    row = round((6 * sinusoidal.TILE - y[0]) / sinusoidal.STEP - 0.5)
    column = round((x[0] + sinusoidal.TILE) / sinusoidal.STEP - 0.5)
    whole = np.full((sinusoidal.CELLS,) * 2, fill, dtype)
    part = np.resize(np.asarray(codes, dtype), (y.size, x.size))
    whole[row : row + y.size, column : column + x.size] = part
    return whole, part


def test_burn_dates_are_read(tmp_path):
    dates, part = tile("int16", -2, mcd64a1.GRID, [0, 190, -1, -2, 0, 182, 0])
    other = {"QA": (dates.astype("uint8"), {"valid_range": [0, 255]})}
    attributes = {"_FillValue": -1, "valid_range": [0, 366], "water": -2}
    layers = other | {mcd64a1.BURN_DATE: (dates, attributes)}
    archive(tmp_path, "MCD64A1", "2014182", layers)
    burned = mcd64a1.open_mcd64a1(tmp_path, window=WINDOW).isel(time=0)
    np.testing.assert_array_equal(burned, np.where(part < 0, np.nan, part > 0))


def test_leaf_area_is_read_with_its_error_and_quality(tmp_path):
    lai, part = tile("uint8", 255, leaf_area.GRID, [0, 25, 100, 249, 254, 61])
    error, _ = tile("uint8", 255, leaf_area.GRID, [1, 3, 9, 248, 248, 0])
    quality, flags = tile("uint8", 157, leaf_area.GRID, [0, 0, 0, 0, 0, 2 << 5, 0])
    scale = {"scale_factor": 0.1, "add_offset": 0.0, "_FillValue": 255, "valid_range": [0, 100]}
    layers = {
        "Lai_500m": (lai, scale),
        "LaiStdDev_500m": (error, scale),
        "FparLai_QC": (quality, {}),
    }
    archive(tmp_path, "MOD15A2H", "2014153", layers)
    found = leaf_area.open_modis_lai(tmp_path, window=WINDOW)["lai"].isel(time=0)
    expected = np.where((part > 100) | (flags >> 5 == 2), np.nan, part / 10)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_classes_are_read(tmp_path):
    classes, part = tile("uint8", 255, mcd12q1.GRID, [1, 4, 10, 12, 17, 5])
    other = {"LC_Type2": (classes * 0, {}), "LC_Type1": (classes, {"_FillValue": 255})}
    archive(tmp_path, "MCD12Q1", "2015001", other)
    found = mcd12q1.open_mcd12q1(tmp_path, window=WINDOW)
    by_tif = tmp_path / "tif"
    by_tif.mkdir()
    place = found["land_cover"].copy(data=part)
    mcd12q1.write_mcd12q1(by_tif, place, year=2015)
    again = mcd12q1.open_mcd12q1(by_tif, window=WINDOW)
    np.testing.assert_array_equal(found["land_cover"], again["land_cover"])


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ({"QA": "uint8"}, "layer 'Burn Date', came the layers QA"),
        ({mcd64a1.BURN_DATE: "1 km"}, r"'Burn Date' of \(1200, 1200\) numbers"),
        ("cut off", "does not open so"),
    ],
)
def test_another_archive_is_refused_in_a_sentence(tmp_path, layers, words):
    dates, _ = tile("int16", 0, mcd64a1.GRID, [0, 190])
    if layers == "cut off":
        path = archive(tmp_path, "MCD64A1", "2014182", {mcd64a1.BURN_DATE: (dates, {})})
        path.write_bytes(path.read_bytes()[:500])
    else:
        ((name, kind),) = layers.items()
        made = dates[::2, ::2].copy() if kind == "1 km" else dates.astype(kind)
        archive(tmp_path, "MCD64A1", "2014182", {name: (made, {})})
    with pytest.raises(ValueError, match=words):
        mcd64a1.open_mcd64a1(tmp_path, window=WINDOW)
