"""Files of regions: written whole, read as written, faulty ones refused in sentences."""

import h5netcdf
import numpy as np
import pytest
import xarray as xr

from pm_dalec.landscape.region_file import open_region, validate_region, write_region


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_a_region_is_read_as_it_was_written(region, tmp_path, suffix):
    path = write_region(region, tmp_path / f"region{suffix}")
    xr.testing.assert_identical(open_region(path), region)
    write_region(region, path)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_the_weather_stands_in_a_file_once(region, tmp_path):
    path = write_region(region, tmp_path / "region.nc")
    with h5netcdf.File(path) as stored:
        assert "tmin" in stored.variables
        assert not {"tmin", "co2"} & {*stored["pixels"].variables, *stored["strata"].variables}


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_a_file_of_one_average_is_refused_and_says_how_to_make_a_new_one(
    stratified, tmp_path, suffix
):
    path = tmp_path / f"old{suffix}"
    old = stratified.drop_vars(("stratum", "time_bnds"))
    old.to_netcdf(path) if suffix == ".nc" else old.to_zarr(path, consolidated=False)
    with pytest.raises(
        ValueError, match=r"write (one|it again) with `pm-dalec landscape --out` or write_region"
    ):
        open_region(path)


def test_a_region_is_written_whole_or_not_at_all(region, tmp_path):
    broken = region.copy()
    broken.attrs["unwritable"] = object()
    with pytest.raises(TypeError):
        write_region(broken, tmp_path / "region.nc")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("path", "words"),
    [("region.csv", "wanted '.nc' or '.zarr'"), ("nowhere/region.nc", "create it first")],
)
def test_a_path_that_cannot_be_written_is_refused_with_a_sentence(region, tmp_path, path, words):
    with pytest.raises(ValueError, match=words):
        write_region(region, tmp_path / path)


def test_a_region_that_is_not_there_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match="write one with"):
        open_region(tmp_path / "none.nc")


def at(node, change):
    """Region one of whose parts is another."""

    def spoil(region):
        parts = {part.path: part.to_dataset(inherit=False) for part in region.subtree}
        return xr.DataTree.from_dict({**parts, node: change(parts[node])})

    return spoil


def without(name):
    return at("/", lambda part: part.drop_vars(name))


def scaled(part, name, factor):
    return part.assign({name: (part[name] * factor).assign_attrs(part[name].attrs)})


FAULTS = {
    "wanted 'area'": without("area"),
    "wanted 'masked_fraction'": without("masked_fraction"),
    "a finite 'area' above 0 m2": at("/", lambda u: scaled(u, "area", 0)),
    "'lai_coverage' from 0 to 1": at("/pixels", lambda u: scaled(u, "lai_coverage", 2)),
    "area_fraction": at("/strata", lambda u: scaled(u, "area_fraction", 0.9)),
    "'wind'": without("wind"),
    "lai_unc": at("/strata", lambda u: scaled(u, "lai_unc", 0)),
}


@pytest.mark.parametrize("words", FAULTS)
def test_a_faulty_region_is_refused_with_a_sentence(region, words):
    with pytest.raises(ValueError, match=words):
        validate_region(FAULTS[words](region))


@pytest.mark.parametrize(
    ("ids", "came"), [(lambda count: np.zeros(count, int), "repeated ids"), (None, "none")]
)
def test_pixels_without_ids_of_their_own_are_refused(region, ids, came):
    parts = {
        part.path: part.to_dataset(inherit=False).drop_vars("pixel", errors="ignore")
        for part in region.subtree
    }
    if ids is not None:
        parts["/"] = parts["/"].assign_coords(pixel=ids(parts["/"].sizes["pixel"]))
    with pytest.raises(ValueError, match=f"wanted a 'pixel' coordinate of unique ids, got {came}"):
        validate_region(xr.DataTree.from_dict(parts))


@pytest.mark.parametrize("node", ["pixels", "strata"])
def test_a_region_without_one_of_its_averages_is_refused(region, node):
    with pytest.raises(ValueError, match="wanted a region with the groups 'pixels' and 'strata'"):
        validate_region(region.drop_nodes(node))


def test_units_without_a_tree_are_no_region(stratified):
    with pytest.raises(TypeError, match=r"wanted a region .DataTree., got Dataset"):
        validate_region(stratified)
