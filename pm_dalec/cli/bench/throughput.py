"""Throughput of this machine: runs and proposals per second and core, compile time, memory.

Everything is measured on the baseline model of a built-in UK-like region, each lane with its own
drivers, ecological constraints and likelihood included, in one thread.
"""

import os
import platform
import resource
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from tempfile import TemporaryDirectory

import numpy as np

from pm_dalec.cli.bench.case import region
from pm_dalec.lanes.call import evaluate
from pm_dalec.lanes.llvm.machine_code import CACHE_VARIABLE
from pm_dalec.models import baseline
from pm_dalec.sampling.kernels import acceptance, windows
from pm_dalec.sampling.kernels.lanes import Calls, Lanes, Record
from pm_dalec.sampling.kernels.streams import streams
from pm_dalec.sampling.kernels.walk import empty_walk
from pm_dalec.sampling.state import WINDOW, Settings, new_state
from pm_dalec.sampling.target import compile_target
from pm_dalec.sampling.unit import Unit

# Runs per second times seconds for 1e7 exponentials of the compiled Fortran of the paper's era: 22,300
# on a machine that needs 0.0125 s. It makes figures of different machines comparable.
FORTRAN_RATE = 280.0
EXPONENTIALS = 10**7
LANES = (1, 16, 64, 256, 1024, 4096)
STRETCHES = 9
A_CALL = 2**15  # proposals of all lanes in one call that is measured


def exponential_seconds():
    """Seconds that `numpy.exp` needs for 1e7 float64 in one thread; the best of five."""
    values = np.random.default_rng(0).uniform(-1, 1, EXPONENTIALS)
    best = np.inf
    for _ in range(5):
        started = time.perf_counter()
        np.exp(values)
        best = min(best, time.perf_counter() - started)
    return best


def _rates(calls, seconds):
    """Lanes a second of calls, the medians of stretches by turns, so that a slow moment hits all.

    Parameters
    ----------
    calls : sequence of tuple
        Function, and the number of lanes that a call of it runs.
    seconds : float
        For each function.
    """
    rates = [[] for _ in calls]
    for call, _ in calls:
        call()
    for _ in range(STRETCHES):
        for (call, lanes), found in zip(calls, rates, strict=True):
            count, started = 0, time.perf_counter()
            while time.perf_counter() - started < seconds / STRETCHES:
                call()
                count += 1
            found.append(count * lanes / (time.perf_counter() - started))
    return [float(np.median(found)) for found in rates]


def _lanes_rates(target, unit, lanes, seconds):
    """Runs and proposals per second of the default back end, and the share of proposals that run.

    Every lane has data of its own in memory; the states are those that a sampled unit has passed.
    """
    state = unit.state
    bound = target.function.bind(np.zeros(lanes, int))
    early = target.early.bind(np.zeros(lanes, int))
    calls, blocks = Calls(bound.call(), early.call()), bound.data.blocks
    passed = state.stored[: state.kept, :, :-1].reshape(-1, len(target.rows))
    position = np.repeat(passed[:1].T, bound.padded, axis=1)
    position[:, :lanes] = passed[np.arange(lanes) % len(passed)].T
    moved = Lanes(position, position.copy(), np.empty(lanes), streams(0, [0], lanes))
    moved.logp[:] = acceptance.results_at(calls.target, moved, acceptance.LOGP)
    turns = int(np.clip(A_CALL // lanes, 16, WINDOW))
    states = np.empty((1, lanes, len(target.rows) + 1))
    record = Record(turns, states, np.zeros(lanes, np.int64), np.zeros(lanes, np.int64))
    guides, made = unit.guides(), [0]
    walk = empty_walk(lanes, guides[0].surrogate)

    def run():
        evaluate(calls.target, moved.proposal, 0, blocks)

    def propose():
        windows.lanes_window(calls, (0, blocks), moved, walk, guides, record)
        made[0] += lanes * turns

    rates = _rates([(run, lanes), (propose, lanes * turns)], seconds)
    return *rates, record.evaluated.sum() / made[0]


def _scaling(target, unit, seconds):
    """Runs per second of all processors over those of one [1], a thread and 64 lanes each."""
    count, lanes = os.cpu_count() or 1, 64
    passed = unit.state.stored[0, :, :-1]
    rows = np.ascontiguousarray(passed[np.arange(lanes) % len(passed)].T)
    bounds = [target.function.bind(np.zeros(lanes, int)) for _ in range(count)]
    calls = [bound.call() for bound in bounds]

    def several(call):
        for _ in range(100):
            evaluate(call, rows, 0, call.out.shape[0])

    with ThreadPoolExecutor(count) as pool:
        one, every = _rates(
            [
                (lambda: several(calls[0]), 100 * lanes),
                (lambda: list(pool.map(several, calls)), 100 * lanes * count),
            ],
            seconds,
        )
    return every / one


def measure(*, backend="llvm", lanes=LANES, dtype="float64", steps=72, seconds=1.0, progress=None):
    """Throughput by number of lanes.

    Parameters
    ----------
    backend : {"llvm", "jax", "jax-gpu"}
    lanes : sequence of int
    dtype : {"float64", "float32"}
        ``float32`` is offered by JAX only.
    steps : int
        Monthly steps of a run.
    seconds : float
        Least time of one measurement.
    progress : callable, optional
        Called with a sentence before each part.

    Returns
    -------
    dict
        Keys of the JSON output; ``results`` has one entry for each number of lanes.
    """
    tell = progress or (lambda words: None)
    tell("building the baseline model and compiling it")
    model = baseline.build(region(1, steps))
    if backend != "llvm":
        from pm_dalec.cli.bench.jax import measure_jax

        report = measure_jax(backend, model, lanes, dtype, seconds, tell)
    elif dtype == "float64":
        report = {"threads": 1} | _measure_lanes(model, lanes, seconds, tell)
    else:
        raise ValueError(
            f"wanted float64 for the back end 'llvm', got {dtype}; use --backend jax for float32"
        )
    exponential = exponential_seconds()
    best = max(report["results"], key=lambda row: row["runs_per_second"])
    names = ("pm_dalec", "pymc", "pytensor", "numba", "numpy")
    return {
        **{name: best[name] for name in ("runs_per_second", "proposals_per_second", "lanes")},
        **dict.fromkeys(("threads", "threads_scaling", "float32_error", "gradient_cost_ratio")),
        "backend": backend,
        "dtype": dtype,
        "steps": steps,
        "numpy_exp_seconds_1e7": exponential,
        "times_the_fortran": best["runs_per_second"] * exponential / FORTRAN_RATE,
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "machine": f"{platform.machine()}, {_processor()}, {os.cpu_count()} cores",
        "versions": {name: version(name) for name in names},
        **report,
    }


def _processor():
    """Name of the processor, where the system tells it."""
    try:
        with open("/proc/cpuinfo") as stream:
            names = [line.split(":")[1].strip() for line in stream if line.startswith("model name")]
        return names[0]
    except (OSError, IndexError):
        return platform.processor() or "unknown processor"


def _measure_lanes(model, lanes, seconds, tell):
    with TemporaryDirectory() as empty, _cache_in(empty):
        cold, _ = _timed(lambda: compile_target(model))
    compile_target(model)
    cached, target = _timed(lambda: compile_target(model))
    tell("sampling a unit")
    unit, share = _sampled_unit(target)
    results = []
    for count in lanes:
        tell(f"{count} lanes")
        runs, proposals, run_share = _lanes_rates(target, unit, count, seconds)
        results.append(
            {
                "lanes": count,
                "runs_per_second": runs,
                "proposals_per_second": proposals,
                "run_share": run_share,
            }
        )
    return {
        "compile_seconds": cold,
        "compile_seconds_cached": cached,
        "python_share": share,
        "threads_scaling": _scaling(target, unit, seconds),
        "results": results,
    }


@contextmanager
def _cache_in(folder):
    """Let compiled functions be looked for in a folder, and nowhere else."""
    before = os.environ.get(CACHE_VARIABLE)
    os.environ[CACHE_VARIABLE] = folder
    try:
        yield
    finally:
        del os.environ[CACHE_VARIABLE]
        if before is not None:
            os.environ[CACHE_VARIABLE] = before


def _timed(call):
    started = time.perf_counter()
    value = call()
    return time.perf_counter() - started, value


def _sampled_unit(target):
    """A unit after two rounds, and the share of tuning and rounds outside compiled code [1]."""
    lanes = 8  # as calibrations of regions use
    bound, settings = target.function.bind(np.zeros(lanes, int)), Settings(search=100_000)
    start = new_state(0, len(target.rows), lanes, bound.padded, settings, 0)
    unit = Unit(bound, target, start, settings)
    while unit.state.phase == "search":
        unit.advance()
    spent, kernel = [], unit.kernel

    def timed(*arguments):
        spent.append(_timed(lambda: kernel(*arguments))[0])

    unit.kernel = timed

    def two_rounds():
        while unit.state.round < 3 and not unit.finished:
            unit.advance()

    total, _ = _timed(two_rounds)
    unit.kernel = kernel
    while unit.state.kept < 100:  # a round that begins has draws of its own
        unit.advance()
    return unit, 1 - sum(spent) / total
