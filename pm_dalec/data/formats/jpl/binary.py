"""Older binary CBF of JPL's CARDAMOM: little-endian doubles, one site, read.

Layout: 100 static numbers, 50 priors of parameters, 50 of their uncertainties, 50 other priors and 50
of theirs, then for each step the drivers and the observations. The static numbers begin with the
model, the latitude and the counts of steps, drivers and observations. Columns of drivers: day of the
run, minimum and maximum temperature [degC], radiation [MJ m-2 d-1], CO2 [ppm], day of year, burned
area [1], deficit [hPa], precipitation; of observations: GPP, LAI, NBE, biomass. Missing is -9999.

Assumed: steps are months of equal length, which become calendar months; further columns differ
between versions and are not read, nor are priors, which belong to other models. Uncertainties of
observations have no column. There are neither dates nor a longitude.
"""

import numpy as np

from pm_dalec.data.formats.columns import month_units, without_fills
from pm_dalec.data.formats.jpl import names
from pm_dalec.data.formats.jpl.dates import months_from
from pm_dalec.data.formats.jpl.values import absent_drivers
from pm_dalec.data.formats.streams import is_wanted, warn_of_unread
from pm_dalec.data.messages import sentence

BINARY = f"{names.PRODUCT}, binary"
STATIC, PRIORS = 100, 50
HEAD = STATIC + 4 * PRIORS
_COUNTS = {"model": 0, "steps": 2, "drivers": 3, "observations": 4}
_LATITUDE = 1
_LARGEST_COUNT = 1e6
_MOST_COLUMNS = 100
_OTHER_DRIVERS = 16  # of Edinburgh's binary input, which begins alike

# Column, factor to the units of the schema.
_DRIVERS = {
    "tmin": (1, 1.0),
    "tmax": (2, 1.0),
    "sw_rad": (3, 1.0),
    "co2": (4, 1.0),
    "burned_fraction": (6, 1.0),
    "vpd": (7, 100.0),
}
_FEWEST_DRIVERS = 8
_OBSERVATIONS = ("gpp", "lai", "nbe", "cwood")


def is_cbf_binary(path):
    """Whether a file is of doubles that begin with the counts of this format."""
    size = path.stat().st_size
    if size % 8 or size < STATIC * 8:
        return False
    static = np.fromfile(path, dtype="<f8", count=STATIC)
    counts = static[list(_COUNTS.values())]
    whole = np.all((counts == np.rint(counts)) & (counts >= 0) & (counts < _LARGEST_COUNT))
    if not whole or not abs(static[_LATITUDE]) <= 90.0:
        return False
    _, steps, drivers, observations = (int(count) for count in counts)
    few = 0 < drivers < _MOST_COLUMNS and observations < _MOST_COLUMNS
    return steps > 0 and few and drivers != _OTHER_DRIVERS


def read_cbf_binary(path, *, start, given, choice):
    """Units of a site from a binary CBF, of which some observation may need an uncertainty.

    Parameters
    ----------
    path : Path
    start : str or None
        First day of the first month.
    given : dict of str to float, array or None
        Wind and forest loss, for which the format has no column.
    choice : Choice
        Streams that are wanted.

    Returns
    -------
    xarray.Dataset
    """
    where = f"file {path}"
    numbers = np.fromfile(path, dtype="<f8")
    table, drivers = _table(numbers, where)
    starts = months_from(start, table[:, 0], product=BINARY, where=where)
    columns = {
        name: without_fills(table[:, column]) * factor
        for name, (column, factor) in _DRIVERS.items()
    }
    columns |= absent_drivers(columns, given, starts.size, where)
    columns |= _observed(table[:, drivers:], choice, where)
    warn_of_unread(_unread(numbers, table[:, drivers:]), BINARY, path)
    return month_units(
        columns,
        starts=starts,
        place=(numbers[_LATITUDE], np.nan),
        product=BINARY,
        where=where,
        attrs=names.PROVENANCE | {"product": BINARY, "source": "CBF conventions, from memory"},
    )


def _table(numbers, where):
    """Steps by columns, and how many of the columns are drivers."""
    steps, drivers, observations = (
        int(numbers[_COUNTS[name]]) for name in ("steps", "drivers", "observations")
    )
    expected = HEAD + steps * (drivers + observations)
    if numbers.size != expected:
        raise ValueError(
            sentence(
                BINARY,
                wanted=f"{expected} numbers: {HEAD}, and {steps} steps of {drivers} drivers and "
                f"{observations} observations",
                came=f"{numbers.size}",
                where=where,
                do="the file is cut off or of another version; write it again, or convert it to the "
                "NetCDF form of CBF, which pm_dalec.data.formats.open_cbf reads too",
            )
        )
    if drivers < _FEWEST_DRIVERS:
        raise ValueError(
            sentence(
                BINARY,
                wanted=f"at least {_FEWEST_DRIVERS} drivers, with burned area and deficit",
                came=f"{drivers}",
                where=where,
                do="write the file for a later version",
            )
        )
    return numbers[HEAD:].reshape(steps, drivers + observations), drivers


def _observed(seen, choice, where):
    """Streams that hold values; their sigma is the caller's."""
    columns = {}
    for column, name in enumerate(_OBSERVATIONS[: seen.shape[1]]):
        values = without_fills(seen[:, column])
        if not np.isfinite(values).any() or not is_wanted(name, choice):
            continue
        if name not in choice.uncertainties:
            raise ValueError(
                sentence(
                    BINARY,
                    wanted=f"a one-sigma uncertainty of '{name}'",
                    came="none, as the format has no column for it",
                    where=where,
                    do=f"pass uncertainties={{'{name}': sigma}} in its units or as '20%', or leave the "
                    f"stream out with drop=('{name}',)",
                )
            )
        columns[name], columns[f"{name}_unc"] = values, np.full(values.shape, np.nan)
    return columns


def _unread(numbers, seen):
    """Words for columns of observations and for priors that hold values."""
    columns = [
        f"column {column + 1} of the observations"
        for column in range(len(_OBSERVATIONS), seen.shape[1])
        if np.isfinite(without_fills(seen[:, column])).any()
    ]
    priors = without_fills(numbers[STATIC:HEAD]).reshape(4, PRIORS)
    words = (("priors of parameters", priors[0]), ("other priors", priors[2]))
    return columns + [
        f"{held} {name}" for name, block in words if (held := int(np.isfinite(block).sum()))
    ]
