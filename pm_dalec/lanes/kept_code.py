"""Kernels: functions that Numba compiles the same whoever asks first, and keeps on disk until a source changes.

A compiled function that says nothing of its rounding takes that of the function which asks for it first
in a process, and keeps it on disk for all others. And Numba looks at the file of a function, not at those
of the functions it calls: a kernel would go on with the moves of an older version that were compiled into
it.
"""

import functools
import hashlib
import os
from contextlib import suppress
from pathlib import Path

from numba import config, njit

SEEN = "kernels.sha256"
CALLED = ("kept_code.py", "call.py")  # of this folder; every kernel is made with them


def kernel(rounding=()):
    """Decorator of a function that is compiled, kept on disk, and holds no lock while it runs.

    Parameters
    ----------
    rounding : collection of str
        What the compiler may do with this function's own sums and products: ``"reassoc"``, ``"contract"``
        (flags of LLVM). Functions that it calls keep what they say themselves.
    """

    def compile_by_demand(function):
        # all that Numba would hand down from a caller is stated
        made = njit(
            cache=True,
            nogil=True,
            fastmath=set(rounding),
            error_model="python",
            forceinline=False,
        )(function)
        if not config.DISABLE_JIT:
            _forget_once(Path(function.__code__.co_filename).parent, Path(made.stats.cache_path))
        return made

    return compile_by_demand


def forget_outdated(folder, cache):
    """Remove Numba's indices of a folder of sources whose files are not those they were made from.

    Parameters
    ----------
    folder : Path
    cache : Path
        Where Numba keeps what it made of them: beside them, in ``NUMBA_CACHE_DIR``, or with the user's
        other caches where one may not write beside them.
    """
    digest = hashlib.sha256()
    for file in (*sorted(folder.glob("*.py")), *map(Path(__file__).with_name, CALLED)):
        digest.update(file.read_bytes())
    seen, now = cache / SEEN, digest.hexdigest()
    with suppress(OSError):  # where one may not write, Numba keeps nothing either
        if seen.exists() and seen.read_text() == now:
            return
        cache.mkdir(parents=True, exist_ok=True)
        for index in cache.glob("*.nbi"):
            index.unlink(missing_ok=True)
        partial = seen.with_suffix(f".{os.getpid()}.part")
        partial.write_text(now)
        partial.replace(seen)


_forget_once = functools.cache(forget_outdated)
