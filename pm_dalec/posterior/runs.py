"""Draws of a fit, run again: what every series, budget and likelihood of a fit begins with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from pm_dalec.data.checks import check_drivers
from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.physics.records import Fluxes, Pools, drivers_of
from pm_dalec.tables import dims
from pm_dalec.tables.kinds import Array
from pm_dalec.tables.numbers import real_numbers
from pm_dalec.tables.parameters import PARAMETERS, Theta
from pm_dalec.tables.streams import STREAMS
from pm_dalec.tables.variables import DRIVERS, POOLS

HELD = 4_000_000  # values of one series held at a time
MANY = 1_000_000  # steps of all runs, from which a compiler is worth its time
OVERHEAD = 600  # runs that take as long as what NumPy does once a step


class Run(NamedTuple):
    """Draws that were run: pools (N + 1) and fluxes (N), time, chain and draw in front.

    Parameters
    ----------
    pools : Pools
    fluxes : Fluxes
    missing : array (chain, draw[, stratum][, pixel])
        Strata that do not exist, units without a start: DALEC gives numbers even without parameters.
    """

    pools: Pools
    fluxes: Fluxes
    missing: Array

    def known(self, values: Array) -> Array:
        """Values that end in the dimensions of the draws; NaN where there are no parameters."""
        return np.where(self.missing, np.nan, values)


def theta_of(posterior: xr.Dataset) -> Theta:
    """Parameters of a posterior as arrays with dims (chain, draw, [stratum,] pixel)."""
    order = (*dims.SAMPLE, *dims.space_of(posterior))
    return Theta(*(posterior[name].transpose(*order).values for name in Theta._fields))


def run_of(posterior: xr.Dataset, units: xr.Dataset, solver: str) -> Run:
    """Run the draws of a posterior.

    Parameters
    ----------
    posterior : Dataset
        Parameters in natural units, dims (chain, draw[, stratum][, pixel]).
    units : Dataset
        With the drivers.
    solver : {"converged", "truncated"}
        That of the fit.
    """
    theta = theta_of(posterior)
    run = run_numpy(*drivers_of(units, dims.space_of(posterior)), theta, solver=solver)
    return Run(run.pools, run.fluxes, np.isnan(theta.initial_som))


def series_of(
    posterior: xr.Dataset, units: xr.Dataset, solver: str, names: Sequence[str]
) -> dict[str, Array]:
    """Pools at the end of the step, fluxes and diagnostics of the draws.

    Parameters
    ----------
    posterior, units, solver
        As for `run_of`.
    names : sequence of str

    Returns
    -------
    dict of str to array (time, chain, draw[, stratum][, pixel])
        NaN where there are no parameters.
    """
    run = run_of(posterior, units, solver)
    found = {}
    for name in names:
        pool = name in POOLS
        found[name] = run.known(getattr(run.pools, name)[1:] if pool else getattr(run.fluxes, name))
    return found


def many(posterior: xr.Dataset, units: xr.Dataset, solver: str) -> bool:
    """Whether the draws are so many that to compile DALEC saves time, and its numbers stay.

    Measured on one core: NumPy takes 0.6 ms a step and 1 to 1.6 us a draw and step, machine code 0.6 to
    1.1 s to compile and 0.2 to 0.3 us a draw and step. They break even near a million draws x steps.
    The truncated search makes 1e-9 of a rounding error, so that it is left to NumPy.

    Parameters
    ----------
    posterior, units, solver
        As for `run_of`.
    """
    steps = units.sizes[dims.TIME]
    large = steps * (posterior["initial_som"].size + OVERHEAD) > MANY
    return bool(large) and solver == "converged"


def expect_fit(fit: object, *groups: str) -> None:
    """Refuse what is no fit, or lacks a group.

    Parameters
    ----------
    fit : DataTree
    *groups : str
        Beside ``posterior``, which every fit has.
    """
    if not isinstance(fit, xr.DataTree):
        raise TypeError(
            f"wanted a fit (DataTree), got {type(fit).__name__}; give what calibrate returns, or read a "
            "file with pm_dalec.load"
        )
    missing = [name for name in ("posterior", *groups) if name not in fit.children]
    if missing:
        raise ValueError(
            f"wanted a fit with the group {missing[0]!r}, got groups {sorted(fit.children)}; give what "
            "calibrate returns"
        )
    _check_draws(fit["posterior"])
    if "constant_data" in groups:
        _check_same_units(fit["posterior"], fit["constant_data"])


_LOOKED_AT = 10_000_000  # numbers of a variable that are looked at each time
_ADVICE = "give the groups of a fit as calibrate returned them, or as select them with fit.sel"


def _check_draws(draws):
    """Refuse draws of other dimensions, or that are no numbers; vectors are those of other models."""
    space, ours = None, any(name in PARAMETERS for name in draws)
    for name, values in draws.data_vars.items():
        found = tuple(each for each in values.dims if each not in dims.SAMPLE)
        space = found if space is None else space
        if not set(dims.SAMPLE) <= set(values.dims) or (ours and set(found) != set(space)):
            raise ValueError(
                f"wanted draws of {name!r} with dims chain, draw and those of the units, got {values.dims} "
                f"(group posterior); {_ADVICE}"
            )
        _check_kind(name, values, "posterior")
    if ours and not set(space) <= set(dims.SPACE):
        raise ValueError(
            f"wanted units along stratum and pixel, got {space} (group posterior); {_ADVICE}"
        )


def _check_kind(name, values, group):
    """Refuse what is not kept as floating-point numbers of 8 bytes at most, and fills among them."""
    if values.dtype.kind not in "fiu" or values.dtype.itemsize > 8:
        raise TypeError(
            f"wanted float64 numbers, got {name!r} of {values.dtype} (group {group}); {_ADVICE}"
        )
    if values.chunks is None and values.size <= _LOOKED_AT:
        real_numbers(f"{name!r} (group {group})", values.data, advice=_ADVICE, gaps=True)


def _check_same_units(draws, units):
    """Refuse units in another order than the draws, steps out of order, and drivers that are no numbers."""
    held = units.to_dataset()
    for name in dims.SPACE:
        if name not in draws.sizes and name not in held.sizes:
            continue
        both = [each.indexes[name] for each in (draws, held) if name in each.indexes]
        alike = draws.sizes.get(name) == held.sizes.get(name)
        if not alike or (len(both) == 2 and not both[0].equals(both[1])):
            raise ValueError(
                f"wanted the same units along {name!r} in the same order in posterior and constant_data, got "
                f"others ({draws.sizes.get(name, 'none')} and {held.sizes.get(name, 'none')}); {_ADVICE}"
            )
    time = held.indexes.get(dims.TIME)
    if dims.TIME not in held.dims or (
        time is not None and not (time.is_monotonic_increasing and time.is_unique)
    ):
        raise ValueError(
            f"wanted steps one after the other along 'time', got {held['time'].dims if 'time' in held else 'none'} "
            f"in another order (group constant_data); {_ADVICE}"
        )
    streams = (f"{name}{end}" for name in STREAMS for end in ("", "_unc"))
    for name in (name for name in (*DRIVERS, *streams) if name in held):
        if not set(held[name].dims) <= {dims.TIME, *dims.SPACE}:
            raise ValueError(
                f"wanted {name!r} along time and the units, got {held[name].dims} (group constant_data); {_ADVICE}"
            )
        _check_kind(name, held[name], "constant_data")


def units_to_run(fit: xr.DataTree, drivers: xr.Dataset | None) -> xr.Dataset:
    """Units dataset that the draws of a fit are run with: its own, or another that is checked.

    Parameters
    ----------
    fit : DataTree
    drivers : Dataset or None
        One without ``time_bnds`` has them from ``time`` and ``step_days``, as the drivers of a fit.

    Returns
    -------
    Dataset
    """
    expect_fit(fit, "constant_data")
    if drivers is None:
        return fit["constant_data"].to_dataset()
    if isinstance(drivers, xr.Dataset) and {dims.TIME, "step_days"} <= set(drivers.variables):
        drivers = drivers if "time_bnds" in drivers.variables else with_bounds(drivers)
    check_drivers(drivers)
    posterior = fit["posterior"].to_dataset()
    for name in dims.space_of(drivers):
        held = posterior[name].values if name in posterior.dims else None
        if held is None or not np.array_equal(held, drivers[name].values):
            there = "none" if held is None else f"{len(held)} from {held[0]} to {held[-1]}"
            raise ValueError(
                f"wanted drivers for the units of the fit ({name}: {there}), got "
                f"{drivers.sizes[name]} of {name!r} in drivers; select the same, in the same order"
            )
    return drivers


def with_bounds(drivers: xr.Dataset) -> xr.Dataset:
    """Drivers of a fit with the bounds of their steps."""
    if drivers[dims.TIME].dtype.kind != "M":
        raise ValueError(
            "wanted dates along 'time' of the drivers of a fit, got "
            f"{'other labels' if dims.TIME in drivers.coords else 'no labels'}; give them back with "
            "assign_coords(time=...)"
        )
    length = (drivers["step_days"].values * 86400e9).round().astype("timedelta64[ns]")
    bounds = np.stack([drivers[dims.TIME].values, drivers[dims.TIME].values + length], axis=1)
    return drivers.assign_coords(time_bnds=((dims.TIME, "bnds"), bounds))


def in_parts(posterior: xr.Dataset, units: xr.Dataset, series: int) -> Iterator[xr.Dataset]:
    """Parts of a posterior along its draws, such that so many series of each fit into memory."""
    if not posterior["initial_som"].size:
        raise ValueError(
            "wanted a fit with draws, got none; its sample_stats hold the status of every unit: run "
            "longer, or see edc_report for the constraints that block"
        )
    lanes = posterior["initial_som"].size // posterior.sizes[dims.DRAW]
    size = max(1, HELD // max(1, series * units.sizes[dims.TIME] * lanes))
    for start in range(0, posterior.sizes[dims.DRAW], size):
        yield posterior.isel({dims.DRAW: slice(start, start + size)})


def labels_of(posterior: xr.Dataset) -> dict:
    """Coordinates of the draws and units of a posterior."""
    names = (*dims.SAMPLE, *dims.space_of(posterior))
    return {name: posterior[name] for name in names if name in posterior.coords}


def evenly(count: int, wanted: int) -> Array:
    """Places of so many draws out of ``count``, evenly spaced; all where there are no more."""
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).round().astype(int))
