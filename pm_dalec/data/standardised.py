"""Units converted exactly, and a site made of arrays."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.data.checks import check_given
from pm_dalec.data.limits import units_wanted_of
from pm_dalec.data.time_axis import day_of_year_at_end, step_lengths
from pm_dalec.data.units import conversion
from pm_dalec.tables import dims
from pm_dalec.tables.streams import OBSERVED, SOIL_PRIOR, STREAMS, wanted_units
from pm_dalec.tables.variables import DRIVERS, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt


def standardise(units: xr.Dataset) -> xr.Dataset:
    """Units dataset in the units of the tables and in float64.

    Only exact conversions are made (W m-2 to MJ m-2 d-1, K to degC, hPa to Pa); other units stay
    as they are, for `check_drivers` and `check_observations` to refuse.

    Parameters
    ----------
    units : xarray.Dataset
        Any variables; those that are not of the schema stay as they are.

    Returns
    -------
    xarray.Dataset
        With ``units`` and ``long_name`` from the tables.
    """
    changed = {}
    for name in _schema_names(units):
        values = units[name]
        if np.issubdtype(values.dtype, np.timedelta64):
            values = (values / np.timedelta64(1, "D")).assign_attrs(values.attrs, units="d")
        if values.dtype.kind not in "fiu":
            continue
        given, attrs = values.attrs.get("units"), dict(values.attrs)
        wanted = units_wanted_of(name, values)
        rule = None if given is None else conversion(str(given), wanted)
        values = values.astype("float64")
        if rule is not None:
            offset = 0.0 if name.endswith("_unc") else rule.offset
            # a rule of 1 and 0 must not touch the numbers
            values = values if rule == (1.0, 0.0) else values * rule.scale + offset
            attrs["units"] = wanted
        changed[name] = values.assign_attrs(_labels(name), **attrs)
    return units.assign(changed)


def site_from_arrays(
    values: Mapping[str, npt.ArrayLike],
    edges: npt.ArrayLike | pd.PeriodIndex,
    latitude: float,
    *,
    site: str,
) -> xr.Dataset:
    """Units dataset of a site from arrays per step and the instants between the steps.

    Parameters
    ----------
    values : mapping of str to array
        Drivers and observations in the units of the tables; ``step_days`` and ``doy`` are derived
        where they are not given.
    edges : array of datetime64, or PeriodIndex
        Start of the run and end of each step, one more than steps; or the steps as periods.
    latitude : float
        In degrees north.
    site : str
        Name of the site.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    ValueError, TypeError
        A sentence, where edges are no instants or not in order, lengths differ, the latitude is no
        number, or a number or a whole series cannot be in the units of the tables.
    """
    units = labelled_site(values, edges, latitude, site=site)
    check_given(units)
    return units


def labelled_site(
    values: Mapping[str, npt.ArrayLike],
    edges: npt.ArrayLike | pd.PeriodIndex,
    latitude: float,
    *,
    site: str,
) -> xr.Dataset:
    """Site as from `site_from_arrays`, whose numbers are not looked at: runs of reference codes."""
    edges = _instants(edges, site)
    _check_lengths(values, edges.size - 1, site)
    bounds = xr.DataArray(np.stack([edges[:-1], edges[1:]], axis=1), dims=(dims.TIME, "bnds"))
    derived = {
        "doy": day_of_year_at_end(bounds).to_numpy(),
        "step_days": step_lengths(bounds).to_numpy(),
    }
    values = {**derived, **values}
    order = [
        *(name for name in DRIVERS if name in values),
        *(n for n in values if n not in DRIVERS),
    ]
    return standardise(
        xr.Dataset(
            {name: _variable(name, values[name]) for name in order},
            coords={
                dims.TIME: edges[:-1],
                "time_bnds": bounds,
                "lat": ((), _number(latitude, site), {"units": "degrees_north"}),
                "site": site,
            },
        )
    )


def _variable(name, values):
    """Dims, values and attributes of a series, or of a number."""
    return () if np.ndim(values) == 0 else dims.TIME, values, {"units": wanted_units(name)}


def _instants(edges, site):
    """Edges of the steps as dates; periods have a start and an end each."""
    if isinstance(edges, pd.PeriodIndex):
        if not (edges[1:] == edges[:-1] + 1).all():
            raise ValueError(_wanted_edges("periods that do not follow each other", site))
        ends = (edges + 1).to_timestamp().to_numpy()
        edges = np.concatenate([edges[:1].to_timestamp().to_numpy(), ends])
    found = np.asarray(edges)
    if found.dtype.kind in "US":
        with suppress(ValueError):
            found = found.astype("datetime64[ns]")
    if found.ndim != 1 or found.dtype.kind not in "MO" or not found.size:
        kind = type(edges).__name__ if found.dtype.kind == "O" else str(found.dtype)
        raise TypeError(_wanted_edges(f"{kind} of shape {found.shape}", site))
    if found.dtype.kind == "O":
        naive = all(isinstance(each, date) and _has_no_zone(each) for each in found)
        if not naive:
            raise TypeError(_wanted_edges(f"{type(found[0]).__name__} {found[0]}", site))
        found = found.astype("datetime64[ns]")
    if np.isnat(found).any() or not (found[1:] > found[:-1]).all():
        first = int(np.argmin(found[1:] > found[:-1]))
        raise ValueError(
            f"wanted edges one after the other, got {found[first]} and then {found[first + 1]} (site {site}); "
            "sort them, and drop what is twice or no date"
        )
    return found


def _has_no_zone(instant):
    return getattr(instant, "tzinfo", None) is None


def _wanted_edges(came, site):
    return (
        f"wanted edges as dates without time zone (datetime64), got {came} (site {site}); give the "
        "start of the run and the end of each step, or the steps as a PeriodIndex"
    )


def _check_lengths(values, steps, site):
    """Refuse series that have not one number for each step."""
    for name, series in values.items():
        shape = np.shape(series)
        if shape != (steps,) and not (name.removesuffix("_unc") == SOIL_PRIOR and shape == ()):
            raise ValueError(
                f"wanted {name!r} with one number for each of the {steps} steps between "
                f"{steps + 1} edges, got shape {shape} (site {site}); edges are one more than steps"
            )


def _number(latitude, site):
    """Latitude as a number; an array of one number is one."""
    found = np.asarray(latitude)
    if found.size != 1 or found.dtype.kind not in "fiu":
        raise TypeError(
            f"wanted latitude as one number in degrees north, got {latitude!r} (site {site}); write "
            "61.85, say"
        )
    return float(found.item())


def _schema_names(units):
    observed = [n for s in OBSERVED for n in (s, f"{s}_unc")]
    return [name for name in (*DRIVERS, *observed) if name in units]


def _labels(name):
    record = VARIABLES.get(STREAMS[name].observes if name in STREAMS else name)
    return {} if record is None else {"long_name": record.long_name}
