"""What is written appears whole under its name, or not at all."""

import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from pm_dalec.data import storage

KINDS = ["file", "folder"]


def put(path, text):
    """A file with a text, or a folder with one."""
    if "folder" in path.name:
        path.mkdir()
        path = path / "part"
    path.write_text(text)


def text_of(path):
    return (path / "part" if path.is_dir() else path).read_text()


def fail(path, fault):
    with storage.whole(path) as draft:
        put(draft, "half")
        raise fault


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("kind", KINDS)
def test_a_write_replaces_what_was_there_and_leaves_nothing_beside_it(tmp_path, kind):
    for text in ("first", "second"):
        with storage.whole(tmp_path / kind) as draft:
            put(draft, text)
    assert text_of(tmp_path / kind) == "second"
    assert names(tmp_path) == [kind]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_under_the_name_before_the_end(tmp_path, kind):
    with storage.whole(tmp_path / kind) as draft:
        put(draft, "half")
        assert not (tmp_path / kind).exists()
    assert text_of(tmp_path / kind) == "half"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
def test_a_write_that_fails_leaves_what_was_there_and_no_draft(tmp_path, kind, fault):
    put(tmp_path / kind, "old")
    with pytest.raises(fault):
        fail(tmp_path / kind, fault)
    assert text_of(tmp_path / kind) == "old"
    assert names(tmp_path) == [kind]


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_cannot_be_given_leaves_what_was_there(tmp_path, kind):
    put(tmp_path / kind, "old")
    with pytest.raises(FileNotFoundError), storage.whole(tmp_path / kind):
        pass  # nothing was written
    assert text_of(tmp_path / kind) == "old"
    assert names(tmp_path) == [kind]


KILLED = """
import os, pathlib, sys
from pm_dalec.data import storage
with storage.whole(sys.argv[1]) as draft:
    if "folder" in draft.name:
        draft.mkdir()
        draft = draft / "part"
    draft.write_text("half")
    os._exit(9)
"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_write_that_is_killed_leaves_what_was_there_and_the_next_one_removes_its_draft(
    tmp_path, kind
):
    path = tmp_path / kind
    put(path, "old")
    assert subprocess.run([sys.executable, "-c", KILLED, path], check=False).returncode == 9
    assert text_of(path) == "old"
    assert names(tmp_path) == [kind, f"{kind}.part"]
    with storage.whole(path) as draft:
        assert not draft.exists()
        put(draft, "new")
    assert text_of(path) == "new"
    assert names(tmp_path) == [kind]


def test_a_folder_whose_writer_was_killed_between_two_names_comes_back(tmp_path):
    put(tmp_path / "folder.part", "new")
    put(tmp_path / "folder", "old")
    (tmp_path / "folder").rename(tmp_path / "folder.old")
    with pytest.raises(ValueError, match="fault"), storage.whole(tmp_path / "folder"):
        raise ValueError("fault")
    assert text_of(tmp_path / "folder") == "old"
    assert names(tmp_path) == ["folder"]


@pytest.mark.parametrize(("name", "netcdf"), [("a.nc", True), ("a.nc4", True), ("a.zarr", False)])
def test_the_end_of_a_path_tells_the_format(tmp_path, name, netcdf):
    assert storage.is_netcdf(tmp_path / name, what="a fit") == netcdf


def test_another_end_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"'\.zarr' at the end of the path of a fit .* 'a\.csv'"):
        storage.is_netcdf(tmp_path / "a.csv", what="a fit")


def test_a_dataset_that_is_not_there_is_refused_with_what_makes_one(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"wanted a fit at .*; write one with 'save'"):
        storage.opening(tmp_path / "a.nc", what="a fit", writer="'save'")


@pytest.mark.parametrize("name", ["texts.nc", "texts.zarr"])
def test_text_comes_back_from_both_formats_as_it_went_in(tmp_path, name):
    texts = xr.Dataset(
        {"status": ("pixel", np.array(["converged", "budget"])), "count": ("pixel", [1, 2])},
        coords={"stratum": ("stratum", np.array(["heath"])), "site": "Hyytiälä"},
    )
    path = tmp_path / name
    if storage.is_netcdf(path, what="texts"):
        texts.to_netcdf(path, engine="h5netcdf")
    else:
        storage.with_text_objects(texts).to_zarr(path, zarr_format=3, consolidated=False)
    with xr.open_dataset(**storage.opening(path, what="texts", writer="this test")) as stored:
        again = storage.with_plain_text(stored.load())
    assert again.identical(texts)
    assert {again[each].dtype.kind for each in ("status", "stratum", "site")} == {"U"}
