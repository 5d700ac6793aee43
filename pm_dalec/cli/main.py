"""Command line: ``pm-dalec demo | calibrate | edc-report | parity | bench | landscape | ...``."""

import argparse
import sys
from importlib import import_module
from pathlib import Path

from pm_dalec._version import __version__
from pm_dalec.cli.checks import info, parity
from pm_dalec.cli.region import landscape, region
from pm_dalec.cli.site import edc_report

MODELS = ("baseline", "constrained_prior")


def parser():
    """Argument parser of all commands."""
    top = argparse.ArgumentParser(
        prog="pm-dalec",
        description="Bayesian model-data fusion of the terrestrial carbon cycle with DALEC.",
    )
    top.add_argument("--version", action="version", version=f"pm_dalec {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_site_commands(commands)
    _add_check_commands(commands)
    _add_region_commands(commands)
    return top


def _add_site_commands(commands):
    demo = commands.add_parser("demo", help="calibrate the built-in site; needs no file")
    demo.add_argument("--out", type=Path, default=Path("demo"), help="folder for fit and figures")
    demo.add_argument("--seed", type=int, default=0, help="of the site and of the sampler")
    demo.add_argument("--seconds", type=float, default=60.0, help="sampling budget")
    calibrate = commands.add_parser("calibrate", help="calibrate a site file, or a site by name")
    calibrate.add_argument("site", help="NetCDF file, or a name such as FI-Hyy")
    calibrate.add_argument("--out", type=Path, default=Path("out"), help="folder for the results")
    calibrate.add_argument("--model", choices=MODELS, default="baseline")
    calibrate.add_argument("--solver", choices=("converged", "truncated"), default="converged")
    calibrate.add_argument("--chains", type=int, default=4)
    calibrate.add_argument("--draws", type=int, default=1000, help="recorded draws of each chain")
    calibrate.add_argument("--seconds", type=float, default=600.0, help="sampling budget")
    calibrate.add_argument("--sampler", choices=("lanes", "edinburgh2021"), default="lanes")
    calibrate.add_argument("--proposals", type=int, help="of each chain, for edinburgh2021")
    calibrate.add_argument("--seed", type=int, default=0)
    calibrate.add_argument("--three-year-days", action="store_true",
                           help="CARDAMOM's box of the day parameters")  # fmt: skip
    calibrate.add_argument("--fill-wind", action="store_true", help="3.23 m s-1 where absent")
    calibrate.add_argument("--no-disturbance", action="store_true",
                           help="no harvest and no fire where the file has none")  # fmt: skip
    calibrate.add_argument("--streams", nargs="*", help="observations; LAI and wood by default")
    calibrate.add_argument("--resume", action="store_true", help="go on where --out was left")
    report = commands.add_parser("edc-report", help="pass rates of the constraints for a site")
    report.add_argument("site", help="NetCDF file, or a name such as FI-Hyy, or 'synthetic'")
    report.add_argument("--draws", type=int, default=100_000)
    report.add_argument("--constraints", default="edinburgh2021",
                        choices=("edinburgh2021", "edinburgh2024"))  # fmt: skip
    report.add_argument("--seed", type=int, default=0)
    report.add_argument("--fill-wind", action="store_true")
    report.add_argument("--no-disturbance", action="store_true")


def _add_check_commands(commands):
    parity = commands.add_parser("parity", help="recompute reference files and compare")
    parity.add_argument("files", nargs="+", type=Path)
    parity.add_argument("--runner", choices=("numpy", "pytensor", "jax", "lanes"), default="numpy")
    parity.add_argument("--rtol", type=float, default=1e-6)
    bench = commands.add_parser("bench", help="runs and proposals per second and core")
    bench.add_argument("--json", action="store_true", help="print JSON and nothing else")
    bench.add_argument("--backend", choices=("numba", "jax", "jax-gpu"), default="numba")
    bench.add_argument("--lanes", type=int, nargs="+", default=[1, 16, 64, 256, 1024, 4096])
    bench.add_argument("--dtype", choices=("float64", "float32"), default="float64")
    bench.add_argument("--steps", type=int, default=72, help="monthly steps of a run")
    bench.add_argument("--seconds", type=float, default=1.0, help="least time of one measurement")
    bench.add_argument("--samplers", action="store_true",
                       help="compare samplers on two synthetic sites and --site instead")  # fmt: skip
    bench.add_argument("--site", action="append", default=[], help="a site for --samplers")
    commands.add_parser("info", help="versions, processor, data that can be found")


def _add_region_commands(commands):
    landscape = commands.add_parser("landscape", help="units of the synthetic twin as NetCDF")
    landscape.add_argument("--resolution", type=float, choices=(1.0, 0.5, 0.25, 0.05), default=1.0)
    landscape.add_argument("--seed", type=int, default=1)
    landscape.add_argument("--out", type=Path, default=Path("region.nc"))
    landscape.add_argument("--figures", type=Path, help="folder for the maps of Fig. 2 and Fig. A1")
    region = commands.add_parser("region", help="units from real products named in a TOML file")
    region.add_argument("config", type=Path)
    region.add_argument("--out", type=Path, default=Path("region.nc"))
    paper = commands.add_parser("paper", help="the paper's experiment: tables and figures")
    paper.add_argument("--out", type=Path, default=Path("paper"))
    paper.add_argument("--quick", action="store_true", help="1.0 and 0.5 degree, short chains")
    paper.add_argument("--seed", type=int, default=1)


def main(arguments=None):
    """Run a command; exit status 0, 1 for a check that failed, 2 for bad input.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process by default.
    """
    options = parser().parse_args(arguments)

    try:
        return COMMANDS[options.command](options)
    except (ValueError, KeyError, TypeError, FileNotFoundError, ImportError) as fault:
        words = fault.args[0] if isinstance(fault, KeyError) and fault.args else fault
        print(f"pm-dalec {options.command}: {words}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"pm-dalec {options.command}: interrupted; finished parts are kept", file=sys.stderr)
        return 130


def run():
    """Entry point of the console script."""
    sys.exit(main())


if __name__ == "__main__":
    run()


def _later(module, name):
    """Command of another module, imported when it is called."""

    def call(options):
        return getattr(import_module(module), name)(options)

    return call


COMMANDS = {
    "demo": _later("pm_dalec.cli.site", "demo"),
    "calibrate": _later("pm_dalec.cli.site", "calibrate"),
    "bench": _later("pm_dalec.cli.bench.command", "bench"),
    "paper": _later("pm_dalec.paper.run", "paper"),
    "parity": parity,
    "edc-report": edc_report,
    "info": info,
    "landscape": landscape,
    "region": region,
}
