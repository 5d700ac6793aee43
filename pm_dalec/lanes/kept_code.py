"""Machine code that Numba keeps on disk, forgotten when any file of the kernels has changed.

Numba looks at the file of a function, not at those of the functions it calls: a kernel would go on with
the moves of an older version that were compiled into it.
"""

import hashlib
import os
from contextlib import suppress

SEEN = "kernels.sha256"


def forget_outdated(folder, others=()):
    """Remove Numba's indices in a folder of sources whose files are not those they were made from.

    Parameters
    ----------
    folder : Path
    others : sequence of Path
        Files outside the folder that its functions call.
    """
    digest = hashlib.sha256()
    for file in (*sorted(folder.glob("*.py")), *others):
        digest.update(file.read_bytes())
    cache, now = folder / "__pycache__", digest.hexdigest()
    seen = cache / SEEN
    with suppress(OSError):  # where one may not write, Numba keeps nothing here either
        if seen.exists() and seen.read_text() == now:
            return
        cache.mkdir(exist_ok=True)
        for index in cache.glob("*.nbi"):
            index.unlink(missing_ok=True)
        partial = seen.with_suffix(f".{os.getpid()}.part")
        partial.write_text(now)
        partial.replace(seen)
