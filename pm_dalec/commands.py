"""What the commands of the command line do: read, call, print, save."""

import os
import platform
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from pm_dalec.data import by_name

console = Console(width=max(Console().width, 120))  # a table must not lose its digits


def bar(*columns):
    """Progress bar of a long command; silent where nobody looks."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        *columns,
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def site_named(name, options):
    """Units dataset of a file, of a site by name, or of the built-in site."""
    disturbance = "none" if options.no_disturbance else "file"
    if name == "synthetic":
        from pm_dalec.data.synthetic_sites import synthetic_site

        return synthetic_site(options.seed)
    if Path(name).suffix in (".nc", ".nc4", ".cdf") or Path(name).exists():
        from pm_dalec.data.site_file import open_site

        return open_site(name, fill_wind=options.fill_wind, disturbance=disturbance)
    return by_name.load(name, fill_wind=options.fill_wind, disturbance=disturbance)


def parity(options):
    """Compare reference files; exit status 1 where a quantity is off."""
    from pm_dalec.testing.reference_parity import parity as compare

    failed = count = 0
    for path in options.files:
        if not path.is_file():
            raise FileNotFoundError(
                f"wanted a reference file, got no such file ({path}); check the path"
            )
        for line in compare(path, runner=options.runner, rtol=options.rtol):
            count += 1
            failed += not line.passed
            mark = "ok  " if line.passed else "FAIL"
            print(
                f"{mark} {path.name} {line.group:<22} {line.quantity:<38} "
                f"{line.worst:.2e}  {line.where}  {line.remark}".rstrip(),
                flush=True,
            )
    print(f"{count - failed} of {count} comparisons within {options.rtol:g}; {failed} failed")
    return 1 if failed else 0


def edc_report(options):
    """Print pass rates of the constraints under the prior of a site."""
    from pm_dalec.constraints.report import edc_report as report

    units = site_named(options.site, options)
    with bar() as progress:
        task = progress.add_task("prior draws", total=options.draws)
        found = report(
            units,
            draws=options.draws,
            constraints=options.constraints,
            seed=options.seed,
            progress=lambda done: progress.update(task, completed=done),
        )
    table = Table(title=f"{options.constraints}, {found.attrs['draws']} draws of the prior")
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
    never = [str(n) for n in found["constraint"].values
             if float(found["failure_rate"].sel(constraint=n)) == 0]  # fmt: skip
    console.print(f"pass all parameter rules: {found.attrs['parameter_pass_rate']:.4f}")
    console.print(f"pass all rules: {found.attrs['pass_rate']:.2e}")
    console.print(f"never fail in these draws: {', '.join(never) or 'none'}")
    return 0


def info(options):
    """Print versions, processor and the data that can be found."""
    names = ("pm_dalec", "pymc", "pytensor", "arviz", "numba", "llvmlite", "numpy", "xarray", "jax")
    for name in names:
        try:
            print(f"{name:<10} {version(name)}")
        except ImportError:
            print(f"{name:<10} not installed")
    print(f"{'python':<10} {platform.python_version()}")
    print(f"{'machine':<10} {platform.machine()}, {os.cpu_count()} cores")
    folder = os.environ.get(by_name.DATA_VARIABLE)
    print(f"{by_name.DATA_VARIABLE}: {folder or 'not set; needed for sites by name'}")
    if folder:
        for site in by_name.available():
            print(f"  {site.site} ({site.source}, {site.resolution})")
    return 0


def landscape(options):
    """Write the units of the synthetic twin, and its maps when asked."""
    from pm_dalec.landscape.twin.region import landscape_command

    landscape_command(
        options.resolution, options.seed, options.out, approach=options.approach,
        progress=lambda words: console.print(words, style="dim"),
    )  # fmt: skip
    console.print(f"wrote {options.out}")
    if options.figures is not None:
        _landscape_figures(options)
    return 0


def _landscape_figures(options):
    from pm_dalec.landscape.twin.region import build_region
    from pm_dalec.landscape.twin.twin import make_twin
    from pm_dalec.plots.land_cover import fraction_maps, land_cover_map
    from pm_dalec.plots.style import save_figure

    twin = make_twin(options.seed)
    regions = {
        resolution: build_region(twin, resolution=resolution, approach="stratified")
        for resolution in (0.5, 0.25, 0.05)
    }
    save_figure(land_cover_map(twin.fields["stratum"]), options.figures / "fig02_land_cover")
    save_figure(fraction_maps(regions), options.figures / "figA1_fractions")
    console.print(f"wrote maps to {options.figures}")


def region(options):
    """Write the units of a region from real products."""
    from pm_dalec.landscape.from_products.region import region_command

    region_command(
        options.config, options.out, progress=lambda words: console.print(words, style="dim")
    )
    console.print(f"wrote {options.out}")
    return 0


def _later(module, name):
    """Command of another module, imported when it is called."""

    def call(options):
        return getattr(import_module(module), name)(options)

    return call


COMMANDS = {
    "demo": _later("pm_dalec.site_commands", "demo"),
    "calibrate": _later("pm_dalec.site_commands", "calibrate"),
    "bench": _later("pm_dalec.bench", "bench"),
    "paper": _later("pm_dalec.paper.run", "paper"),
    "parity": parity,
    "edc-report": edc_report,
    "info": info,
    "landscape": landscape,
    "region": region,
}
