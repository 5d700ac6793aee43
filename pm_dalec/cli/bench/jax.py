"""Throughput of the lanes through JAX, the error of float32, and what a gradient costs."""

import time
from functools import partial

import numpy as np

from pm_dalec.lanes.backends import lane_logp
from pm_dalec.lanes.jax_backend import calls_per_second
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import to_unit

GRADIENT_LANES = 64


def feasible_positions(model, count):
    """Positions in which all constraints of the first unit hold, one lane a row.

    Parameters
    ----------
    model : pm.Model
        With a pixel dimension.
    count : int
        Of lanes; the positions repeat.
    """
    from pm_dalec.sampling.calibration import calibrate

    fit = calibrate(model, chains=16, draws=16, proposals=1000, only=[0], progress=False)
    drawn = []
    for name in (variable.name for variable in model.free_RVs):
        lower, upper = PARAMETERS[name].bounds
        values = fit["posterior"][name].isel(pixel=0).values.ravel()
        drawn.append(to_unit(values, lower, np.log(upper / lower), np))
    rows = np.stack(drawn, axis=-1)
    return rows[np.arange(count) % len(rows)]


def measure_jax(backend, model, lanes, dtype, seconds, tell):
    """Runs per second by number of lanes; the sampler itself runs on the default back end only.

    Parameters
    ----------
    backend : {"jax", "jax-gpu"}
    model : pm.Model
        With a pixel dimension.
    lanes : sequence of int
    dtype : {"float64", "float32"}
    seconds : float
    tell : callable

    Returns
    -------
    dict
        ``float32_error`` (largest absolute difference of the log-probability from float64) and
        ``gradient_cost_ratio`` (time of value and gradient over that of the value) are in it.
    """
    function = lane_logp(model, backend=backend, dtype=dtype)
    positions = feasible_positions(model, max(*lanes, GRADIENT_LANES))
    results, compile_seconds = [], None
    for count in lanes:
        tell(f"{count} lanes")
        started = time.perf_counter()
        bound = function.bind(np.zeros(count, int))
        bound(positions[:count])
        compile_seconds = compile_seconds or time.perf_counter() - started
        rate = count * calls_per_second(partial(bound, positions[:count]), seconds)
        results.append({"lanes": count, "runs_per_second": rate, "proposals_per_second": None})
    tell("float32 and gradient")
    return {
        "compile_seconds": compile_seconds,
        "compile_seconds_cached": None,
        "python_share": None,
        "results": results,
        "float32_error": float32_error(model, positions[:GRADIENT_LANES], backend),
        "gradient_cost_ratio": gradient_cost_ratio(
            function.bind(np.zeros(GRADIENT_LANES, int)), positions[:GRADIENT_LANES], seconds
        ),
    }


def float32_error(model, positions, backend="jax"):
    """Largest absolute error of the log-probability in float32, where both are finite [1]."""
    units = np.zeros(len(positions), int)
    single, double = (
        lane_logp(model, backend=backend, dtype=dtype).bind(units)(positions)
        for dtype in ("float32", "float64")
    )
    both = np.isfinite(single) & np.isfinite(double)
    return float(np.abs(single - double)[both].max()) if both.any() else np.nan


def gradient_cost_ratio(bound, positions, seconds=0.5):
    """Time of value and gradient over the time of the value alone [1].

    Parameters
    ----------
    bound : callable
        From ``bind`` of `JaxLanes`.
    positions : array (lane, parameter)
    seconds : float
        Of each of the two measurements.
    """
    import jax

    rows = list(np.asarray(positions, bound.function.dtype).T)
    with bound.precision(), jax.default_device(bound.function.device):
        value = jax.jit(bound.total)
        gradient = jax.jit(jax.value_and_grad(bound.total))
        rates = [
            calls_per_second(lambda call=call: jax.block_until_ready(call(rows)), seconds)
            for call in (value, gradient)
        ]
    return rates[0] / rates[1]
