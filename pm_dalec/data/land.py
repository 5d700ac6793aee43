"""Land: a site, or a region whose observations are averaged twice; and averages over windows of steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.data.messages import everywhere
from pm_dalec.data.uncertainties import uncertainty_of
from pm_dalec.physics.observation_operators import (
    Averages,
    averaged,
    deviations_within,
    means_over,
)
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import real_numbers
from pm_dalec.tables.streams import (
    ANNUAL,
    COMPARED,
    DEVIATION,
    MEAN,
    OPERATORS,
    STREAMS,
    WINDOW,
    operator_of,
)

if TYPE_CHECKING:
    import numpy.typing as npt

_LEAST_SOIL = 200.0  # g m-2, the lower bound of the initial soil carbon

PIXELS, STRATA = "pixels", "strata"
NODES = {(dims.PIXEL,): PIXELS, dims.SPACE: STRATA}
"""Group of a region that holds the averages over such units."""


def units_of(land: xr.Dataset | xr.DataTree, each: tuple[str, ...]) -> xr.Dataset:
    """Units of a land: what has a DALEC of its own, with the weather it shares with others.

    Parameters
    ----------
    land : Dataset or DataTree
        A site, a dataset of units, or a region: a tree with the weather at its root and the same
        observations averaged over pixels (``/pixels``) and over strata of pixels (``/strata``).
    each : tuple of str
        Dimensions of the units: ``("pixel",)`` or ``("stratum", "pixel")``. A site has neither and
        is the special case of the first.

    Returns
    -------
    Dataset
        Drivers and observations, dims (time[, stratum][, pixel]).

    Raises
    ------
    ValueError, TypeError
        If the land has no such units.
    """
    each = tuple(each)
    if each not in NODES:
        raise ValueError(f"wanted units of one of {list(NODES)}, got {each} as `each`")
    if isinstance(land, xr.DataTree):
        return _joined(land, NODES[each])
    if not isinstance(land, xr.Dataset):
        raise TypeError(
            f"wanted a site (Dataset) or a region (DataTree), got {type(land).__name__} as land; "
            "open one with open_site, load_site or open_region"
        )
    there = dims.space_of(land)
    is_site = there == () and dims.STRATUM not in each
    if there != each and not is_site:
        raise ValueError(
            f"wanted a land with units {each}, got a dataset with dims {tuple(land.sizes)}; "
            + (
                "build a region, which holds both averages, or use models.stratified"
                if dims.STRATUM in there
                else "a site and a dataset of pixels have no strata: build a region, or use "
                "models.baseline"
            )
        )
    return land


def _joined(region, node):
    if node not in region.children:
        raise ValueError(
            f"wanted a region with the groups 'pixels' and 'strata', got {list(region.children)}; "
            "build it with build_region, open_region or `pm-dalec region`"
        )
    averages = region[node].to_dataset(inherit=False)
    shared = region.to_dataset(inherit=False)
    return shared.assign_coords(averages.coords).assign(averages.data_vars)


def with_averages(region, changes):
    """Region with other observations in its averages.

    Parameters
    ----------
    region : DataTree
    changes : dict of str to dict
        By group, ``pixels`` or ``strata``: new variables by name, as `Dataset.assign` takes them.

    Returns
    -------
    DataTree
    """
    parts = {part.path: part.to_dataset(inherit=False) for part in region.subtree}
    for node, variables in changes.items():
        parts[f"/{node}"] = parts[f"/{node}"].assign(variables)
    return xr.DataTree.from_dict(parts, name=region.name)


def averages_of(units: xr.Dataset, stream: str) -> Averages | None:
    """Operator of a stream whose observations belong to windows of several steps.

    Parameters
    ----------
    units : Dataset
        ``{stream}_window`` (time) has the same number at all steps of a window, and NaN outside.
    stream : str

    Returns
    -------
    Averages or None
        None for observations of single steps.
    """
    compared = operator_of(units, stream)
    if compared is None:
        return None
    labels = units[f"{stream}{WINDOW}"].to_numpy().astype(float)
    return _operator(compared)(labels, units["step_days"].to_numpy())


def _operator(compared):
    return means_over if compared == MEAN else deviations_within


def check_window(stream: str, units: xr.Dataset) -> None:
    """Check the windows of a stream, and that each holds what it is compared with.

    Parameters
    ----------
    stream : str
    units : Dataset
        With ``{stream}_window``, or without where the stream is of single steps.
    """
    name, here = f"{stream}{WINDOW}", everywhere(units)
    if name not in units:
        if stream.endswith(ANNUAL):
            raise ValueError(
                f"wanted {name!r} (time) beside {stream!r}, got none ({here}); number the steps of each "
                "year, or make it with pm_dalec.data.average_observations"
            )
        return
    labels = units[name]
    if labels.dims != (dims.TIME,) or labels.dtype.kind not in "fiu":
        raise ValueError(
            f"wanted {name!r} as one number a step, dims ('time',), got {labels.dims} of {labels.dtype} "
            f"({here}); number the windows, all units have the same"
        )
    if operator_of(units, stream) not in OPERATORS:
        raise ValueError(
            f"wanted the attribute {COMPARED} of {name!r} as 'mean' or 'deviation', got "
            f"{operator_of(units, stream)!r} ({here}); say what the observations of a window are"
        )
    _check_members(stream, labels.to_numpy().astype(float), units)


def _check_members(stream, labels, units):
    """One mean in a window at most, and a window at every deviation."""
    seen = units[stream].notnull().transpose(dims.TIME, ...).to_numpy()
    if operator_of(units, stream) == DEVIATION:
        lost = int(seen[~np.isfinite(labels)].sum())
        if lost:
            raise ValueError(
                f"wanted a window at every observation of {stream!r}, got {lost} without "
                f"({everywhere(units)}); number the steps of its mean in '{stream}{WINDOW}'"
            )
        return
    members = means_over(labels, units["step_days"].to_numpy()).places
    most = int(np.tensordot(members, seen.astype(float), axes=1).max(initial=0))
    if most > 1:
        raise ValueError(
            f"wanted one observation of {stream!r} in each window, got {most} in one "
            f"({everywhere(units)}); a mean over a window is one number, at one of its steps"
        )


def window_values(
    series: npt.NDArray[np.float64],
    labels: npt.NDArray[np.float64],
    length: npt.NDArray[np.float64],
    compared: str = MEAN,
) -> npt.NDArray[np.float64]:
    """Averaged observations of a series with gaps: means at the first step of a window, or deviations.

    Parameters
    ----------
    series : array (time,)
        NaN where nothing was seen; such steps must be outside all windows.
    labels : array (time,)
        Numbers of the windows, NaN outside.
    length : array (time,) [d]
        Of the steps.
    compared : {"mean", "deviation"}

    Returns
    -------
    array (time,)
    """
    inside = np.isfinite(labels)
    found = averaged(np.where(inside, series, 0.0), _operator(compared)(labels, length), np)
    if compared == MEAN:
        first = np.zeros(inside.size, dtype=bool)
        first[np.unique(labels, return_index=True)[1]] = True
        inside = inside & first
    return np.where(inside, found, np.nan)


def average_observations(
    units: xr.Dataset, stream: str, *, over: str | npt.ArrayLike = "year", uncertainty: float | str
) -> xr.Dataset:
    """Site whose observations of a stream are means over windows: a year is then one observation.

    Parameters
    ----------
    units : Dataset
        A site with observations of single steps.
    stream : str
        Name in `pm_dalec.STREAMS`. Means of years become the stream ``{stream}_annual``, and that of
        the steps goes.
    over : {"year", "run"} or array (time,)
        Calendar years, the whole run, or a number for each step: steps with the same number are a
        window, and those with NaN are in none.
    uncertainty : float or str
        One sigma of a mean, in units of the stream, or as "20%" of it, or a factor, "x1.5". It is not that of a step
        divided by a root: errors of the steps of a year are rarely independent.

    Returns
    -------
    Dataset
        Steps without an observation are in no window: model and data are averaged over the same steps,
        each with the weight of its days.
    """
    series = _single_steps(units, stream)
    advice = "NaN is for steps without an observation"
    series = series.copy(data=real_numbers(f"{stream!r}", series.data, advice=advice, gaps=True))
    labels = np.where(series.notnull(), _labels(units, over), np.nan)
    name = (
        f"{stream.removesuffix(ANNUAL)}{ANNUAL}"
        if isinstance(over, str) and over == "year"
        else stream
    )
    values = series.copy(
        data=window_values(series.to_numpy(), labels, units["step_days"].to_numpy())
    )
    sigma, attrs = uncertainty_of(values, uncertainty, name=name, where="argument uncertainty")
    kept = units.drop_vars([stream, f"{stream}_unc"], errors="ignore")
    return kept.assign(
        {
            name: values,
            f"{name}_unc": sigma.drop_attrs().assign_attrs(attrs),
            f"{name}{WINDOW}": (dims.TIME, labels, {"units": "1", COMPARED: MEAN}),
        }
    )


def _single_steps(units, stream):
    """Observations of single steps of a site."""
    STREAMS[stream]
    if stream not in units or units[stream].dims != (dims.TIME,) or operator_of(units, stream):
        came = "none" if stream not in units else f"dims {units[stream].dims}"
        came = "means already" if operator_of(units, stream) else came
        raise ValueError(
            f"wanted observations of {stream!r} at single steps of one site, got {came} "
            f"({everywhere(units)}); open it with its observations, or select a unit with isel"
        )
    return units[stream]


def _labels(units, over):
    """Number of the window of each step."""
    if isinstance(over, str) and over in ("year", "run"):
        years = units[dims.TIME].dt.year.to_numpy().astype(float)
        return years if over == "year" else np.zeros_like(years)
    labels = np.asarray(over)
    if labels.shape != (units.sizes[dims.TIME],) or labels.dtype.kind not in "fiu":
        raise ValueError(
            f"wanted over as 'year', 'run' or one number for each of the {units.sizes[dims.TIME]} steps, "
            f"got {over!r} ({everywhere(units)}); number the windows"
        )
    advice = "number the windows, NaN for steps in none"
    return real_numbers("over", labels, advice=advice, gaps=True)


def check_soil(name, units):
    """Check that soil carbon is not in kilograms.

    Parameters
    ----------
    name : str
        The soil prior, or the stream of soil carbon.
    units : xarray.Dataset
        With numbers that passed `check_numbers`; where there are none, nothing is refused.
    """
    known = name in units and operator_of(units, name) != DEVIATION
    largest = float(units[name].max()) if known else np.nan
    if largest < _LEAST_SOIL:
        raise ValueError(
            f"wanted {name!r} in g m-2, got at most {largest:g} ({everywhere(units)}); if it is "
            f"in kg m-2, multiply by 1000; DALEC has at least {_LEAST_SOIL:g} g m-2"
        )


def check_signs(units):
    """Check that observed uptake and respiration are not on the whole below zero."""
    for name in ("gpp", "reco"):
        known = name in units and operator_of(units, name) != DEVIATION
        mean = float(units[name].mean()) if known else np.nan
        if mean < 0:
            raise ValueError(
                f"wanted {name!r} above 0 in its mean, got {mean:.3g} ({everywhere(units)}); it is counted "
                "as a loss or a gain by its name: change its sign"
            )
