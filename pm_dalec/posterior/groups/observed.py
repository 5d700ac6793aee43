"""What was observed, one observation behind the other, and what draws say about it.

The observations of a stream have a dimension of their own, so that no gap is among them. For a site it is
``{stream}_time``. In a region the units are observed at different times, and a time belongs to several:
there it is ``{stream}_observation``, unit by unit, with the labels ``{stream}_time``, ``{stream}_pixel``
and ``{stream}_stratum``.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from pm_dalec.data.land import averages_of
from pm_dalec.data.uncertainties import kind_of
from pm_dalec.errors.likelihood import GAUSSIAN, Likelihood, likelihood_of
from pm_dalec.errors.scales import scale_for
from pm_dalec.physics.observation_operators import averaged, seen_by
from pm_dalec.posterior.runs import in_parts, run_of
from pm_dalec.tables import dims
from pm_dalec.tables.streams import wanted_units

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pm_dalec.tables.kinds import Array

SERIES = 30  # of a run, all of which are made


class Seen(NamedTuple):
    """Observations of one stream.

    Parameters
    ----------
    value, scale : DataArray
        Observations in the units of the stream and their uncertainty as the likelihood takes it, dims
        (observation).
    likelihood : Likelihood
    places : tuple of array (observation,)
        Step of each, then its places in the dimensions of the units.
    """

    value: xr.DataArray
    scale: xr.DataArray
    likelihood: Likelihood
    places: tuple[Array, ...]

    def units(self) -> list[slice]:
        """Observations of each unit, which errors may be shared by: they follow one another."""
        where = np.stack([np.zeros_like(self.places[0]), *self.places[1:]])
        edges = np.flatnonzero(np.any(np.diff(where, axis=1), axis=0)) + 1
        edges = [0, *edges.tolist(), where.shape[1]]
        return [slice(first, last) for first, last in pairwise(edges)]


def seen_in(draws: xr.Dataset, units: xr.Dataset, stream: str) -> Seen:
    """Observations of a stream in the units that have draws.

    Parameters
    ----------
    draws : Dataset
        Parameters, dims (chain, draw[, stratum][, pixel]); NaN in units that were not sampled.
    units : Dataset
    stream : str
    """
    space = dims.space_of(draws)
    value, sigma = (
        units[name].transpose(*space, dims.TIME).values.astype(float)
        for name in (stream, f"{stream}_unc")
    )
    sampled = draws["initial_som"].notnull().all(dims.SAMPLE).transpose(*space).values
    likelihood = likelihood_of(units[stream].attrs.get("likelihood", GAUSSIAN))
    with np.errstate(invalid="ignore"):  # where nothing was seen
        scale = scale_for(likelihood, value, sigma, kind_of(units, stream))
    *where, step = np.nonzero(np.isfinite(value) & sampled[..., np.newaxis])
    along = f"{stream}_observation" if space else f"{stream}_time"
    coords = {
        f"{stream}_{name}": (along, units[name].values[places])
        for name, places in zip((dims.TIME, *space), (step, *where), strict=True)
    }
    labelled = (
        xr.DataArray(array[*where, step], coords, along, attrs={"units": wanted_units(stream)})
        for array in (value, scale)
    )
    return Seen(*labelled, likelihood, (step, *where))


def observed_data(draws: xr.Dataset, units: xr.Dataset, streams: Iterable[str]) -> xr.Dataset:
    """Observations that draws were made from, one variable a stream.

    Parameters
    ----------
    draws, units
        As in `seen_in`.
    streams : iterable of str
        Those that were assimilated.
    """
    found = {}
    for stream in streams:
        seen = seen_in(draws, units, stream)
        found[stream] = seen.value.assign_attrs(likelihood=str(seen.likelihood))
    return xr.Dataset(found)


def modelled(fit: xr.DataTree, group: str = "posterior") -> xr.Dataset:
    """What the draws of a group say about every observation, without its error.

    Parameters
    ----------
    fit : DataTree
    group : {"posterior", "prior"}

    Returns
    -------
    Dataset
        One variable a stream, in its units, dims (chain, draw, observation).
    """
    draws, units = fit[group].to_dataset(), fit["constant_data"].to_dataset()
    seen = {name: seen_in(draws, units, name) for name in fit["observed_data"].data_vars}
    windows = {name: averages_of(units, name) for name in seen}
    found = {name: [] for name in seen}
    for part in in_parts(draws, units, SERIES) if seen else ():
        run = run_of(part, units, fit.attrs["solver"])
        for name, (*_, (step, *where)) in seen.items():
            values = averaged(seen_by(name, run), windows[name], np)[step, :, :, *where]
            found[name].append(np.moveaxis(values, 0, -1))
    whole = {
        name: xr.DataArray(
            np.concatenate(parts, axis=1),
            {**seen[name].value.coords, **{d: draws[d] for d in dims.SAMPLE if d in draws.coords}},
            (*dims.SAMPLE, *seen[name].value.dims),
        )
        for name, parts in found.items()
    }
    return xr.Dataset(whole)
