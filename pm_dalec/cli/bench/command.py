"""The command `pm-dalec bench`."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from cyclopts import Parameter

from pm_dalec.cli.bench.banks import (
    PAPER_UNITS,
    PILOT_RESOLUTION,
    PILOTS,
    compare_banks,
    cost_of_sites,
    summary,
)
from pm_dalec.cli.bench.cost_page import cost_page
from pm_dalec.cli.bench.judging import judge, judge_families
from pm_dalec.cli.bench.samplers import compare_samplers
from pm_dalec.cli.bench.sums import compare_sums, sums_page
from pm_dalec.cli.bench.throughput import LANES, measure
from pm_dalec.cli.cluster.land import BUILD
from pm_dalec.cli.cluster.report import measure_cluster
from pm_dalec.cli.site_options import SYNTHETIC, SiteOptions, site_named
from pm_dalec.data.storage import folder_to_write, whole
from pm_dalec.data.synthetic_sites import synthetic_site
from pm_dalec.landscape.twin.region import build_region
from pm_dalec.landscape.twin.twin import make_twin
from pm_dalec.models import baseline
from pm_dalec.sampling.bank.bank_file import load_bank
from pm_dalec.sampling.bank.making import make_bank
from pm_dalec.tables.numbers import number, whole_number

STEPS = 72  # of a run: six years of months
TWIN_RESOLUTIONS = (0.5, 0.25, 0.05)  # degree; the three pixels at 1 degree are left out
SUM_RESOLUTIONS = (0.5, 0.25)  # degree; from nothing, all of 0.05 degree take many core-hours


def bench(
    *,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
    backend: Literal["llvm", "jax", "jax-gpu"] = "llvm",
    lanes: Annotated[tuple[int, ...], Parameter(consume_multiple=1)] = LANES,
    dtype: Literal["float64", "float32"] = "float64",
    steps: int = STEPS,
    seconds: float = 1.0,
    samplers: bool = False,
    families: bool = False,
    scale: int | None = None,
    cluster: Path | None = None,
    site: tuple[str, ...] = (),
    no_disturbance: bool = False,
    banks: Path | None = None,
    units: int = 10,
    references: int = 2,
    sums: Path | None = None,
    targets: Path | None = None,
    simulation: Path | None = None,
    fits: int = 200,
    page: Path | None = None,
):
    """Measure runs and proposals per second and core.

    Parameters
    ----------
    as_json
        Print JSON and nothing else.
    backend
        What compiles the model.
    lanes
        Numbers of chains that run at once.
    dtype
        float32 with JAX only.
    steps
        Monthly steps of a run; with --families the first ones of the site.
    seconds
        Least time of one measurement [s]; with samplers, processor time of each run.
    samplers
        Compare samplers on two synthetic sites, and on each site that is named.
    families
        Sample the posterior of a synthetic site, or of each site that is named, by lanes, SMC and NUTS
        (pip install 'pm_dalec[nuts]').
    scale
        So many units of 10 ms through the store and the scheduler of a cluster, on all processors.
    cluster
        Folder for runs of the twin at 0.25 degree by threads, by two workers and by workers that are
        killed, and for what was measured, with --scale as well; what is there is not done again.
    site
        A site for samplers or families, or beside banks, with 3.23 m s-1 where wind is absent; may be given
        several times.
    no_disturbance
        No harvest and no fire at sites whose file has none.
    banks
        Folder of draw banks of the twin, one for each model with pilots at 0.05 degree, which are made where
        there are none; compare units with them and without.
    units
        Of each class that are compared, drawn at random; 0 makes the banks alone.
    references
        As many of these are calibrated without a bank as well.
    sums
        Folder for the fits of all units of the twin at 0.5 and 0.25 degree, with the banks of --banks and
        without: how far sums over the region are off.
    targets
        Folder of files of posteriordb; sample its targets and those of known answers, and compare.
    simulation
        Folder of fits to simulated truths, which is continued until it holds --fits of them; with
        --families they are fits by SMC.
    fits
        Wanted in that folder.
    page
        Write what was found, of targets and simulation, of families, of banks, of sums or of a cluster, to
        this file of Markdown.
    """
    _check(lanes, steps, seconds, backend=backend, dtype=dtype)
    throughput = lanes, backend, dtype, STEPS if families else steps
    _check_samplers(samplers or families, () if banks else site, throughput)
    sites = _opened(site, no_disturbance)
    tell = (lambda words: None) if as_json else _tell
    if scale is not None or cluster is not None:
        measure_cluster(cluster, scale, page, tell)
    elif families:
        judge_families((sites, steps), simulation, fits, page, tell, as_json)
    elif targets is not None or simulation is not None:
        judge(targets, simulation, fits, page, tell, as_json)
    elif banks is not None or sums is not None:
        _with_banks((banks, sums), (units, references), sites, page, tell, as_json)
    elif samplers:
        _print_samplers(sites, seconds, tell, as_json)
    else:
        _print_throughput(throughput, seconds, tell, as_json)


def _check(lanes, steps, seconds, *, backend, dtype):
    """Refuse what cannot be measured before anything is compiled."""
    for count in lanes:
        whole_number("lanes", count, least=1, advice="16 or 64 are usual")
    whole_number("steps", steps, least=12, advice="the rules of a run look at a year or more")
    number("seconds", seconds, above=0.0, advice="the time of one measurement")
    if dtype == "float32" and backend == "llvm":
        raise ValueError(
            "wanted float64 with the back end llvm, got --dtype float32; use --backend jax, or leave it out"
        )


def _check_samplers(samplers, sites, throughput):
    """Refuse sites without samplers, and samplers with options of throughput."""
    if sites and not samplers:
        raise ValueError(
            f"wanted --samplers, --families or --banks with --site {sites[0]}, got --site alone; add one"
        )
    if samplers and throughput != (LANES, "llvm", "float64", STEPS):
        raise ValueError(
            "wanted --samplers or --families with --seconds and --site alone, got other options of throughput; leave them out"
        )


def _opened(names, no_disturbance):
    """Sites by name, a file's without its folder, opened as other commands open them; wind is filled in."""
    if no_disturbance and not names:
        raise ValueError(
            "wanted --site with --no-disturbance, got --no-disturbance alone; name a site, or leave it out"
        )
    found = {}
    for name in names:
        options = SiteOptions(fill_wind=name != SYNTHETIC, no_disturbance=no_disturbance)
        short = Path(name).stem
        if short in found:
            raise ValueError(
                f"wanted sites of different names, got {short} twice in --site; leave one out, or rename its file"
            )
        found[short] = site_named(name, 0, options)
    return found


def _print_samplers(sites, seconds, tell, as_json):
    """Print how samplers compare on sites."""
    sites |= {f"synthetic {seed}": synthetic_site(seed) for seed in range(2)}
    table = compare_samplers(baseline.build, sites, seconds=seconds, progress=tell)
    print(table.to_json(orient="records", indent=1) if as_json else table.to_string())


def _with_banks(folders, counts, sites, page, tell, as_json):
    """Make the banks of the twin where there are none, and print what they save, or what sums have of their errors."""
    banks, stores = folders
    if banks is None:
        raise ValueError(
            "wanted --banks with --sums, got --sums alone; name a folder of draw banks"
        )
    if stores is not None and sites:
        raise ValueError(
            f"wanted --sums without sites, got --site {next(iter(sites))} beside it; sums are those of the twin"
        )
    lands, held = _lands_and_banks(banks, tell)
    if stores is not None:
        _print_sums(held, lands, folder_to_write(stores), page, tell, as_json)
    elif counts[0]:
        sites = {name: baseline.build(site) for name, site in sites.items()}
        _print_banks(held, lands, counts, sites, page, tell, as_json)


def _print_banks(held, lands, counts, sites, page, tell, as_json):
    """Print what banks save."""
    units, references = counts
    asked = [(name, place) for place in TWIN_RESOLUTIONS for name in BUILD]
    models = {f"{name}, {place:g} degree": BUILD[name](lands[place]) for name, place in asked}
    banks = {f"{name}, {place:g} degree": held[name] for name, place in asked}
    tables = compare_banks(models, banks, units=units, references=references, progress=tell)
    table = pd.concat([tables, cost_of_sites(sites, progress=tell)], ignore_index=True)
    by_class, hours = summary(table, held.values())
    if page is not None:
        with whole(page) as draft:
            draft.write_text(cost_page(table, by_class, hours), encoding="utf-8")
    if as_json:
        print(json.dumps({"units": table.to_dict("records"), "core_hours": hours}, indent=1))
        return
    print(table.to_string())
    print(by_class.to_string())
    print(f"{PAPER_UNITS} units: " + ", ".join(f"{k} {v:.2f} core-hours" for k, v in hours.items()))


def _print_sums(held, lands, stores, page, tell, as_json):
    """Calibrate the twin by its banks and from nothing, and print what sums have of the banks' errors."""
    lands = {place: lands[place] for place in SUM_RESOLUTIONS}
    units, sums = compare_sums(held, lands, stores, progress=tell)
    if page is not None:
        with whole(page) as draft:
            draft.write_text(sums_page(units, sums, SUM_RESOLUTIONS), encoding="utf-8")
    if as_json:
        print(
            json.dumps(
                {"units": units.to_dict("records"), "sums": sums.to_dict("records")}, indent=1
            )
        )
        return
    print(units.to_string())
    print(sums.to_string())


def _lands_and_banks(folder, tell):
    """The twin at its resolutions, and the banks of its models, which are made where there are none."""
    twin, folder = make_twin(1), folder_to_write(folder)
    lands = {place: build_region(twin, resolution=place) for place in TWIN_RESOLUTIONS}
    return lands, {name: _bank_of(name, lands, folder, tell) for name in BUILD}


def _bank_of(name, lands, folder, tell):
    """Bank of a model of the twin, which serves units of all resolutions."""
    path = folder / f"{name}.nc"
    if path.exists():
        return load_bank(path)
    tell(f"draw bank '{path}'")
    land = lands[PILOT_RESOLUTION]
    return make_bank(BUILD[name], land, path=path, pilots=PILOTS[name], threads=1)


def _tell(words):
    print(f"  {words} …", file=sys.stderr)


def _print_throughput(throughput, seconds, tell, as_json):
    """Print runs and proposals per second."""
    how = dict(zip(("lanes", "backend", "dtype", "steps"), throughput, strict=True))
    report = measure(**how, seconds=seconds, progress=tell)
    print(json.dumps(report, indent=1)) if as_json else _print_report(report)


def _print_report(report):
    print(f"{report['machine']}; " + ", ".join(f"{k} {v}" for k, v in report["versions"].items()))
    print(
        f"back end {report['backend']}, {report['dtype']}, {report['steps']} monthly steps, "
        f"{report['threads'] or 'all'} thread(s)"
    )
    print(f"{'lanes':>8} {'runs/s':>12} {'proposals/s':>12} {'ratio':>6} {'of them run':>12}")
    for row in report["results"]:
        runs, proposals = row["runs_per_second"], row["proposals_per_second"]
        print(f"{row['lanes']:8d} {runs:12,.0f}", end="")
        print(
            f" {proposals:12,.0f} {proposals / runs:6.2f} {row['run_share']:12.0%}"
            if proposals
            else ""
        )
    cached = report["compile_seconds_cached"]
    again = f", {cached:.1f} s cached" if cached else ""
    print(f"compile: {report['compile_seconds']:.1f} s cold{again}")
    if report["python_share"] is not None:
        print(f"share of Python in a calibration: {report['python_share']:.1%}")
    if report["threads_scaling"] is not None:
        print(f"all {os.cpu_count()} processors: {report['threads_scaling']:.2f} times one")
    if report["gradient_cost_ratio"] is not None:
        print(
            f"float32: log-probability within {report['float32_error']:.2g} of float64; "
            f"value and gradient cost {report['gradient_cost_ratio']:.1f} times the value"
        )
    print(
        f"1e7 exponentials by NumPy: {report['numpy_exp_seconds_1e7']:.4f} s; "
        f"{report['times_the_fortran']:.1f} times the compiled Fortran"
    )
    print(f"peak memory: {report['peak_memory_bytes'] / 2**20:.0f} MiB")
