"""Commands that check: parity with the reference, rules under the prior, and what is installed."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from rich.table import Table

from pm_dalec.cli.console import console
from pm_dalec.cli.site_options import PLAIN, SiteOptions, site_named
from pm_dalec.constraints import report
from pm_dalec.data import by_name
from pm_dalec.sampling.progress import bar
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


def edc_report(
    site: str,
    /,
    *,
    constraints: Literal["edinburgh2021", "edinburgh2024"] = "edinburgh2021",
    draws: int = 100_000,
    seed: int = 0,
    options: SiteOptions = PLAIN,
):
    """Print pass rates of the constraints under the prior of a site.

    Parameters
    ----------
    site
        File, folder of CSV files, a name such as FI-Hyy, or "synthetic".
    constraints
        Set of rules.
    draws
        Of the prior.
    seed
        Of the draws.
    options
        How the site is opened.
    """
    units = site_named(site, seed, options)
    with bar() as progress:
        task = progress.add_task("prior draws", total=draws, words="")
        found = report.edc_report(
            units,
            draws=draws,
            constraints=constraints,
            seed=seed,
            progress=lambda done: progress.update(task, completed=done),
        )
    _print_pass_rates(found, f"{constraints}, {found.attrs['draws']} draws of the prior")


def _print_pass_rates(found, title):
    table = Table(title=title)
    for heading in ("rule", "fails", "fails, given parameter rules", "binds alone", "inequality"):
        table.add_column(heading, justify="left" if heading in ("rule", "inequality") else "right")
    for name in found["constraint"].values:
        row = found.sel(constraint=name)
        table.add_row(
            str(name),
            f"{float(row['failure_rate']):.4f}",
            f"{float(row['failure_rate_after_parameters']):.4f}",
            f"{float(row['binds_alone']):.5f}",
            str(row["inequality"].values),
        )
    console.print(table)
    never = found["constraint"].values[found["failure_rate"].values == 0]
    console.print(f"pass all parameter rules: {found.attrs['parameter_pass_rate']:.4f}")
    console.print(f"pass all rules: {found.attrs['pass_rate']:.2e}")
    console.print(f"never fail in these draws: {', '.join(map(str, never)) or 'none'}")
