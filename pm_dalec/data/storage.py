"""Files and folders written whole or not at all; what goes wrong is said with the name of the path."""

import errno
import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pm_dalec.tables.numbers import path_of

DRAFT, OLD = ".part", ".old"  # ends of the names of what is being written, and being replaced
LOCK = ".lock"  # end of the name of what says that somebody is writing


class WriteError(OSError):
    """A path cannot be written; the sentence says which, why, and what to do."""


@contextmanager
def whole(path):
    """Draft to write to, which takes the name of a path only when the block has ended well.

    A block that fails leaves what was there and no draft. A process that is killed leaves what was
    there and a draft, which the next write removes. A second writer of a path is refused while the
    first is at work.

    Parameters
    ----------
    path : str or Path
        Of a file or a folder; what is there is replaced, but no folder by a file.

    Yields
    ------
    Path
        Beside `path`; nothing is there yet.

    Raises
    ------
    WriteError
        A sentence: no such folder, no permission, no room on the disk, another writer.
    """
    path = Path(path)
    with told(path), locked(path):
        draft, old = (path.with_name(path.name + end) for end in (DRAFT, OLD))
        if old.exists() and not path.exists():  # killed between the two names of a folder
            old.rename(path)
        remove(old)
        remove(draft)
        try:
            yield draft
            _replace(path, draft, old)
        except BaseException:
            if old.exists():
                old.rename(path)
            remove(draft)
            raise
        remove(old)


def _replace(path, draft, old):
    """Give a draft the name of a path."""
    if draft.is_file():
        _on_disk(draft)
    if path.is_dir():  # a folder cannot be replaced in one go, a file can
        if draft.is_file():
            raise WriteError(
                f"wanted a file or nothing at '{path}', got a folder; give the file another name"
            )
        path.rename(old)
    draft.replace(path)


@contextmanager
def locked(path, *, inside=False, wait=0.0):
    """Block during which nobody else writes a path: no other thread and no other process.

    Parameters
    ----------
    path : Path
        Of a file or a folder.
    inside : bool
        Whether the lock lies in the folder; otherwise it lies beside the path.
    wait : float
        Most seconds until somebody else has ended.

    Raises
    ------
    WriteError
        If somebody does.
    """
    path = Path(path)
    file = path / LOCK if inside else path.with_name(path.name + LOCK)
    lock = FileLock(file)
    try:
        lock.acquire(timeout=wait)
    except Timeout:
        raise WriteError(
            f"wanted to write '{path}' alone, got another process or thread that is writing it; wait "
            "until that has ended, or give another name"
        ) from None
    try:
        yield
    finally:
        file.unlink(missing_ok=True)  # before the release: who waits sees that the lock is gone
        lock.release()


def folder_to_write(path):
    """Folder that can be written to, made where it is absent; asked before long work begins.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Path

    Raises
    ------
    WriteError
        If a file is there, or nothing can be written.
    """
    path = path_of("folder", path)
    if path.exists() and not path.is_dir():
        raise WriteError(f"wanted a folder at '{path}', got a file; give another name")
    with told(path):
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    return path


@contextmanager
def told(path):
    """Block whose faults of writing are told in a sentence.

    Parameters
    ----------
    path : Path
        That is written to.

    Raises
    ------
    WriteError
    """
    try:
        yield
    except WriteError:
        raise
    except (OSError, RuntimeError) as fault:
        number, reason = _reason(fault)
        if number is None and isinstance(fault, RuntimeError):
            raise
        advice = "give a path in a folder that exists and can be written"
        if number in (errno.ENOSPC, errno.EDQUOT):
            advice = "make room, or give a path on another disk; what was there before is kept"
        sentence = WriteError(f"wanted to write '{path}', got: {reason}; {advice}")
        sentence.errno = number
        raise sentence from fault


def _reason(fault):
    """Number of a fault of the system, or None, and its words; HDF5 hides both in a text."""
    if isinstance(fault, OSError) and fault.errno is not None and fault.strerror:
        hidden = re.search(r"error message = '([^']*)'", fault.strerror)
        return fault.errno, hidden[1] if hidden else fault.strerror
    hidden = re.search(r"errno = (\d+), error message = '([^']*)'", str(fault))
    return (int(hidden[1]), hidden[2]) if hidden else (None, str(fault))


def _on_disk(file):
    """Wait until a file is on the disk: a name must not outlive what it names in a loss of power."""
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())


def remove(path):
    """Remove a file or a folder with what is in it; nothing there is no error."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
