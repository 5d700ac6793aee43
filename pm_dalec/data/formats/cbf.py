"""NetCDF input file (CBF) of JPL's CARDAMOM: one site, read.

Assumed, from the conventions of that format and not from a real file: time-dependent variables along
``time`` with CF units and one value a month, at any day of it; ``LAT`` [degrees_north], ``LON`` where
there is one; ``T2M_MIN``, ``T2M_MAX`` [degC], ``SSRD`` [MJ m-2 d-1], ``CO2`` [ppm], ``VPD`` [hPa],
``BURNED_AREA`` [1]; observations ``LAI``, ``GPP``, ``NBE``, ``ABGB``, ``SOM`` with an uncertainty
``<NAME>unc`` or ``<NAME>_unc`` or the attribute ``single_unc``; -9999 for missing. Where a variable
names its units they are used; otherwise the ones above are taken.

The format's deficit is that between daily maximum temperature and dew point, which is larger than
the mean over the day; it has no wind. Both are said in the attributes. Uncertainties that are factors
of a log-normal (attribute ``opt_unc_type`` not 0) are refused, as likelihoods here are Gaussian.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.data.checks import check_units
from pm_dalec.data.formats import netcdf
from pm_dalec.data.formats.columns import site_units, without_fills
from pm_dalec.data.messages import sentence
from pm_dalec.data.time_axis import day_of_year_at_end
from pm_dalec.data.uncertainties import one_sigma
from pm_dalec.data.units import conversion

if TYPE_CHECKING:
    from collections.abc import Mapping

PRODUCT = "JPL CBF"

# Name in the file, units when it names none, units of the schema.
_DRIVERS = {
    "tmin": ("T2M_MIN", "degC", "degC"),
    "tmax": ("T2M_MAX", "degC", "degC"),
    "sw_rad": ("SSRD", "MJ m-2 d-1", "MJ m-2 d-1"),
    "co2": ("CO2", "ppm", "ppm"),
    "vpd": ("VPD", "hPa", "Pa"),
    "burned_fraction": ("BURNED_AREA", "1", "1"),
}
_OBSERVATIONS = {
    "lai": ("LAI", "m2 m-2", "m2 m-2"),
    "gpp": ("GPP", "g m-2 d-1", "g m-2 d-1"),
    "nbe": ("NBE", "g m-2 d-1", "g m-2 d-1"),
    "cwood": ("ABGB", "g m-2", "g m-2"),
    "csom": ("SOM", "g m-2", "g m-2"),
}
_UNCERTAINTY = ("unc", "_unc", "UNC")

PROVENANCE = {
    "product": PRODUCT,
    "source": "CBF conventions, from memory",
    "vpd_comment": "es(Tmax) - es(Tdew), larger than the daily mean",
    "wind_comment": "not in the file, given by the caller",
    "verified_on": "synthetic files only",
}


def open_cbf(
    path: str | Path,
    *,
    wind: float,
    forest_loss_fraction: float = 0.0,
    uncertainties: Mapping[str, object] | None = None,
) -> xr.Dataset:
    """Units of a site from a CBF NetCDF file.

    Parameters
    ----------
    path : str or Path
        The file.
    wind : float or array
        Wind speed, which the format does not have [m s-1].
    forest_loss_fraction : float or array
        Removed in each step, which the format does not have [1].
    uncertainties : dict of str to float or str, optional
        One sigma, in its units or as "20%" of each value, for streams (names of
        the units schema) whose file entry has none or a factor.

    Returns
    -------
    xarray.Dataset
    """
    where = f"file {path}"
    _check_exists(Path(path))
    with netcdf.opened_netcdf(path, product=PRODUCT) as opened:
        needed = ["LAT", "time", *(source for source, _, _ in _DRIVERS.values())]
        netcdf.expect_names(opened, needed, product=PRODUCT, where=where)
        stored = opened.load()
    starts = _months(stored["time"], where)
    columns = {
        name: _values(stored[source], assumed, wanted, where)
        for name, (source, assumed, wanted) in _DRIVERS.items()
    }
    columns |= _observed(stored, uncertainties or {}, where)
    columns["wind"] = np.broadcast_to(np.asarray(wind, float), starts.shape)
    columns["forest_loss_fraction"] = np.broadcast_to(
        np.asarray(forest_loss_fraction, float), starts.shape
    )
    ends = starts + pd.offsets.MonthBegin(1)
    bounds = xr.DataArray(np.stack([starts, ends], axis=1), {"time": starts}, ("time", "bnds"))
    columns["doy"] = day_of_year_at_end(bounds).values
    run_days = (ends - starts[0]) / pd.Timedelta(days=1)
    lon = float(np.ravel(stored["LON"])[0]) if "LON" in stored else np.nan
    units = site_units(
        columns,
        run_days=run_days,
        start=starts[0],
        place=(float(np.ravel(stored["LAT"])[0]), lon),
        product=PRODUCT,
        where=where,
        attrs=PROVENANCE,
    )
    return check_units(units)


def is_cbf(path):
    """Whether a file is NetCDF with the drivers of this format, or all but one of them."""
    if not path.is_file():
        return False
    try:
        with netcdf.opened_netcdf(path, product=PRODUCT) as opened:
            names = {source for source, _, _ in _DRIVERS.values()}
            return len(names - set(opened.variables)) <= 1
    except ValueError:  # no NetCDF file
        return False


def _check_exists(path):
    if not path.is_file():
        raise FileNotFoundError(
            sentence(
                PRODUCT,
                wanted="an existing file",
                came="a path where no file is",
                where=str(path),
                do="correct the path",
            )
        )


def _months(time, where):
    decoded = xr.decode_cf(time.to_dataset(name="copy"))["time"].values
    if not np.issubdtype(decoded.dtype, np.datetime64):
        raise ValueError(
            sentence(
                PRODUCT,
                wanted="a time axis with units 'days since ...' in a standard calendar",
                came=f"units {time.attrs.get('units', 'none')!r}",
                where=where,
                do="set units and calendar of 'time'",
            )
        )
    starts = pd.DatetimeIndex(decoded).to_period("M").to_timestamp()
    if not starts.equals(pd.date_range(starts[0], periods=starts.size, freq="MS")):
        raise ValueError(
            sentence(
                PRODUCT,
                wanted="one value in each month, without a gap",
                came=f"{starts.size} values in {starts.nunique()} months "
                f"from {starts[0]:%Y-%m} to {starts[-1]:%Y-%m}",
                where=where,
                do="average to months or complete the series",
            )
        )
    return starts


def _values(variable, assumed, wanted, where):
    values = without_fills(variable.values)
    given = str(variable.attrs.get("units", assumed))
    rule = conversion(given, wanted)
    if rule is None:
        raise ValueError(
            sentence(
                PRODUCT,
                wanted=f"'{variable.name}' in {wanted!r} or units that convert to it",
                came=repr(given),
                where=where,
                do="correct the units attribute or the numbers",
            )
        )
    return values * rule.scale + rule.offset


def _observed(stored, uncertainties, where):
    columns = {}
    for name, (source, assumed, wanted) in _OBSERVATIONS.items():
        if source not in stored or "time" not in stored[source].dims:
            continue
        values = _values(stored[source], assumed, wanted, where)
        if not np.isfinite(values).any():
            continue
        if name in uncertainties:
            sigma = one_sigma(values, uncertainties[name], name=name, where=where)
        else:
            sigma = _sigma(stored, source, assumed, wanted, where, name)
        columns[name] = values
        columns[f"{name}_unc"] = np.where(np.isfinite(values), sigma, np.nan)
    return columns


def _sigma(stored, source, assumed, wanted, where, name):
    attrs = stored[source].attrs
    kind = float(np.ravel(attrs.get("opt_unc_type", 0))[0])
    column = next((source + end for end in _UNCERTAINTY if source + end in stored), None)
    if kind == 0 and column is not None:
        return _values(stored[column], assumed, wanted, where)
    single = float(np.ravel(attrs.get("single_unc", np.nan))[0])
    if kind == 0 and single > 0:
        return np.full(stored[source].shape, single)
    came = "none" if kind == 0 else f"a log-normal factor (opt_unc_type {kind:g})"
    raise ValueError(
        sentence(
            PRODUCT,
            wanted=f"a one-sigma uncertainty of '{source}'",
            came=came,
            where=where,
            do=f"pass uncertainties={{'{name}': sigma}} in its units",
        )
    )
