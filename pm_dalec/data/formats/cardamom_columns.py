"""Columns of the CSV files of a CARDAMOM site: their spellings, and days where none are counted."""

import numpy as np
import pandas as pd

from pm_dalec.data.formats.columns import first_instant
from pm_dalec.data.messages import sentence
from pm_dalec.tables.constants import FREEZING

# Accepted column names (lower case) of each variable.
COLUMNS = {
    "run_day": ("run_day", "day", "time", "day_of_run"),
    "tmin": ("tmin", "mint", "airt_min", "min_temperature"),
    "tmax": ("tmax", "maxt", "max_temperature", "airt_max"),
    "sw_rad": ("sw_rad", "swrad", "sw", "s", "radiation"),
    "co2": ("co2",),
    "doy": ("doy", "day_of_year"),
    "forest_loss_fraction": ("forest_loss_fraction", "deforestation", "removed_fraction", "x"),
    "burned_fraction": ("burned_fraction", "burnt_area", "burned_area", "burnt_area_fraction", "b"),
    "wind": ("wind", "wind_spd", "wind_speed"),
    "vpd": ("vpd",),
    "lai": ("lai",),
    "cwood": ("cwood", "cwood_stock", "woodstock", "wood", "wood_stock"),
    "gpp": ("gpp",),
    "nee": ("nee",),
    "nbe": ("nbe",),
    "reco": ("reco",),
    "cfol": ("cfol", "cfol_stock"),
    "croots": ("croots", "croots_stock", "croot", "croot_stock"),
    "csom": ("csom", "csom_stock"),
    "csom_prior": ("csom_initial", "csom_prior"),
    "lat": ("lat", "latitude"),
    "lon": ("lon", "long", "longitude"),
}
# Unit suffix -> factor and offset to the units of the schema.
SUFFIXES = {
    "kpa": (1000.0, 0.0),
    "hpa": (100.0, 0.0),
    "pa": (1.0, 0.0),
    "c": (1.0, 0.0),
    "degc": (1.0, 0.0),
    "k": (1.0, -FREEZING),
    "mjm2day": (1.0, 0.0),
    "wm2": (0.0864, 0.0),
    "ppm": (1.0, 0.0),
    "ms": (1.0, 0.0),
    "fraction": (1.0, 0.0),
    "percent": (0.01, 0.0),
    "gcm2": (1.0, 0.0),
    "gcm2day": (1.0, 0.0),
    "kgcm2": (1000.0, 0.0),
    "m2m2": (1.0, 0.0),
    "days": (1.0, 0.0),
}
UNCERTAINTY = ("_unc", "_uncertainty", "_sd")


def recognised(text):
    """Variable, factor and offset of a column name, or None.

    Parameters
    ----------
    text : str
        As in the header.

    Returns
    -------
    tuple of str, float, float, or None
    """
    word = text.strip().lower().replace(" ", "_").replace("-", "")
    sigma = next((end for end in UNCERTAINTY if end in word), "")
    word = word.replace(sigma, "", 1) if sigma else word
    choices = [(word, (1.0, 0.0))]
    base, _, suffix = word.rpartition("_")
    if suffix in SUFFIXES:
        choices.append((base, SUFFIXES[suffix]))
    for candidate, (scale, offset) in choices:
        for name, spellings in COLUMNS.items():
            if candidate in spellings:
                if sigma:
                    return f"{name}_unc", scale, 0.0
                return name, scale, offset
    return None


def run_days_from(doy, start, *, product, where):
    """Day of the run at the end of each step, from days of the year and the first day [d].

    Days that lie one in each calendar month are months, whatever day it is; days that follow each
    other are days; others are the last days of their steps.

    Parameters
    ----------
    doy : array
        Day of the year of each step, 1 for 1 January [d].
    start : str
        First day of the run.
    product, where : str
        For the message.

    Returns
    -------
    numpy.ndarray
    """
    first = first_instant(start, product=product)
    if not (np.all((doy >= 1) & (doy < 367)) and doy.size):
        raise ValueError(
            sentence(
                product,
                wanted="days of the year from 1 to 366 in column doy, as there is no column run_day",
                came=f"{doy.min():g} to {doy.max():g}" if doy.size else "none",
                where=where,
                do="correct the column, or add run_day, the day of the run at the end of each step",
            )
        )
    years = first.year + np.cumsum(np.diff(doy, prepend=doy[0]) < 0)
    new_years = pd.DatetimeIndex([f"{year:04d}-01-01" for year in years])
    stamps = new_years + pd.to_timedelta(np.floor(doy) - 1, unit="D")
    months = pd.date_range(first, periods=doy.size, freq="MS")
    begins = first == first.to_period("M").to_timestamp()
    if begins and doy.size > 1 and stamps.to_period("M").equals(months.to_period("M")):
        ends = months + pd.offsets.MonthBegin(1)
    else:
        ends = stamps + pd.Timedelta(days=1)
    return ((ends - first) / pd.Timedelta(days=1)).to_numpy()
