"""NetCDF input file (CBF) of JPL's CARDAMOM, written from the units of a site."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.data.checks import check_units
from pm_dalec.data.formats.columns import checked_site, with_fills
from pm_dalec.data.formats.jpl import names
from pm_dalec.data.formats.jpl.filters import CODES, STEPS, WAYS, series_of, way_in
from pm_dalec.data.messages import sentence
from pm_dalec.data.uncertainties import absolute_sigma, kind_of
from pm_dalec.data.units import conversion
from pm_dalec.errors.scales import FACTOR
from pm_dalec.tables.constants import MISSING
from pm_dalec.tables.streams import ANNUAL, OBSERVED, wanted_units

if TYPE_CHECKING:
    import numpy.typing as npt

_FILL = {"_FillValue": MISSING}
_UNSET = dict.fromkeys(("single_unc", "opt_filter", "opt_normalization"), MISSING)
_EPOCH = np.datetime64("2001-01-01")


def write_cbf(path: str | Path, units: xr.Dataset) -> list[Path]:
    """Write the units of a site as a CBF NetCDF file that `open_cbf` reads.

    Parameters
    ----------
    path : str or Path
        Target.
    units : xarray.Dataset
        One site, in steps of calendar months.

    Returns
    -------
    list of Path

    Warns
    -----
    UserWarning
        With the names of observations for which the format has none.

    Notes
    -----
    Wind and forest loss, which the format lacks, are written under our names: `open_cbf` reads them,
    and others pass over them. The deficit is that of the dataset, a mean of the day as a rule, where
    the format means the one at the highest temperature.
    """
    checked_site(units, product=names.PRODUCT)
    check_units(units.drop_dims("parameter", errors="ignore"))
    _check_months(units)
    made = {
        source: _column(units[name].values, wanted, assumed)
        for name, (source, assumed, wanted) in names.DRIVERS.items()
    }
    made |= {
        name: _column(units[name].values, unit, unit) for name, unit in names.WITHOUT_NAME.items()
    }
    made["DOY"] = _column(units["doy"].values, "d", "d")
    for name, row in names.OBSERVATIONS.items():
        if name in units or f"{name}{ANNUAL}" in units:
            way = way_in(units, name)
            made |= _steps(units, name, row) if way == STEPS else _means(units, name, way, row)
    start, end = (units["time_bnds"].values[:, side] for side in (0, 1))
    days = (start + (end - start) / 2 - _EPOCH) / np.timedelta64(1, "D")
    calendar = {"units": "days since 2001-01-01", "calendar": "proleptic_gregorian"}
    file = xr.Dataset(made, {"time": ("time", days, calendar)}, attrs={"source": "pm_dalec"})
    file["VPD"].attrs["comment"] = str(units.attrs.get("vpd_comment", "mean over the step"))
    file["LAT"] = ((), float(units["lat"]), {"units": "degrees_north"})
    if "lon" in units.coords:
        file["LON"] = ((), float(units["lon"]), {"units": "degrees_east"})
    _warn_of_unwritten(units, path)
    file.to_netcdf(path, engine="h5netcdf", encoding={name: _FILL for name in made})
    return [Path(path)]


def _steps(units, name, row):
    """Observations of single steps with their uncertainty."""
    source, assumed, wanted = row
    values, given = _column(units[name].values, wanted, assumed), units[f"{name}_unc"].values
    factors = kind_of(units, name) == FACTOR
    options = {"opt_unc_type": float(factors)} | _UNSET
    sigma = _column(given, "1", "1") if factors else _column(given, wanted, assumed)
    return {source: (*values[:2], values[2] | options), f"{source}unc": sigma}


def _means(units, name, way, row):
    """Series whose means are the observations, and the options that say so."""
    source, assumed, wanted = row
    values = _column(series_of(units, name, way), wanted, assumed)
    streams = [f"{name}{part.end}" for part in WAYS[way]]
    factors = all(kind_of(units, stream) == FACTOR for stream in streams)
    options = {"opt_unc_type": float(factors)} | _UNSET | {"opt_filter": float(CODES[way])}
    for part, stream in zip(WAYS[way], streams, strict=True):
        given = units[f"{stream}_unc"] if factors else absolute_sigma(units, stream)
        sigma = _one(given.where(units[stream].notnull()).to_numpy(), stream, part.uncertainty)
        options[part.uncertainty] = sigma if factors else _column(sigma, wanted, assumed)[1].item()
    return {source: (*values[:2], values[2] | options)}


def _one(sigma, stream, option):
    """The one number of a series of sigmas or factors with gaps."""
    sigma = np.unique(sigma[np.isfinite(sigma)])
    if np.ptp(sigma) > 1e-9 * sigma.max():
        raise ValueError(
            sentence(
                names.PRODUCT,
                wanted=f"one sigma of all observations of '{stream}', {option}",
                came=f"{sigma.min():g} to {sigma.max():g}",
                where="argument units",
                do="give all of them one, or leave the stream out with drop_vars",
            )
        )
    return float(sigma[0])


def _column(
    values: npt.NDArray[np.float64], held: str, written: str
) -> tuple[str, npt.NDArray[np.float64], dict[str, float | str]]:
    """Series in the units of the format, as a variable along time."""
    rule = conversion(
        written, held
    )  # the reader's, so that its product is the number that was held
    scale = 1.0 if rule is None else rule.scale
    return "time", with_fills(np.asarray(values, float) / scale), {"units": written}


def _check_months(units):
    start = units["time_bnds"].values[:, 0].astype("datetime64[M]")
    whole = np.stack([start, start + np.timedelta64(1, "M")], axis=1).astype(
        units["time_bnds"].dtype
    )
    if not np.array_equal(whole, units["time_bnds"].values):
        raise ValueError(
            sentence(
                names.PRODUCT,
                wanted="steps of calendar months",
                came=f"steps of {float(units['step_days'].min()):g} to "
                f"{float(units['step_days'].max()):g} d",
                where="argument units",
                do="average to months first",
            )
        )


def _warn_of_unwritten(units, path):
    left = [
        name
        for name in OBSERVED
        if name in units and name.removesuffix(ANNUAL) not in names.OBSERVATIONS
    ]
    if left:
        warnings.warn(
            f"{names.PRODUCT}: not written to {Path(path).name}: "
            f"{', '.join(f'{name} [{wanted_units(name)}]' for name in left)}; the format has no such "
            "observations",
            UserWarning,
            stacklevel=3,
        )
