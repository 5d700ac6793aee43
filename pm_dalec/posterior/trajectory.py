"""What a fit says about fluxes and pools: trajectories of its draws, labelled.

A fit is an `xarray.DataTree` with the groups ``posterior`` (parameters in natural units),
``sample_stats``, ``constant_data`` (the dataset that its model was built of), ``observed_data`` and those
of `with_groups`. `save` and `load` keep it in a NetCDF file (``.nc``) or a zarr folder (``.zarr``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.data.land import averages_of
from pm_dalec.data.uncertainties import absolute_sigma
from pm_dalec.posterior.convergence import doubt
from pm_dalec.posterior.ensembles import checked_quantiles
from pm_dalec.posterior.runs import (
    evenly,
    expect_fit,
    in_parts,
    labels_of,
    many,
    series_of,
    units_to_run,
)
from pm_dalec.tables import dims
from pm_dalec.tables.constants import NOT_CONVERGED, TRUTH
from pm_dalec.tables.numbers import names_of, whole_number
from pm_dalec.tables.parameters import PARAMETERS, Theta
from pm_dalec.tables.streams import DEVIATION, STREAMS, WITHHELD, operator_of
from pm_dalec.tables.variables import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Sequence


def described(array, name):
    """Data array with units and long name from the tables."""
    record = VARIABLES[name] if name in VARIABLES else PARAMETERS[name]
    words = getattr(record, "long_name", None) or record.meaning
    return array.assign_attrs(units=record.units, long_name=words, symbol=record.symbol)


def trajectories(
    fit: xr.DataTree,
    drivers: xr.Dataset | None = None,
    names: Sequence[str] = ("gpp", "nee", "lai", "wood"),
    *,
    draws: int | None = None,
    quantiles: Sequence[float] | None = None,
) -> xr.Dataset:
    """Fluxes and pools of the draws of a fit, or quantiles of them.

    Few draws are run by NumPy; from a million draws x steps on it is the machine code of forecasts, which
    takes a second to compile. The two agree to 1e-12 of a series' size.

    Parameters
    ----------
    fit : DataTree
        With ``posterior``; the solver is the one that the fit was made with.
    drivers : Dataset, optional
        Units dataset to run with; that of the fit by default.
    names : sequence of str
        Fluxes, pools and diagnostics of `pm_dalec.VARIABLES`. Pools are at the END of the
        step, fluxes means over it, LAI at its start.
    draws : int, optional
        Use about this many draws a chain, evenly spaced; all by default.
    quantiles : sequence of float, optional
        Probabilities [1]: give the quantiles over the draws.

    Returns
    -------
    Dataset
        Dims (chain, draw, time[, stratum][, pixel]), units in the attributes; of quantiles (quantile,
        time[, stratum][, pixel]), and where the fit has not converged, the attribute ``not_converged``
        says so, and figures bear it.
    """
    names = _checked_names(names)
    units = units_to_run(fit, drivers)
    posterior, solver = fit["posterior"].to_dataset(), fit.attrs.get("solver", "converged")
    quantiles = None if quantiles is None else checked_quantiles(quantiles)
    if draws is not None:
        whole_number("draws", draws, least=1, advice="leave it out for all draws")
        posterior = posterior.isel(draw=evenly(posterior.sizes[dims.DRAW], draws))
    found, series = {name: [] for name in names}, series_of
    if many(posterior, units, solver):
        from pm_dalec.posterior.compiled import compiled_series as series
    for part in in_parts(posterior, units, 1):
        for name, values in series(part, units, solver, names).items():
            found[name].append(values)
    order = (dims.TIME, *dims.SAMPLE, *dims.space_of(posterior))
    coords = labels_of(posterior) | {dims.TIME: units[dims.TIME]}
    out = {
        name: described(xr.DataArray(np.concatenate(parts, axis=2), dims=order), name)
        for name, parts in found.items()
    }
    made = xr.Dataset(out, coords=coords).transpose(*dims.SAMPLE, dims.TIME, *order[3:])
    if quantiles is None:
        return made
    found, note = made.quantile(quantiles, dim=dims.SAMPLE), doubt(fit)
    return found.assign_attrs({NOT_CONVERGED: note} if note else {})


def _checked_names(names):
    """Names of fluxes, pools and diagnostics."""
    names = names_of("names", names)
    if not names:
        raise ValueError("wanted fluxes, pools or diagnostics, got no name; write names=('gpp',)")
    for name in names:
        if VARIABLES[name].role == "driver":
            raise ValueError(
                f"wanted a flux, a pool or a diagnostic, got the driver {name!r} in names; read it "
                "from the dataset"
            )
    return names


def true_series(
    fit: xr.DataTree, names: Sequence[str] = ("lai", "wood", "gpp", "nee")
) -> xr.Dataset | None:
    """Fluxes and pools of the truth that a synthetic site was made with.

    Parameters
    ----------
    fit : DataTree
    names : sequence of str
        As in `trajectories`.

    Returns
    -------
    Dataset or None
        Dims (time[, stratum][, pixel]), units in the attributes; None of a site whose truth is unknown.
    """
    expect_fit(fit, "constant_data")
    units = fit["constant_data"].to_dataset()
    if not all(f"{TRUTH}{name}" in units for name in Theta._fields):
        return None
    one = {name: units[f"{TRUTH}{name}"].expand_dims(dims.SAMPLE) for name in Theta._fields}
    known = xr.DataTree.from_dict({"posterior": xr.Dataset(one), "constant_data": units})
    known.attrs = fit.attrs
    return trajectories(known, names=names).isel(chain=0, draw=0)


def expect_bands(simulated: object, observed: object) -> None:
    """Refuse what are no quantiles in time, or no observations by name.

    Parameters
    ----------
    simulated : Dataset
    observed : mapping of str to tuple of DataArray, optional
    """
    there = simulated.dims if isinstance(simulated, xr.Dataset) else ()
    if not {"quantile", dims.TIME} <= set(there) or not len(simulated):
        raise TypeError(
            f"wanted a fit (DataTree), or quantiles of it by quantile and time, got "
            f"{type(simulated).__name__}; give what calibrate returns"
        )
    pairs = isinstance(observed, Mapping) and not isinstance(observed, xr.Dataset)
    if observed is not None and not (
        pairs and all(isinstance(each, tuple) and len(each) == 2 for each in observed.values())
    ):
        raise TypeError(
            f"wanted observed as pairs of observation and sigma by name, got {observed!r:.80}; leave it out "
            "for those of the fit"
        )


def expect_draws(name: str, draws: object, needed: Sequence[str] = ()) -> list[str]:
    """Names of the parameters in draws, or the sentence that says that they are none.

    Parameters
    ----------
    name : str
        Of the argument.
    draws : Dataset
    needed : sequence of str
        Parameters that it must have.
    """
    there = [each for each in PARAMETERS if each in draws] if isinstance(draws, xr.Dataset) else []
    missing = [each for each in needed if each not in there]
    if not there or missing:
        raise TypeError(
            f"wanted {name} as the draws of parameters (Dataset), got {type(draws).__name__} without "
            f"{', '.join(missing) or 'any'}; give fit[{name!r}].to_dataset()"
        )
    return there


def expect_truth(truth: object) -> None:
    """Refuse what are no values by name of a parameter.

    Parameters
    ----------
    truth : mapping of str to float, optional
    """
    known = isinstance(truth, Mapping) and not isinstance(truth, xr.Dataset)
    if truth is not None and not (known and set(truth) <= set(PARAMETERS)):
        raise TypeError(
            f"wanted truth as values by name of a parameter, got {truth!r:.80}; write "
            "{'leaf_lifespan': 2.0}"
        )


def observations_of(
    fit: xr.DataTree, names: Sequence[str] = ("lai", "wood", "gpp", "nee")
) -> dict[str, tuple[xr.DataArray, xr.DataArray | None]]:
    """Observations of a fit and their sigma in time, by the variable that they observe.

    Parameters
    ----------
    fit : DataTree
    names : sequence of str
        Of variables.

    Returns
    -------
    dict
        Observations that were not assimilated have the attribute ``assimilated`` 0; where one variable
        has both, those that were are given. Means have their value at all steps of their window, and
        the attribute ``averaged``; deviations from means are left out. Observations that a file
        withholds stand under ``{variable}_val``, with None as their sigma.
    """
    expect_fit(fit, "constant_data", "observed_data")
    units, found = fit["constant_data"].to_dataset(), {}
    assimilated = [name for name in STREAMS if name in fit["observed_data"].data_vars]
    for stream in (*assimilated, *(name for name in STREAMS if name not in assimilated)):
        variable = STREAMS[stream].observes
        shown = stream in units and operator_of(units, stream) != DEVIATION
        if shown and variable in names and variable not in found:
            values = units[stream].assign_attrs(assimilated=int(stream in assimilated))
            pair = values, absolute_sigma(units, stream)
            found[variable] = tuple(_over_windows(units, stream, each) for each in pair)
        if f"{stream}{WITHHELD}" in units and variable in names:
            withheld = units[f"{stream}{WITHHELD}"].assign_attrs(assimilated=0)
            found.setdefault(f"{variable}{WITHHELD}", (withheld, None))
    return found


def _over_windows(units, stream, values):
    """Values of means at all steps of their windows, with the attribute ``averaged``; others as they are.

    A window that no other interrupts is whole, also where some of its steps were not averaged.
    """
    averages = averages_of(units, stream)
    if averages is None:
        return values
    array, found = (
        values.transpose(dims.TIME, ...).to_numpy(),
        values.transpose(dims.TIME, ...).copy(),
    )
    taken = averages.places.any(axis=0)
    for member in averages.places > 0:
        inside = np.flatnonzero(member)
        between = np.arange(inside[0], inside[-1] + 1)
        whole = not (taken & ~member)[between].any()
        known = array[inside]
        mean = np.where(np.isfinite(known), known, -np.inf).max(axis=0)
        found[between if whole else inside] = np.where(np.isfinite(mean), mean, np.nan)
    return found.transpose(*values.dims).assign_attrs(values.attrs, averaged=1)
