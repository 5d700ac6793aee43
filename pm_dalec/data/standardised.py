"""Units converted exactly, and a site made of arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.data.limits import check_numbers, check_series
from pm_dalec.data.time_axis import day_of_year_at_end, step_lengths
from pm_dalec.data.units import conversion
from pm_dalec.tables import dims
from pm_dalec.tables.streams import OBSERVED, STREAMS, wanted_units
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
        rule = None if given is None else conversion(str(given), wanted_units(name))
        values = values.astype("float64")
        if rule is not None:
            offset = 0.0 if name.endswith("_unc") else rule.offset
            # a rule of 1 and 0 must not touch the numbers
            values = values if rule == (1.0, 0.0) else values * rule.scale + offset
            attrs["units"] = wanted_units(name)
        changed[name] = values.assign_attrs(_labels(name), **attrs)
    return units.assign(changed)


def site_from_arrays(
    values: Mapping[str, npt.ArrayLike],
    edges: npt.NDArray[np.datetime64],
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
    edges : array of datetime64
        Start of the run and end of each step, one more than steps.
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
        Where a number, or a whole series, cannot be in the units of the tables.
    """
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
    units = standardise(
        xr.Dataset(
            {name: (dims.TIME, values[name], {"units": wanted_units(name)}) for name in order},
            coords={
                dims.TIME: edges[:-1],
                "time_bnds": bounds,
                "lat": ((), float(latitude), {"units": "degrees_north"}),
                "site": site,
            },
        )
    )
    for name in order:
        check_numbers(name, units, gaps=True)
    check_series(units)
    return units


def _schema_names(units):
    observed = [n for s in OBSERVED for n in (s, f"{s}_unc")]
    return [name for name in (*DRIVERS, *observed) if name in units]


def _labels(name):
    record = VARIABLES.get(STREAMS[name].observes if name in STREAMS else name)
    return {} if record is None else {"long_name": record.long_name}
