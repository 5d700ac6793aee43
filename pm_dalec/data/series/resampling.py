"""From half-hours, hours and days to the steps of a site: means, daily extremes and their uncertainties.

The mean of a month with gaps is the mean over the times of day of the mean at each: what is missing by
night is not made up by day. Without gaps it is the plain mean.
"""

import warnings

import numpy as np
import pandas as pd

from pm_dalec.data.series.air import saturation
from pm_dalec.data.series.headers import rule_to
from pm_dalec.physics.canopy import day_length

FLUXES = ("nee", "gpp", "reco")

LEAST_SEEN = 0.8
"""Share of a step that must be there for a mean of it, and of a day for its extremes [1]."""
_WELL_FILLED = 1  # flag of a half-hour: 0 measured, 1 filled well, 2 and 3 worse


def regular(table, width):
    """Table with a row at every time of its whole days.

    Parameters
    ----------
    table : pandas.DataFrame
        Index is the start of each row.
    width : pandas.Timedelta
        Length of a row.

    Returns
    -------
    pandas.DataFrame
        NaN where no row was.
    """
    first, last = table.index.min().normalize(), table.index.max().normalize()
    index = pd.date_range(first, last + pd.Timedelta(days=1), freq=width, inclusive="left")
    return table.reindex(index)


def mean_of(series, unit):
    """Mean over each step, and the share of it that is there.

    Parameters
    ----------
    series : pandas.Series
        Regular, by time.
    unit : {"D", "M"}
        Days or months.

    Returns
    -------
    mean, share : pandas.Series
        By period; NaN where less than `LEAST_SEEN` is there or a time of day is never.
    """
    steps = series.index.to_period(unit)
    share = series.notna().groupby(steps).sum() / _rows_of(steps, series.index)
    if unit == "M":
        slots = [steps, series.index.hour * 60 + series.index.minute]
        course = series.groupby(slots).mean()
        mean = course.groupby(level=0).mean()
        mean = mean.where(course.notna().groupby(level=0).all())
    else:
        mean = series.groupby(steps).mean()
    return mean.where(share >= LEAST_SEEN), share


def _rows_of(steps, index):
    """How many rows each step has when it is whole."""
    width = index[1] - index[0] if len(index) > 1 else pd.Timedelta(days=1)
    periods = pd.PeriodIndex(steps.unique()).sort_values()
    lengths = (periods + 1).to_timestamp() - periods.to_timestamp()
    return pd.Series(lengths / width, index=periods)


def extremes_of(series, unit):
    """Means over each step of the least and of the largest number of every day.

    Parameters
    ----------
    series : pandas.Series
        Regular, by time, below a day.
    unit : {"D", "M"}

    Returns
    -------
    least, largest : pandas.Series
    """
    day = series.index.normalize()
    days = series.groupby(day)
    whole = series.notna().groupby(day).mean() >= LEAST_SEEN
    return tuple(mean_of(each.where(whole), unit)[0] for each in (days.min(), days.max()))


def sigma_of(random, joint, unit):
    """One sigma of the mean over each step, from that of its parts.

    Random errors are independent from part to part, what ``joint`` has beyond them is common to all.

    Parameters
    ----------
    random, joint : pandas.Series or None
        Of each part; the joint one holds the random one in quadrature.
    unit : {"D", "M"}

    Returns
    -------
    pandas.Series or None
    """
    if random is None and joint is None:
        return None
    given = joint if random is None else random
    steps = given.index.to_period(unit)
    if random is None:
        return joint.groupby(steps).mean()
    variance = (random**2).groupby(steps).mean() / random.groupby(steps).count()
    if joint is not None:
        common = np.sqrt((joint**2 - random**2).clip(lower=0.0)).groupby(steps).mean()
        variance = variance + common**2
    return np.sqrt(variance)


def extremes_of_halves(day, night, middle, light):
    """Extremes of a day from its mean temperatures by day and by night.

    Parameters
    ----------
    day, night, middle : pandas.Series
        Means of the hours of light, of the others, and of all [degC].
    light : pandas.Series
        Day length [h].

    Returns
    -------
    least, largest : pandas.Series

    Notes
    -----
    A sine of amplitude A about the middle, with its crest in the middle of the light: its mean over L
    hours about the crest is A sin(pi L/24) 24/(pi L), over the others -A sin(pi L/24) 24/(pi (24 - L)).
    """
    hours = light.clip(6.0, 18.0)
    gain = np.sin(np.pi * hours / 24) * 24 / np.pi * (1 / hours + 1 / (24 - hours))
    amplitude = ((day - night) / gain).clip(lower=0.0)
    return middle - amplitude, middle + amplitude


def reduced(records, unit, latitude, where, *, taken=()):
    """Drivers and fluxes of the file of a tower over periods, in the units of the tables.

    Parameters
    ----------
    records : tower_files.Records
    unit : {"D", "M"}
    latitude : float
        [degrees_north]
    where : str
        Name of the file, for a warning.
    taken : container of str
        What another file gives: temperatures are not derived for nothing.

    Returns
    -------
    dict of str to pandas.Series
        ``tmin``, ``nee`` and so on; ``nee_unc``, and ``nee_share``, what of a step was measured [1].
    """
    table = records.table
    if records.unit == unit or records.unit == "M":
        table = table.set_axis(table.index.to_period(unit))
        means = {key: table[key] for key in table}
        shares = {key: table[key].notna().astype(float) for key in FLUXES if key in table}
    else:
        table = regular(table, records.width or pd.Timedelta(days=1))
        both = {key: mean_of(table[key], unit) for key in table}
        means = {key: mean for key, (mean, _) in both.items()}
        shares = {key: both[key][1] for key in FLUXES if key in table}
    found = {}
    for key, source, units in (
        ("sw_rad", "sw", "W m-2"),
        ("vpd", "vpd", "hPa"),
        ("wind", "ws", "m s-1"),
    ):
        if source in means:
            found[key] = means[source] * rule_to(key, units)[0]
    if "sw_rad" in found:
        found["sw_rad"] = found["sw_rad"].clip(lower=0.0)  # noise of the sensor by night
    if "vpd" not in found and {"ta", "rh"} <= set(table) and not records.unit:
        dry = (saturation(table["ta"]) * (1 - table["rh"] / 100)).clip(lower=0.0)
        found["vpd"] = mean_of(dry, unit)[0]
    if "co2" in means:
        found["co2"] = means["co2"]
    if "tmin" not in taken:
        found |= _temperatures(table, means, records, unit, latitude, where)
    for key in FLUXES:
        if key in means:
            found |= _flux(key, table, means, shares[key], records, unit)
    return found


def _temperatures(table, means, records, unit, latitude, where):
    """Least and largest temperatures of days, or what follows for them from day and night."""
    if not records.unit:
        if "ta" not in table:
            return {}
        return dict(zip(("tmin", "tmax"), extremes_of(table["ta"], unit), strict=True))
    if not {"ta", "ta_day", "ta_night"} <= set(means):
        return {}
    periods = means["ta"].index
    ends, starts = (periods + 1).to_timestamp(), periods.to_timestamp()
    length = (ends - starts) / pd.Timedelta(days=1)
    doy = (ends - pd.Timedelta(days=1)).day_of_year
    light = day_length(np.asarray(doy, float), np.asarray(length), latitude, np)
    warnings.warn(
        f"{where} has no least and largest temperature of the day: tmin and tmax are derived from the means "
        f"by day and by night ({records.columns['ta_day']}, {records.columns['ta_night']}), as of a sine; "
        "give the half-hourly file as well for the true ones",
        UserWarning,
        stacklevel=2,
    )
    halves = extremes_of_halves(
        means["ta_day"], means["ta_night"], means["ta"], pd.Series(light, periods)
    )
    return dict(zip(("tmin", "tmax"), halves, strict=True))


def _flux(key, table, means, share, records, unit):
    """Mean, sigma and measured share of a flux [g m-2 d-1, 1]."""
    scale = 1.0 if records.unit else rule_to(key, "umol m-2 s-1")[0]
    found = {key: means[key] * scale}
    quality = f"{key}_qc" if f"{key}_qc" in table else "nee_qc"
    if quality in table:
        good = table[quality]
        if not records.unit:
            good = (good <= _WELL_FILLED).where(good.notna(), False).astype(float)
        same = good.index.equals(share.index)
        share = (
            good.fillna(0.0)
            if same
            else good.fillna(0.0).groupby(good.index.to_period(unit)).mean()
        )
    found[f"{key}_share"] = share
    sigma = _sigma(key, table, means, records, unit)
    if sigma is not None:
        found[f"{key}_unc"] = sigma * scale
    return found


def _sigma(key, table, means, records, unit):
    if {f"{key}_p16", f"{key}_p84"} <= set(table) and key != "nee":
        return (means[f"{key}_p84"] - means[f"{key}_p16"]).abs() / 2
    random, joint = (table.get(f"{key}_{end}") for end in ("rand", "joint"))
    if records.unit == unit or records.unit == "M":
        return joint if joint is not None and joint.notna().any() else random
    return sigma_of(random, joint, unit)
