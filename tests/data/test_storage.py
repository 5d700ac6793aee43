"""What is written appears whole under its name, or not at all."""

import errno
import os
import subprocess
import sys
import threading

import pytest

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
    with pytest.raises(storage.WriteError), storage.whole(tmp_path / kind):
        pass  # nothing was written
    assert text_of(tmp_path / kind) == "old"
    assert names(tmp_path) == [kind]


KILLED = """
import os, pathlib, sys
from pm_dalec.data import storage
from pm_dalec.data.formats import trees
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
    assert names(tmp_path) == [kind, f"{kind}.lock", f"{kind}.part"]
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


FAULTS = {
    "no room": (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "No space left .*; make room"),
    "no room, as HDF5 says it": (
        RuntimeError(
            "Unable to decrement (file write failed: errno = 28, error message = 'No space left on "
            "device', buf = 0x1)"
        ),
        "got: No space left on device; make room",
    ),
    "no permission": (
        PermissionError(errno.EACCES, "Permission denied"),
        "got: Permission denied;",
    ),
    "a disk that cannot be written": (OSError(errno.EROFS, "Read-only file system"), "Read-only"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_disk_that_fails_is_told_with_the_name_and_keeps_what_was_there(tmp_path, kind, fault):
    put(tmp_path / kind, "old")
    raised, words = FAULTS[fault]
    with pytest.raises(storage.WriteError, match=f"^wanted to write '.*{kind}', .*{words}"):
        fail(tmp_path / kind, raised)
    assert text_of(tmp_path / kind) == "old"
    assert names(tmp_path) == [kind]


def test_a_fault_that_is_none_of_the_disk_stays_itself(tmp_path):
    with pytest.raises(RuntimeError, match=r"^a bug$"):
        fail(tmp_path / "file", RuntimeError("a bug"))


def full_disk(kind):
    """What fills a disk of a megabyte, in the format of a kind of path."""
    if kind == "file":
        return "import xarray, numpy; xarray.Dataset({'a': ('x', numpy.random.rand(10**6))}).to_netcdf(draft, engine='h5netcdf')"
    return "draft.mkdir(); (draft / 'part').write_bytes(bytes(10**7))"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a disk")
@pytest.mark.parametrize("kind", KINDS)
def test_a_disk_that_is_full_ends_in_a_sentence_and_keeps_what_was_there(tmp_path, kind):
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    try:
        put(tmp_path / kind, "old")
        code = f"from pm_dalec.data import storage\nwith storage.whole({str(tmp_path / kind)!r}) as draft:\n    {full_disk(kind)}"
        done = subprocess.run(
            [sys.executable, "-c", code], check=False, capture_output=True, text=True
        )
        last = done.stderr.strip().splitlines()[-1]
        assert (
            f"wanted to write '{tmp_path / kind}', got: No space left on device; make room" in last
        )
        assert text_of(tmp_path / kind) == "old"
        assert names(tmp_path) == [kind]
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_a_second_thread_that_writes_a_path_is_refused_and_the_first_ends_well(tmp_path):
    path, told = tmp_path / "file", []

    def write():
        with pytest.raises(storage.WriteError) as caught, storage.whole(path):
            pass
        told.append(str(caught.value))

    with storage.whole(path) as draft:
        draft.write_text("first")
        second = threading.Thread(target=write)
        second.start()
        second.join()
    assert text_of(path) == "first"
    assert names(tmp_path) == ["file"]
    assert "got another process or thread that is writing it" in told[0]
    assert f"'{path}'" in told[0]


def test_a_second_process_that_writes_a_path_is_refused(tmp_path):
    path = tmp_path / "file"
    with storage.whole(path) as draft:
        draft.write_text("first")
        done = subprocess.run(
            [sys.executable, "-c", KILLED, path], check=False, capture_output=True, text=True
        )
    assert "got another process or thread that is writing it" in done.stderr
    assert text_of(path) == "first"


def test_threads_that_write_one_path_leave_one_whole_file(tmp_path):
    """Some are refused; what stands in the end is one of the others, and all of it."""
    path, refused, written = tmp_path / "file", [], []

    def write(number):
        try:
            with storage.whole(path) as draft:
                draft.write_text(f"{number}" * 10_000)
            written.append(number)
        except storage.WriteError:
            refused.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(written) + len(refused) == 8
    assert text_of(path) in {f"{number}" * 10_000 for number in written}
    assert names(tmp_path) == ["file"]


def test_a_folder_is_not_replaced_by_a_file(tmp_path):
    put(tmp_path / "folder", "mine")
    with (
        pytest.raises(storage.WriteError, match="got a folder"),
        storage.whole(tmp_path / "folder") as draft,
    ):
        draft.write_text("a file")
    assert text_of(tmp_path / "folder") == "mine"
    assert names(tmp_path) == ["folder"]


def test_a_path_in_no_folder_is_refused(tmp_path):
    with (
        pytest.raises(storage.WriteError, match=r"absent/file', got: No such file"),
        storage.whole(tmp_path / "absent" / "file"),
    ):
        pass


def test_a_folder_to_write_is_made_and_stays_empty(tmp_path):
    assert names(storage.folder_to_write(tmp_path / "a" / "b")) == []


def test_a_file_is_no_folder_to_write(tmp_path):
    put(tmp_path / "file", "mine")
    with pytest.raises(storage.WriteError, match=r"wanted a folder at .*file', got a file"):
        storage.folder_to_write(tmp_path / "file")
    with pytest.raises(storage.WriteError, match="Not a directory"):
        storage.folder_to_write(tmp_path / "file" / "below")


def test_a_folder_without_permission_is_refused(tmp_path, monkeypatch):
    def denied(**_):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path))

    monkeypatch.setattr(storage.tempfile, "TemporaryFile", denied)
    with pytest.raises(storage.WriteError, match="got: Permission denied; give a path in a folder"):
        storage.folder_to_write(tmp_path)
