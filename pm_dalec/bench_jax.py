"""Throughput of the same target through JAX: priors, constraints and likelihood over lanes.

`dalec.step`, the constraints and the operators are those of every other runner; only the loop is XLA's.
"""

import time

import numpy as np

from pm_dalec import constraints as rules
from pm_dalec import dalec, run
from pm_dalec.edc_report import draw_prior
from pm_dalec.operators import seen_by
from pm_dalec.parameters import PARAMETERS, Gaussian, Theta
from pm_dalec.variables import DRIVERS

STREAMS = ("lai", "cwood")


def target(units, dtype):
    """Log-probability of positions (parameter, lane) under drivers of each lane, for `jax.jit`.

    Parameters
    ----------
    units : Dataset
        Dims (time, pixel); decides the windows of the constraints.
    dtype : str
        ``float64`` or ``float32``.
    """
    import jax.numpy as jnp

    days = units["step_days"].values
    windows = rules.windows(days)
    lower, upper = np.array([PARAMETERS[name].bounds for name in Theta._fields]).T[:, :, None]
    span, lower, held = (
        np.asarray(v, dtype) for v in (np.log(upper / lower), lower, days[:, None])
    )

    def log_probability(positions, drivers, latitude, observed):
        theta = Theta(*(lower * jnp.exp(span * positions)))
        trajectory = run.run_jax(drivers, latitude, theta)
        mean = ((drivers.tmin + drivers.tmax) / 2).mean(axis=0)
        case = rules.Case(theta, mean, trajectory.pools, trajectory.fluxes, held, windows)
        found = rules.margins(rules.EDCS["edinburgh2021"], case, jnp)
        total = rules.hard(found.values(), jnp)
        for stream, (value, sigma, seen) in observed.items():
            distance = (seen_by(stream, trajectory) - value) / sigma
            total = total - 0.5 * jnp.where(seen, distance**2, 0.0).sum(axis=0)
        for name, value in zip(Theta._fields, theta, strict=True):
            factor = PARAMETERS[name].prior.factor
            if isinstance(factor, Gaussian):
                total = total - 0.5 * ((value - factor.mean) / factor.sigma) ** 2
        inside = ((positions > 0) & (positions < 1)).all(axis=0)
        return jnp.where(inside, total, -jnp.inf)

    return log_probability


def lane_arguments(units, lanes, dtype):
    """Positions, drivers, latitude and observations of each lane."""
    pixel = np.arange(lanes) % units.sizes["pixel"]

    def wide(name):
        values = units[name].values
        values = values[:, pixel] if values.ndim > 1 else np.repeat(values[:, None], lanes, axis=1)
        return values.astype(dtype)

    drivers = dalec.Drivers(*(wide(name) for name in DRIVERS))
    observed = {}
    for stream in STREAMS:
        value, sigma = wide(stream), wide(f"{stream}_unc")
        seen = np.isfinite(value)
        observed[stream] = (np.where(seen, value, 0), np.where(seen, sigma, 1), seen)
    theta = draw_prior(units.isel(pixel=0, drop=True), lanes, rng=np.random.default_rng(0))
    lower, upper = np.array([PARAMETERS[name].bounds for name in Theta._fields]).T[:, :, None]
    positions = np.log(np.array(theta) / lower) / np.log(upper / lower)
    latitude = units["lat"].values[pixel].astype(dtype)
    return positions.astype(dtype), drivers, latitude, observed


def measure_jax(backend, units, lanes, dtype, seconds, tell):
    """Runs per second by number of lanes; the sampler itself runs on the default back end only.

    Parameters
    ----------
    backend : {"jax", "jax-gpu"}
    units : Dataset
        Dims (time, pixel).
    lanes : sequence of int
    dtype : {"float64", "float32"}
    seconds : float
    tell : callable

    Returns
    -------
    dict
    """
    try:
        import jax
    except ImportError:
        raise ImportError(
            f"wanted JAX for the back end {backend!r}, got no such package; install it with "
            "pip install 'pm_dalec[jax]'"
        ) from None
    kind = "gpu" if backend == "jax-gpu" else "cpu"
    try:
        device = jax.devices(kind)[0]
    except RuntimeError:
        raise ValueError(
            f"wanted a {kind} for the back end {backend!r}, got {jax.default_backend()} only (JAX on "
            "this machine); use --backend jax or numba"
        ) from None
    results, compile_seconds = [], None
    with jax.enable_x64(True), jax.default_device(device):
        compiled = jax.jit(target(units, dtype))
        for count in lanes:
            tell(f"{count} lanes")
            given = jax.device_put(lane_arguments(units, count, dtype), device)
            started = time.perf_counter()
            compiled(*given).block_until_ready()
            compile_seconds = compile_seconds or time.perf_counter() - started
            done, started = 0, time.perf_counter()
            while time.perf_counter() - started < seconds:
                compiled(*given).block_until_ready()
                done += 1
            rate = done * count / (time.perf_counter() - started)
            results.append({"lanes": count, "runs_per_second": rate, "proposals_per_second": None})
    return {
        "compile_seconds": compile_seconds,
        "compile_seconds_cached": None,
        "python_share": None,
        "results": results,
    }
