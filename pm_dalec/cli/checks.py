"""Commands that check: parity with the reference, and what is installed."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from pm_dalec.data import by_name
from pm_dalec.testing import reference_parity

PACKAGES = (
    "pm_dalec",
    "pymc",
    "pytensor",
    "arviz",
    "numba",
    "llvmlite",
    "numpy",
    "xarray",
    "jax",
)


def parity(
    files: list[Path],
    /,
    *,
    runner: Literal["numpy", "pytensor", "jax", "lanes"] = "numpy",
    rtol: float = 1e-6,
) -> int:
    """Compare reference files; exit status 1 where a quantity is off.

    Parameters
    ----------
    files
        Reference files.
    runner
        What recomputes them.
    rtol
        Largest relative difference [1].
    """
    failed = count = 0
    for path in files:
        if not path.is_file():
            raise FileNotFoundError(
                f"wanted a reference file, got no such file ({path}); check the path"
            )
        for line in reference_parity.parity(path, runner=runner, rtol=rtol):
            count += 1
            failed += not line.passed
            mark = "ok  " if line.passed else "FAIL"
            print(
                f"{mark} {path.name} {line.group:<22} {line.quantity:<38} "
                f"{line.worst:.2e}  {line.where}  {line.remark}".rstrip(),
                flush=True,
            )
    print(f"{count - failed} of {count} comparisons within {rtol:g}; {failed} failed")
    return 1 if failed else 0


def info():
    """Print versions, processor and the data that can be found."""
    for name in PACKAGES:
        try:
            print(f"{name:<10} {version(name)}")
        except ImportError:
            print(f"{name:<10} not installed")
    print(f"{'python':<10} {platform.python_version()}")
    print(f"{'machine':<10} {platform.machine()}, {os.cpu_count()} cores")
    folder = os.environ.get(by_name.DATA_VARIABLE)
    print(f"{by_name.DATA_VARIABLE}: {folder or 'not set; needed for sites by name'}")
    if folder:
        sites = by_name.available_sites()
        for site in sites:
            print(f"  {site.site} ({site.source}, {site.resolution})")
        if not sites:
            print(f"  no sites: {by_name.DATA_VARIABLE} {by_name.state_of_folder()}")
