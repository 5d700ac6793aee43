"""Trees on disk come back whole, or a sentence says which file is not."""

import pickle
import re

import numpy as np
import pytest
import xarray as xr

from pm_dalec.data import storage
from pm_dalec.data.formats import trees


def tree():
    """What has the groups of a fit."""
    draws = xr.Dataset(
        {"depth": (("chain", "draw"), np.arange(8.0).reshape(2, 4)), "rate": ("chain", [1.0, 2.0])},
        attrs={"sampler": "lanes"},
    )
    seen = xr.Dataset({"lai": ("time", [1.0, np.nan])})
    made = xr.DataTree.from_dict({"/posterior": draws, "/observed_data": seen})
    made.attrs["seed"] = 7
    return made


def write(made, path):
    """The tree in the format that the path names."""
    if trees.is_netcdf(path, what="a fit"):
        made.to_netcdf(path, engine="h5netcdf")
    else:
        trees.write_zarr(made.map_over_datasets(trees.with_text_objects), path)
    return path


def read(path):
    return trees.read_tree(path, what="a fit", group="posterior", writer="'save'")


def refused(path):
    """The one sentence with which a path is refused."""
    with pytest.raises(ValueError, match=r"^wanted ") as caught:
        read(path)
    told = str(caught.value)
    assert path.name in told
    assert "\n" not in told
    return told


@pytest.mark.parametrize(("name", "netcdf"), [("a.nc", True), ("a.nc4", True), ("a.zarr", False)])
def test_the_end_of_a_path_tells_the_format(tmp_path, name, netcdf):
    assert trees.is_netcdf(tmp_path / name, what="a fit") == netcdf


def test_another_end_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"'\.zarr' at the end of the path of a fit .* 'a\.csv'"):
        trees.is_netcdf(tmp_path / "a.csv", what="a fit")


@pytest.mark.parametrize("name", ["a.nc", "a.zarr"])
def test_a_tree_that_is_not_there_is_refused_with_what_makes_one(tmp_path, name):
    with pytest.raises(
        FileNotFoundError, match=rf"wanted a fit at .*{name}.*; write one with 'save'"
    ):
        read(tmp_path / name)


@pytest.mark.parametrize("name", ["texts.nc", "texts.zarr"])
def test_text_comes_back_from_both_formats_as_it_went_in(tmp_path, name):
    texts = xr.Dataset(
        {"status": ("pixel", np.array(["converged", "budget"])), "count": ("pixel", [1, 2])},
        coords={"stratum": ("stratum", np.array(["heath"])), "site": "Hyytiälä"},
    )
    written = write(xr.DataTree.from_dict({"/posterior": texts}), tmp_path / name)
    again = trees.with_plain_text(read(written)["posterior"].to_dataset())
    assert again.identical(texts)
    assert {again[each].dtype.kind for each in ("status", "stratum", "site")} == {"U"}


@pytest.mark.parametrize("suffix", trees.NETCDF + trees.ZARR)
def test_a_tree_comes_back_as_it_was_written(tmp_path, suffix):
    assert read(write(tree(), tmp_path / f"fit{suffix}")).identical(tree())


def first_chunk(folder):
    """A chunk that holds numbers, as another array's fill value would not."""
    return max(folder.glob("posterior/depth/c/**/*"))


def lose(part):
    def damage(folder):
        storage.remove(folder / part)

    return damage


def cut_off(file):
    file.write_bytes(file.read_bytes()[:-3])


def swap(folder):
    one, other = folder / "posterior/depth/zarr.json", folder / "posterior/rate/zarr.json"
    one.write_bytes(other.read_bytes())


DAMAGES = {
    "a missing chunk": (lambda folder: storage.remove(first_chunk(folder)), "got 1 missing, .*/c/"),
    "a missing group": (lose("observed_data"), "got 3 missing, the first 'observed_data/"),
    "a missing array": (lose("posterior/rate"), "got 2 missing, the first 'posterior/rate/"),
    "metadata of another array": (
        swap,
        "got 1 changed, cut off or of another folder, the first 'posterior/depth/",
    ),
    "a chunk cut off": (
        lambda folder: cut_off(first_chunk(folder)),
        "got 1 changed, cut off or of another folder",
    ),
    "a root cut off": (lambda folder: cut_off(folder / "zarr.json"), "is cut off, damaged or of"),
    "no root": (lose("zarr.json"), "is cut off, damaged or of another kind"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_zarr_with_a_part_missing_or_damaged_is_refused(tmp_path, damage):
    folder = write(tree(), tmp_path / "fit.zarr")
    change, words = DAMAGES[damage]
    change(folder)
    told = refused(folder)
    assert re.search(words, told), told


def test_a_zarr_without_checksums_is_refused(tmp_path):
    tree().to_zarr(tmp_path / "fit.zarr", zarr_format=3, consolidated=False)
    assert "with checksums of its parts" in refused(tmp_path / "fit.zarr")


def without_tail(share):
    def damage(path):
        path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])

    return damage


OTHERS = {
    "cut off": without_tail(0.9),
    "cut off in its head": without_tail(0.01),
    "empty": without_tail(0.0),
    "text": lambda path: path.write_text("<html>404</html>"),
    "a pickle": lambda path: path.write_bytes(pickle.dumps({"posterior": 1})),
    "NetCDF 3": lambda path: xr.Dataset({"a": 1}).to_netcdf(path, engine="scipy"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_file_that_is_damaged_or_something_else_is_refused(tmp_path, other):
    path = write(tree(), tmp_path / "fit.nc")
    OTHERS[other](path)
    refused(path)


def test_a_folder_is_no_netcdf_file_and_a_file_no_zarr(tmp_path):
    (tmp_path / "fit.nc").mkdir()
    (tmp_path / "fit.zarr").write_text("text")
    assert "got a folder" in refused(tmp_path / "fit.nc")
    refused(tmp_path / "fit.zarr")


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
@pytest.mark.parametrize(
    ("groups", "words"),
    [
        (["/pixels", "/strata"], "got a region, which pm_dalec.open_region reads"),
        (["/units", "/budget"], "got a reduced experiment"),
        (["/", "/other"], "got the file of a site, which pm_dalec.open_site reads"),
        (["/other"], "got only other"),
    ],
)
def test_a_tree_of_another_kind_is_refused_with_what_reads_it(tmp_path, suffix, groups, words):
    weather = xr.Dataset({"tmin": ("time", [1.0]), "tmax": ("time", [2.0])})
    other = xr.DataTree.from_dict(dict.fromkeys(groups, weather))
    assert words in refused(write(other, tmp_path / f"other{suffix}"))
