"""Management of the land after the calibration: what is felled, thinned, planted, and when.

A management is a name and actions. Actions that fell become the driver ``forest_loss_fraction``; what is
left after several of them is the product of what each leaves. Planting moves area between strata.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from pm_dalec.tables import dims
from pm_dalec.tables.constants import DAYS_PER_YEAR
from pm_dalec.tables.numbers import number, whole_number

LOSS, BURNED = "forest_loss_fraction", "burned_fraction"
UNIT, STRATUM = "unit", "stratum"
SEEDLINGS = 50.0
"""Living carbon of a plantation on the day of planting [g m-2], assumed: 2,500 saplings of 200 g a hectare."""


@dataclass(frozen=True)
class MeanRate:
    """Harvest and fire go on at their mean rates in the calibration.

    Parameters
    ----------
    by : {"unit", "stratum"}
        Each unit at its own rate, or all units of a stratum at the area mean of the stratum.
    """

    by: str = UNIT

    def __post_init__(self):
        """Check what was given."""
        if self.by not in (UNIT, STRATUM):
            raise ValueError(
                f"wanted by='unit' or by='stratum', got by={self.by!r}; choose one of them"
            )


@dataclass(frozen=True)
class AnnualRate:
    """The same share of the area is felled every year, evenly over its days.

    Parameters
    ----------
    share : float
        Per year [1].
    strata : tuple of str
        None for all land.
    """

    share: float
    strata: tuple[str, ...] | None = None

    def __post_init__(self):
        """Check what was given."""
        number("share", self.share, least=0, most=1, advice="a share of the area in a year")


@dataclass(frozen=True)
class Felling:
    """A share of the stand is felled in some years, on the first step that begins in a month.

    Parameters
    ----------
    years : tuple of int
    share : float
        Of the living carbon above ground [1]; below one, since nothing grows again from nothing.
    strata : tuple of str
        None for all land.
    month : int
    """

    years: tuple[int, ...]
    share: float
    strata: tuple[str, ...] | None = None
    month: int = 10

    def __post_init__(self):
        """Check what was given."""
        advice = "leave a part from which the stand grows again"
        number("share", self.share, least=0, most=0.99, advice=advice)
        whole_number("month", self.month, least=1, most=12, advice="the month of felling")
        for year in self.years:
            whole_number("years", year, least=1, advice="calendar years of felling")


@dataclass(frozen=True)
class Planting:
    """Land of one stratum becomes land of another, every year of a period.

    Parameters
    ----------
    source, target : str
        Strata.
    share : float
        Of the area that the source still has, each year [1].
    years : tuple of int
    seedlings : float
        Living carbon that is planted [g m-2].

    Notes
    -----
    The living carbon of the source is cleared and counted; its litter and soil pass to the target,
    whose carbon is then the area mean of old and new stands.
    """

    source: str
    target: str
    share: float
    years: tuple[int, ...]
    seedlings: float = SEEDLINGS

    def __post_init__(self):
        """Check what was given."""
        number("share", self.share, least=0, most=1, advice="a share of the source's area")
        number("seedlings", self.seedlings, above=0, advice="carbon from which a stand grows")
        if self.source == self.target:
            raise ValueError(
                f"wanted two strata for planting, got source and target {self.source!r}; name another"
            )


@dataclass(frozen=True)
class Management:
    """What is done with the land.

    Parameters
    ----------
    name : str
    actions : tuple
        Of `MeanRate`, `AnnualRate`, `Felling`, `Planting`; none at all is the paper's.
    """

    name: str
    actions: tuple = ()

    @property
    def plantings(self) -> tuple[Planting, ...]:
        """The actions that move area."""
        return tuple(action for action in self.actions if isinstance(action, Planting))


def rotation(
    every: int,
    share: float,
    *,
    first: int,
    last: int = 2100,
    strata: tuple[str, ...] | None = None,
    month: int = 10,
) -> Felling:
    """Felling of a share in every so many years; a small share is a thinning.

    Parameters
    ----------
    every : int
        Years between fellings.
    share : float
        Of the living carbon above ground [1].
    first, last : int
        Calendar years.
    strata, month
        As for `Felling`.
    """
    every = whole_number("every", every, least=1, advice="years between fellings")
    return Felling(tuple(range(first, last + 1, every)), share, strata, month)


def disturbed(management: Management, future: xr.Dataset, observed: xr.Dataset) -> xr.Dataset:
    """Future drivers under a management.

    Parameters
    ----------
    management : Management
    future : Dataset
        Drivers of a scenario.
    observed : Dataset
        Units with the drivers of the calibration, and their areas.

    Returns
    -------
    Dataset
    """
    space = dims.space_of(observed)
    shape = (future.sizes[dims.TIME], *(observed.sizes[name] for name in space))
    kept = {LOSS: np.ones(shape), BURNED: np.ones(shape)}
    for action in management.actions:
        if isinstance(action, MeanRate):
            for name, left in kept.items():
                rate = _mean_rate(action, observed, name, space)
                kept[name] = left * (1 - _over_days(rate, future, len(space)))
        elif not isinstance(action, Planting):
            where = _places(action.strata, observed, space)
            kept[LOSS] = kept[LOSS] * (1 - _felled(action, future, len(space)) * where)
    labels = {name: observed[name] for name in (*space, "lat", "lon") if name in observed.coords}
    made = {
        name: xr.DataArray(1 - left, dims=(dims.TIME, *space), attrs=future[name].attrs)
        for name, left in kept.items()
    }
    return future.drop_vars(list(kept)).assign(made).assign_coords(labels)


def _mean_rate(action, observed, name, space):
    """Mean rate of a loss in the calibration, by unit [yr-1]."""
    years = float(observed["step_days"].sum()) / DAYS_PER_YEAR
    rate = observed[name].sum(dims.TIME) / years
    if action.by == STRATUM and space:
        weight = observed["area"] * observed.get("area_fraction", 1.0)
        rate = xr.ones_like(rate) * rate.fillna(0.0).weighted(weight.fillna(0.0)).mean(dims.PIXEL)
    wanted = {dim: observed.sizes[dim] for dim in space if dim not in rate.dims}
    return rate.expand_dims(wanted).transpose(*space).fillna(0.0).to_numpy()


def _over_days(rate, future, ndim):
    """Annual rates (units) spread evenly over the days of the steps (time, units)."""
    share = (future["step_days"].to_numpy() / DAYS_PER_YEAR).reshape(-1, *[1] * ndim)
    return np.minimum(1.0, share * rate)


def _felled(action, future, ndim):
    """Share felled in every step, (time, 1, ...)."""
    if isinstance(action, AnnualRate):
        return _over_days(np.float64(action.share), future, ndim)
    times = future.indexes[dims.TIME]
    found = np.zeros(len(times))
    for year in action.years:
        steps = np.flatnonzero((times.year == year) & (times.month >= action.month))
        found[steps[:1]] = action.share
    return found.reshape(-1, *[1] * ndim)


def _places(strata, observed, space):
    """One where an action applies, by unit."""
    shape = tuple(observed.sizes[name] for name in space)
    if strata is None:
        return np.ones(shape)
    names = strata_of(observed)
    check_strata(strata, names)
    chosen = np.isin(names, strata).astype(float)
    return np.broadcast_to(chosen[:, None], shape)


def strata_of(observed: xr.Dataset) -> list[str]:
    """Names of the strata of units; none for a site and a baseline."""
    return [str(name) for name in observed[dims.STRATUM].values] if dims.STRATUM in observed else []


def check_strata(wanted: tuple[str, ...], names: list[str]) -> None:
    """Refuse strata that the units do not have.

    Parameters
    ----------
    wanted : tuple of str
    names : list of str
        Of the units.
    """
    unknown = [name for name in wanted if name not in names]
    if unknown and not names:
        raise ValueError(
            f"wanted units with strata, got a fit without them (strata={tuple(wanted)}); leave the "
            "strata out, or use a stratified fit"
        )
    if unknown:
        raise KeyError(f"no stratum {unknown[0]!r} in the fit; there are {', '.join(names)}")
