"""A site from files of a flux tower: FLUXNET2015, ONEFlux, ICOS and AmeriFlux, from half-hours to months."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from pm_dalec.data.checks import check_units
from pm_dalec.data.series import resampling, stand_ins, tower_files
from pm_dalec.data.series.frame import made_site
from pm_dalec.data.series.resampling import FLUXES
from pm_dalec.data.uncertainties import without_unknown
from pm_dalec.tables.numbers import number
from pm_dalec.tables.variables import DRIVERS

if TYPE_CHECKING:
    import xarray as xr

PRODUCT = tower_files.PRODUCT
WEATHER = ("tmin", "tmax", "sw_rad", "vpd", "wind")
_UNITS = {"month": "M", "day": "D"}


def open_flux_tower(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    latitude: float | None = None,
    longitude: float | None = None,
    badm: str | os.PathLike[str] | None = None,
    step: Literal["month", "day"] = "month",
    partitioning: Literal["NT", "DT"] = "NT",
    least_measured: float = 0.5,
    gaps: Literal["drop", "widen"] = "drop",
    weather: xr.Dataset | None = None,
    observations: str | Sequence[str] = "all",
    uncertainties: Mapping[str, float | str] | str | None = None,
    fill_wind: bool = False,
    disturbance: str = "file",
) -> xr.Dataset:
    """Units dataset of a tower, checked, in months or days.

    NEE is ``NEE_VUT_REF`` where there is one, with ``NEE_VUT_REF_JOINTUNC`` or RANDUNC; GPP and
    respiration are partitioned by night or by day, their sigma is half of what lies between the
    percentiles 16 and 84. A stream without an uncertainty, in the file or in ``uncertainties``, is left
    out with a warning. Least and largest temperatures are those of the half-hours of each day. Daily and
    monthly files have none: they are derived from the means by day and by night, with a warning, or
    come from a second, half-hourly file. Radiation becomes MJ m-2 d-1, the deficit Pa, fluxes g m-2 d-1.

    Parameters
    ----------
    path : path or sequence of paths
        CSV files; of several the first that has a quantity gives it.
    latitude, longitude : float, optional
        [degrees]
    badm : path, optional
        BADM or site-info file as CSV, from which the place is taken.
    step : {"month", "day"}, default "month"
    partitioning : {"NT", "DT"}, default "NT"
    least_measured : float, default 0.5
        Share of a step that has to be measured or filled well for its fluxes to count [1].
    gaps : {"drop", "widen"}, default "drop"
        Steps below ``least_measured`` are dropped; or every step with anything measured stays, and its
        sigma is divided by the square root of the share.
    weather : xarray.Dataset, optional
        Site whose drivers are taken instead, as from `pm_dalec.data.open_era5`; the same steps.
    observations, uncertainties, fill_wind, disturbance
        As in `pm_dalec.open_site`.

    Returns
    -------
    xarray.Dataset
        The attribute ``columns`` says what was read.

    Raises
    ------
    FileNotFoundError, ValueError, TypeError, KeyError
        A sentence: what was wanted, what came, where, what to do.
    """
    paths = _paths(path)
    name, where = tower_files.site_of(paths[0]), paths[0].name
    _check_choices(step, partitioning, gaps, where)
    number("least_measured", least_measured, least=0.0, most=1.0, advice="give a share of the step")
    stand_ins.checked_disturbance(disturbance, where)
    sigmas = stand_ins.checked_sigmas(uncertainties, where)
    place = _place(latitude, longitude, badm, name, where)
    series, read = _series(paths, _UNITS[step], partitioning, place["lat"])
    periods = _steps(series, weather, fill_wind, where)
    values = {key: series[key].reindex(periods).to_numpy() for key in WEATHER if key in series}
    values |= _co2(series, periods)
    if weather is not None:
        values |= _drivers_of(weather, periods, where)
    there = [key for key in FLUXES if key in series]
    wanted = stand_ins.checked_observations(observations, there, where)
    values |= _fluxes(series, periods, wanted, sigmas, least_measured, gaps)
    made = made_site(values, periods, place, name, where)
    words = ", ".join(f"{key} {column}" for key, column in read.items())
    made = made.assign_attrs(product=PRODUCT, columns=words, site_id=name, source_file=where)
    made = stand_ins.with_wind(made, where) if fill_wind else made
    made = stand_ins.without_disturbance(made, where) if disturbance == "none" else made
    given = {stream: sigma for stream, sigma in sigmas.items() if stream in made}
    return check_units(without_unknown(stand_ins.with_uncertainties(made, given, where)))


def _paths(path):
    paths = [path] if isinstance(path, str | os.PathLike) else list(path)
    if not paths:
        raise ValueError(
            "wanted at least one file of a flux tower, got none (argument path); give one"
        )
    return [Path(each) for each in paths]


def _check_choices(step, partitioning, gaps, where):
    choices = {"step": (step, _UNITS), "partitioning": (partitioning, ("NT", "DT"))}
    choices["gaps"] = (gaps, ("drop", "widen"))
    for argument, (value, there) in choices.items():
        if value not in there:
            raise ValueError(
                f"wanted {argument} as one of {', '.join(there)}, got {value!r} ({where}); choose one"
            )


def _place(latitude, longitude, badm, name, where):
    if badm is not None:
        lat, lon = tower_files.place_in(Path(badm), name)
        latitude = lat if latitude is None else latitude
        longitude = (None if np.isnan(lon) else lon) if longitude is None else longitude
    if latitude is None:
        raise ValueError(
            f"wanted the latitude of {name}, which its files do not have, got none ({where}); pass "
            "latitude= [degrees north], or badm= the BADM file as CSV (--lat on the command line)"
        )
    return {"lat": latitude, "lon": longitude}


def _series(paths, unit, partitioning, latitude):
    """Series by quantity over periods, and the columns they come from."""
    series, read = {}, {}
    for path in paths:
        records = tower_files.records_in(path, partitioning=partitioning)
        if records.unit == "M" and unit == "D":
            raise ValueError(
                f"wanted steps of a day, got monthly rows ({path.name}); give a daily or half-hourly file, or "
                "step='month'"
            )
        found = resampling.reduced(records, unit, latitude, path.name, taken=_stems(series))
        fresh = {
            key: values for key, values in found.items() if key.split("_")[0] not in _stems(series)
        }
        series |= fresh
        read |= {key: column for key, column in records.columns.items() if key not in read}
    return series, read


def _stems(series):
    return {key.split("_")[0] for key in series}


def _steps(series, weather, fill_wind, where):
    """Steps from the first to the last with every driver; those outside are told."""
    needed = [key for key in WEATHER if weather is None and not (key == "wind" and fill_wind)]
    absent = [key for key in needed if key not in series]
    if absent:
        raise ValueError(_without(absent, where))
    if weather is not None:
        return _periods_of(weather)
    table = pd.DataFrame({key: series[key] for key in needed})
    whole = table.notna().all(axis=1)
    if not whole.any():
        short = ", ".join(key for key in needed if table[key].isna().all()) or ", ".join(needed)
        raise ValueError(_without([short], where))
    kept = table.loc[whole.idxmax() : whole[::-1].idxmax()]
    kept = kept.reindex(pd.period_range(kept.index[0], kept.index[-1], freq=kept.index.freq))
    gaps = kept.isna()
    if gaps.to_numpy().any():
        told = "; ".join(
            f"{key} in {int(gaps[key].sum())}, the first {kept.index[gaps[key]][0]}"
            for key in needed
            if gaps[key].any()
        )
        raise ValueError(
            f"wanted weather in all {len(kept)} steps from {kept.index[0]} to {kept.index[-1]}, got gaps of "
            f"{told} ({where}); take a gap-filled product (FLUXNET, not BASE), or pass weather= a site of "
            "pm_dalec.data.open_era5"
        )
    if len(kept) < len(table):
        warnings.warn(
            f"{len(table) - len(kept)} steps at the ends of {where} lack weather or are not whole: the site "
            f"is from {kept.index[0]} to {kept.index[-1]}",
            UserWarning,
            stacklevel=3,
        )
    return kept.index


def _without(absent, where):
    words = {"tmin": "TA_F of half-hours, or TA_F_DAY and TA_F_NIGHT", "sw_rad": "SW_IN_F"}
    words |= {"vpd": "VPD_F", "wind": "WS_F, or fill_wind=True"}
    columns = "; ".join(words[key] for key in absent if key in words)
    return (
        f"wanted {', '.join(absent)}, got no column with them ({where}); needed: {columns or 'numbers'}; pass "
        "the half-hourly file (FULLSET_HH) as well, [monthly, half_hourly], or weather= a site of "
        "pm_dalec.data.open_era5"
    )


def _periods_of(weather):
    starts = pd.DatetimeIndex(weather["time"].to_numpy())
    length = weather["step_days"].to_numpy()
    return pd.PeriodIndex(starts, freq="D" if (length == 1).all() else "M")


def _drivers_of(weather, periods, where):
    """Drivers of another site over the same steps."""
    if len(_periods_of(weather)) != len(periods):
        raise ValueError(
            f"wanted weather of {len(periods)} steps, got others ({where}); use the same step"
        )
    names = [name for name in DRIVERS if name in weather and name not in ("doy", "step_days")]
    return {name: weather[name].to_numpy() for name in names}


def _co2(series, periods):
    """CO2 of the tower where it is there in every step and can be that of the air."""
    if "co2" not in series:
        return {}
    found = series["co2"].reindex(periods).to_numpy()
    fine = np.isfinite(found).all() and ((found > 300) & (found < 700)).all()
    return {"co2": found} if fine else {}


def _fluxes(series, periods, wanted, sigmas, least, gaps):
    """Fluxes over the steps, without or with a wider sigma where little was measured."""
    values = {}
    for key in wanted:
        sigma = series.get(f"{key}_unc")
        if sigma is None and key not in sigmas:
            warnings.warn(
                f"{key} has no uncertainty and is left out; pass uncertainties={{{key!r}: sigma}} "
                f"(--sigma {key}=... on the command line) to keep it",
                UserWarning,
                stacklevel=3,
            )
            continue
        share = series[f"{key}_share"].reindex(periods).fillna(0.0).to_numpy()
        flux = series[key].reindex(periods).to_numpy()
        kept = share >= least if gaps == "drop" else share > 0
        values[key] = np.where(kept, flux, np.nan)
        if sigma is not None:
            wider = (
                np.ones_like(share) if gaps == "drop" else 1 / np.sqrt(np.where(kept, share, 1.0))
            )
            there = np.where(
                kept & np.isfinite(flux), sigma.reindex(periods).to_numpy() * wider, np.nan
            )
            values[f"{key}_unc"] = there
    return values
