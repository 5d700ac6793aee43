"""What was observed, one observation behind the other, and what draws say about it.

The observations of a stream have a dimension of their own, so that no gap is among them. For a site it is
``{stream}_time``. In a region the units are observed at different times, and a time belongs to several:
there it is ``{stream}_observation``, unit by unit, with the labels ``{stream}_time``, ``{stream}_pixel``
and ``{stream}_stratum``.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.data.land import averages_of
from pm_dalec.data.uncertainties import kind_of
from pm_dalec.errors.likelihood import GAUSSIAN, likelihood_of
from pm_dalec.errors.scales import scale_for
from pm_dalec.physics.observation_operators import averaged, seen_by
from pm_dalec.posterior.runs import in_parts, run_of
from pm_dalec.tables import dims
from pm_dalec.tables.streams import wanted_units

if TYPE_CHECKING:
    from collections.abc import Iterable

SERIES = 30  # of a run, all of which are made


def observed_data(draws: xr.Dataset, units: xr.Dataset, streams: Iterable[str]) -> xr.Dataset:
    """Observations that draws were made from, in the units that have draws.

    Parameters
    ----------
    draws : Dataset
        Parameters, dims (chain, draw[, stratum][, pixel]); NaN in units that were not sampled.
    units : Dataset
    streams : iterable of str
        Those that were assimilated.

    Returns
    -------
    Dataset
        One variable a stream, with its error model as the attribute ``likelihood``, and beside it the
        uncertainty as this one takes it: the coordinate ``{stream}_scale``.
    """
    space, found = dims.space_of(draws), {}
    sampled = draws["initial_som"].notnull().all(dims.SAMPLE).transpose(*space).values
    for stream in streams:
        value, sigma = (
            units[name].transpose(*space, dims.TIME).values.astype(float)
            for name in (stream, f"{stream}_unc")
        )
        likelihood = likelihood_of(units[stream].attrs.get("likelihood", GAUSSIAN))
        with np.errstate(invalid="ignore"):  # where nothing was seen
            scale = scale_for(likelihood, value, sigma, kind_of(units, stream))
        *where, step = np.nonzero(np.isfinite(value) & sampled[..., np.newaxis])
        along = f"{stream}_observation" if space else f"{stream}_time"
        coords = {
            f"{stream}_{name}": (along, units[name].values[places])
            for name, places in zip((dims.TIME, *space), (step, *where), strict=True)
        }
        coords[f"{stream}_scale"] = (along, scale[*where, step])
        attrs = {"units": wanted_units(stream), "likelihood": str(likelihood)}
        found[stream] = xr.DataArray(value[*where, step], coords, along, attrs=attrs)
    return xr.Dataset(found)


def parts_of_units(seen: xr.DataArray) -> list[slice]:
    """Observations of each unit, which errors may be shared by: they follow one another.

    Parameters
    ----------
    seen : DataArray (observation)
        One stream of `observed_data`.
    """
    names = (f"{seen.name}_{name}" for name in dims.SPACE)
    places = [seen[name].values for name in names if name in seen.coords]
    changes = np.any([place[1:] != place[:-1] for place in places], axis=0) if places else []
    edges = [0, *(np.flatnonzero(changes) + 1).tolist(), seen.size]
    return [slice(first, last) for first, last in pairwise(edges)]


def modelled(draws: xr.Dataset, units: xr.Dataset, observed: xr.Dataset, solver: str) -> xr.Dataset:
    """What draws say about every observation, without its error.

    Parameters
    ----------
    draws, units
        As in `observed_data`.
    observed : Dataset
        From there.
    solver : {"converged", "truncated"}
        That of the fit.

    Returns
    -------
    Dataset
        One variable a stream, in its units, dims (chain, draw, observation).
    """
    space = dims.space_of(draws)
    places = {
        stream: [
            units.get_index(name).get_indexer(seen[f"{stream}_{name}"].values)
            for name in (dims.TIME, *space)
        ]
        for stream, seen in observed.items()
    }
    windows = {stream: averages_of(units, stream) for stream in observed}
    found = {stream: [] for stream in observed}
    for part in in_parts(draws, units, SERIES) if found else ():
        run = run_of(part, units, solver)
        for stream, (step, *where) in places.items():
            values = averaged(seen_by(stream, run), windows[stream], np)[step, :, :, *where]
            found[stream].append(np.moveaxis(values, 0, -1))
    labels = {name: draws[name] for name in dims.SAMPLE if name in draws.coords}
    return xr.Dataset(
        {
            stream: xr.DataArray(
                np.concatenate(parts, axis=1),
                {**observed[stream].drop_vars(f"{stream}_scale").coords, **labels},
                (*dims.SAMPLE, *observed[stream].dims),
            )
            for stream, parts in found.items()
        }
    )
