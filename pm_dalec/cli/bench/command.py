"""The command `pm-dalec bench`."""

import json
import os
from importlib import import_module

from pm_dalec.cli.bench.throughput import measure


def bench(options):
    """Print throughput as a table or as JSON."""
    import sys

    tell = None if options.json else (lambda words: print(f"  {words} …", file=sys.stderr))
    if options.samplers:
        return _bench_samplers(options, tell)
    report = measure(
        backend=options.backend, lanes=options.lanes, dtype=options.dtype, steps=options.steps,
        seconds=options.seconds, progress=tell,
    )  # fmt: skip
    if options.json:
        print(json.dumps(report, indent=1))
        return 0
    print(f"{report['machine']}; " + ", ".join(f"{k} {v}" for k, v in report["versions"].items()))
    print(
        f"back end {report['backend']}, {report['dtype']}, {report['steps']} monthly steps, {report['threads'] or 'all'} thread(s)"
    )
    print(f"{'lanes':>8} {'runs/s':>12} {'proposals/s':>12} {'ratio':>6} {'of them run':>12}")
    for row in report["results"]:
        proposals = row["proposals_per_second"]
        shown = (
            f"{proposals:12,.0f} {proposals / row['runs_per_second']:6.2f} {row['run_share']:12.0%}"
            if proposals
            else ""
        )
        print(f"{row['lanes']:8d} {row['runs_per_second']:12,.0f} {shown}")
    cached = report["compile_seconds_cached"]
    again = f", {cached:.1f} s cached" if cached else ""
    print(f"compile: {report['compile_seconds']:.1f} s cold{again}")
    if report["python_share"] is not None:
        print(f"share of Python in a calibration: {report['python_share']:.1%}")
    if report["threads_scaling"] is not None:
        print(f"all {os.cpu_count()} processors: {report['threads_scaling']:.2f} times one")
    if report["gradient_cost_ratio"] is not None:
        print(f"float32: log-probability within {report['float32_error']:.2g} of float64; "
              f"value and gradient cost {report['gradient_cost_ratio']:.1f} times the value")  # fmt: skip
    print(f"1e7 exponentials by NumPy: {report['numpy_exp_seconds_1e7']:.4f} s; "
          f"{report['times_the_fortran']:.1f} times the compiled Fortran")  # fmt: skip
    print(f"peak memory: {report['peak_memory_bytes'] / 2**20:.0f} MiB")
    return 0


def _bench_samplers(options, tell):
    from pm_dalec.cli.bench.samplers import compare_samplers
    from pm_dalec.data.by_name import load_site
    from pm_dalec.data.synthetic_sites import synthetic_site

    build = import_module("pm_dalec.models.baseline").build
    sites = {name: load_site(name, fill_wind=True) for name in options.site}
    sites |= {f"synthetic {seed}": synthetic_site(seed) for seed in range(2)}
    table = compare_samplers(build, sites, seconds=options.seconds, progress=tell)
    print(table.to_json(orient="records", indent=1) if options.json else table.to_string())
    return 0
