"""Units dataset of one site from columns: shared by the readers of the peers' files."""

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.data import time_axis
from pm_dalec.data.messages import sentence
from pm_dalec.tables import dims
from pm_dalec.tables.constants import MISSING
from pm_dalec.tables.streams import STREAMS, WINDOW
from pm_dalec.tables.variables import DRIVERS, VARIABLES

FILLS = (-10_000.0, -9998.0)  # -9999 lies between, as files of single precision have it, too
_ALSO = -99_999.0
LARGEST_VALID = 1e15  # what lies beyond is a fill of NetCDF, or of a raster
OBSERVED = tuple(f"{name}{suffix}" for name in STREAMS for suffix in ("", "_unc"))
SOIL_PRIOR = ("csom_prior", "csom_prior_unc")


def without_fills(values):
    """Numbers with NaN in place of -9999 and of the fills of NetCDF, 9.97e36 and 1e20.

    Other numbers stay for the checks to refuse, infinity among them: a value that is left out
    silently would be as wrong as one that is taken.

    Parameters
    ----------
    values : array_like
        As stored.

    Returns
    -------
    numpy.ndarray
    """
    values = np.asarray(values, dtype=float)
    with np.errstate(invalid="ignore"):
        fills = (values > FILLS[0]) & (values <= FILLS[1]) | (values == _ALSO)
        fills |= (np.abs(values) >= LARGEST_VALID) & np.isfinite(values)
    return np.where(fills, np.nan, values)


def with_fills(values):
    """Numbers with -9999 in place of NaN."""
    values = np.asarray(values, dtype=float)
    return np.where(np.isnan(values), MISSING, values)


def labels_of(name):
    """Attributes ``units`` and ``long_name`` of a variable of the units schema.

    Parameters
    ----------
    name : str
        Driver, observation, its ``_unc``, or a soil prior.

    Returns
    -------
    dict
    """
    if name.endswith(WINDOW):
        return {"units": "1", "long_name": f"window of steps of {name.removesuffix(WINDOW)}"}
    base = name.removesuffix("_unc")
    words = "uncertainty (1 sigma) of " if name.endswith("_unc") else ""
    if base == "csom_prior":
        return {"units": "g m-2", "long_name": f"{words}prior of initial soil organic carbon"}
    record = VARIABLES[STREAMS[base].observes if base in STREAMS else base]
    return {"units": record.units, "long_name": words + record.long_name}


def site_units(columns, *, run_days, start, place, product, where, attrs):
    """Make the units dataset of a site from columns without dates; whoever opens it checks it.

    Parameters
    ----------
    columns : dict of str to array
        Drivers and observations in the units of the schema, NaN where missing; soil priors as
        numbers.
    run_days : array
        Day of the run at the END of each step [d].
    start : str or datetime64
        Date on which the first step starts.
    place : tuple of float
        Latitude and longitude [degrees]; a longitude of NaN is left out.
    product, where : str
        For the message.
    attrs : dict
        Attributes of the dataset.

    Returns
    -------
    xarray.Dataset
        Time is the start of the step.
    """
    bounds = bounds_of(run_days, start, product=product, where=where)
    made = {}
    for name, values in columns.items():
        step = () if name in SOIL_PRIOR else (dims.TIME,)
        made[name] = (step, np.asarray(values, dtype=float), labels_of(name))
    units = xr.Dataset(made, coords={dims.TIME: bounds.to_numpy()[:, 0]}, attrs=attrs)
    units = units.assign_coords(time_bnds=bounds)
    length = time_axis.step_lengths(units["time_bnds"])
    units["step_days"] = length.drop_vars(set(length.coords) - {dims.TIME})
    units["step_days"].attrs = labels_of("step_days")
    for name, value, text in zip(("lat", "lon"), place, ("north", "east"), strict=True):
        if np.isfinite(value):
            units = units.assign_coords({name: ((), float(value), {"units": f"degrees_{text}"})})
    return units


def month_units(columns, *, starts, place, product, where, attrs):
    """Units dataset of a site from columns with one value a calendar month.

    Parameters
    ----------
    columns : dict of str to array
        As for `site_units`; ``doy`` follows from the months.
    starts : pandas.DatetimeIndex
        First day of each month.
    place, product, where, attrs
        As for `site_units`.

    Returns
    -------
    xarray.Dataset
    """
    ends = starts + pd.offsets.MonthBegin(1)
    bounds = xr.DataArray(np.stack([starts, ends], axis=1), {"time": starts}, ("time", "bnds"))
    doy = time_axis.day_of_year_at_end(bounds).values
    return site_units(
        columns | {"doy": doy},
        run_days=(ends - starts[0]) / pd.Timedelta(days=1),
        start=starts[0],
        place=place,
        product=product,
        where=where,
        attrs=attrs,
    )


def first_instant(start, *, product):
    """Start of the run as a time stamp.

    Parameters
    ----------
    start : str or datetime64
    product : str
        For the message.

    Returns
    -------
    pandas.Timestamp
    """
    try:
        first = pd.Timestamp(start)
    except (TypeError, ValueError):
        first = pd.NaT
    if pd.isna(first) or first.tzinfo is not None:
        raise ValueError(
            sentence(
                product,
                wanted="a start date, as '2001-01-01'",
                came=repr(start),
                where="argument start",
                do="give the date on which the first step begins; the file has none",
            )
        )
    return first


def bounds_of(run_days, start, *, product, where=""):
    """Start and end of each step.

    Parameters
    ----------
    run_days : array
        Day of the run at the end of each step [d].
    start : str or datetime64
    product, where : str
        For the message.

    Returns
    -------
    xarray.DataArray (time, bnds)
    """
    run_days = np.asarray(run_days, dtype=float)
    first = first_instant(start, product=product)
    if not (run_days.size and np.all(np.diff(run_days, prepend=0.0) > 0)):
        wrong = int((np.diff(run_days, prepend=0.0) <= 0).sum())
        raise ValueError(
            sentence(
                product,
                wanted="days of the run at the end of each step, increasing from above 0",
                came=f"{run_days.size} steps of which {wrong} do not increase",
                where=where,
                do="correct the day column; it counts from the start of the run",
            )
        )
    edges = np.concatenate([[0.0], run_days])
    instants = first + pd.to_timedelta(edges, unit="D")
    instants = instants.as_unit("ns").to_numpy()
    return xr.DataArray(np.stack([instants[:-1], instants[1:]], axis=1), dims=(dims.TIME, "bnds"))


def run_days_of(units):
    """Day of the run at the END of each step [d].

    Parameters
    ----------
    units : xarray.Dataset
        Site with ``step_days``.

    Returns
    -------
    numpy.ndarray
    """
    return np.cumsum(units["step_days"].values)


def expect_single_steps(units, *, product):
    """Refuse observations that are averaged over windows of steps, for which a format has no place.

    Parameters
    ----------
    units : xarray.Dataset
        To be written.
    product : str
        Name of the format.
    """
    means = [name for name in STREAMS if f"{name}{WINDOW}" in units]
    if means:
        raise ValueError(
            sentence(
                product,
                wanted="observations of single steps",
                came=f"means over windows of {', '.join(means)}",
                where="argument units",
                do="leave them out with drop_vars, or write them with write_cbf or to_netcdf",
            )
        )


def checked_site(units, *, product):
    """Pass a dataset that is one site with all drivers; otherwise say what is missing.

    Parameters
    ----------
    units : xarray.Dataset
        To be written.
    product : str
        Name of the format.

    Returns
    -------
    xarray.Dataset
    """
    many = [name for name in (dims.STRATUM, dims.PIXEL) if name in units.dims]
    absent = [name for name in DRIVERS if name not in units]
    if many or absent:
        came = f"dimension {', '.join(many)}" if many else f"none of {', '.join(absent)}"
        raise ValueError(
            sentence(
                product,
                wanted="the units of one site with every driver",
                came=came,
                where="argument units",
                do="select one pixel and stratum with isel(..., drop=True), or add the drivers",
            )
        )
    return units
