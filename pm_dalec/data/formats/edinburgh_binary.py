"""Binary input file of the Edinburgh CARDAMOM executable: one site, read and written.

Layout as MODEL.md, section 10, gives it: little-endian doubles; 100 static numbers, 100 prior means,
100 prior uncertainties, 100 other priors, 100 other uncertainties, then for each step 16 drivers and
the observation columns. Missing is -9999. The file has neither dates nor a longitude.

Assumed: drivers that the model does not use are written as 0, unknown static numbers as -9999.
Streams outside the units schema (wood increment, litter, biomass, maximum foliage, evaporation,
snow) are not read; the attribute ``not_read`` names those that hold values.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pm_dalec.data.formats.columns import (
    SOIL_PRIOR,
    checked_site,
    expect_single_steps,
    run_days_of,
    site_units,
    with_fills,
    without_fills,
)
from pm_dalec.data.formats.streams import choice_of, finished, warn_of_unread
from pm_dalec.data.messages import sentence
from pm_dalec.data.uncertainties import absolute_sigma
from pm_dalec.tables.constants import MISSING
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr

PRODUCT = "Edinburgh binary input"
MODEL_ID = 25  # DALEC C6 with ACM2
BLOCK = 100  # numbers in each of the five leading blocks
DRIVER_COLUMNS = 16

# Position from 0 in the leading block.
_STATIC = {
    "model": 0,
    "latitude": 1,
    "steps": 2,
    "drivers": 3,
    "observations": 4,
    "edc": 5,
    "plant_type": 6,
    "parameters": 9,
}

# Row of MODEL.md section 1, from 1.
_DRIVERS = {
    "tmin": 2,
    "tmax": 3,
    "sw_rad": 4,
    "co2": 5,
    "doy": 6,
    "forest_loss_fraction": 8,
    "burned_fraction": 9,
    "wind": 15,
    "vpd": 16,
}
_RUN_DAY = 1

# Column of the value, from 1; the uncertainty is in the next one.
_OBSERVATIONS = {
    "gpp": 1,
    "lai": 3,
    "nee": 5,
    "reco": 9,
    "cfol": 11,
    "cwood": 13,
    "croots": 15,
    "csom": 19,
    "nbe": 35,
}
_NOT_READ = {
    "wood increment": 7,
    "clit": 17,
    "agb": 21,
    "cfolmax": 29,
    "evaporation": 31,
    "snow": 33,
}
OBSERVATION_COLUMNS = 36
MOST_COLUMNS = 200  # more is another layout
LARGEST_COUNT = 1e6  # in a file of this kind, whatever its version

# What the leading block has to say: number, whether it fits, what was wanted, what to do.
_OTHER_LAYOUT = "check the byte order and the layout"
_HEADER = (
    (
        "model",
        lambda number: number == MODEL_ID,
        f"model {MODEL_ID} (DALEC C6)",
        "this version reads files of that model; write one with it",
    ),
    (
        "drivers",
        lambda number: number == DRIVER_COLUMNS,
        f"{DRIVER_COLUMNS} drivers",
        "write the file with the version of May 2021",
    ),
    (
        "parameters",
        lambda number: number in (len(PARAMETERS), MISSING, 0.0),
        f"{len(PARAMETERS)} parameters",
        "later versions have 28 parameters and another meaning; use 2021's",
    ),
    (
        "steps",
        lambda number: number >= 1 and number == np.rint(number),
        "a whole number of steps",
        _OTHER_LAYOUT,
    ),
    (
        "observations",
        lambda number: 0 <= number <= MOST_COLUMNS and number == np.rint(number),
        "a number of columns",
        _OTHER_LAYOUT,
    ),
)


def open_edinburgh_binary(
    path: str | Path,
    *,
    start: str,
    lon: float = np.nan,
    observations: str | Sequence[str] = "all",
    drop: Sequence[str] = (),
    uncertainties: Mapping[str, float | str] | str | None = None,
) -> xr.Dataset:
    """Units of a site from a binary input file.

    Parameters
    ----------
    path : str or Path
        The file.
    start : str
        Date on which the first step starts, as "2001-01-01": the file has no dates.
    lon : float
        Longitude, which the file does not hold [degrees_east].
    observations, drop, uncertainties
        As in `pm_dalec.open_site`.

    Returns
    -------
    xarray.Dataset
        Units of the site; besides ``parameter_prior`` and ``parameter_prior_unc`` (parameter) in
        the units of each parameter, NaN where the file has none.
    """
    choice = choice_of(observations, drop, uncertainties, Path(path).name)
    return finished(read_edinburgh_binary(path, start=start, lon=lon), choice, Path(path).name)


def read_edinburgh_binary(path, *, start, lon=np.nan):
    """Units of a site as the file has them: some observation may still need an uncertainty."""
    numbers = _numbers(Path(path))
    where = f"file {path}"
    static = numbers[:BLOCK]
    steps, columns = _checked_static(static, numbers.size, where)
    table = numbers[5 * BLOCK :].reshape(steps, DRIVER_COLUMNS + columns)
    drivers = {name: table[:, row - 1] for name, row in _DRIVERS.items()}
    observed, not_read = _observations(without_fills(table[:, DRIVER_COLUMNS:]))
    warn_of_unread(not_read, PRODUCT, Path(path))
    priors = without_fills(numbers[BLOCK : 3 * BLOCK]).reshape(2, BLOCK)
    soil = PARAMETERS["initial_som"].number - 1
    soil_prior = dict(zip(SOIL_PRIOR, priors[:, soil], strict=True))
    units = site_units(
        drivers | observed | soil_prior,
        run_days=table[:, _RUN_DAY - 1],
        start=start,
        place=(static[_STATIC["latitude"]], lon),
        product=PRODUCT,
        where=where,
        attrs={
            "product": PRODUCT,
            "source": "layout of MODEL.md section 10",
            "plant_type": static[_STATIC["plant_type"]],
            "not_read": ", ".join(not_read) or "nothing",
        },
    )
    rows = [parameter.number - 1 for parameter in PARAMETERS.values()]
    units = units.assign_coords(parameter=list(PARAMETERS))
    for name, block in zip(("parameter_prior", "parameter_prior_unc"), priors, strict=True):
        units[name] = ("parameter", block[rows], {"units": "those of each parameter"})
    return units


def is_edinburgh_binary(path):
    """Whether a file looks like a binary input: enough doubles, of which the first are counts."""
    if not path.is_file():
        return False
    size = path.stat().st_size
    if size % 8 or size < 5 * BLOCK * 8:
        return False
    static = np.fromfile(path, dtype="<f8", count=BLOCK)
    counts = static[[_STATIC[name] for name in ("model", "steps", "drivers", "observations")]]
    return bool(np.all((counts == np.rint(counts)) & (counts >= 0) & (counts < LARGEST_COUNT)))


def _observations(seen):
    """Streams of the schema with their uncertainties, and names of the others that hold values."""
    columns = seen.shape[1]
    holds = [bool(np.isfinite(seen[:, column]).any()) for column in range(columns)]
    observed = {}
    for name, column in _OBSERVATIONS.items():
        if column < columns and holds[column - 1]:
            values, sigma = seen[:, column - 1], seen[:, column]
            observed[name] = values
            observed[f"{name}_unc"] = np.where(np.isnan(values), np.nan, sigma)
    not_read = [
        name for name, column in _NOT_READ.items() if column <= columns and holds[column - 1]
    ]
    return observed, not_read


def _numbers(path):
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
    size = path.stat().st_size
    if size % 8 or size < 5 * BLOCK * 8:
        raise ValueError(
            sentence(
                PRODUCT,
                wanted=f"at least {5 * BLOCK} little-endian doubles",
                came=f"{size} bytes",
                where=f"file {path}",
                do="use the binary input of the executable, not its output or a CSV",
            )
        )
    return np.fromfile(path, dtype="<f8")


def _checked_static(static, total, where):
    for name, fits, wanted, do in _HEADER:
        number = static[_STATIC[name]]
        if not fits(number):
            came = f"{name} {number:g}" if name == "model" else f"{number:g}"
            raise ValueError(sentence(PRODUCT, wanted=wanted, came=came, where=where, do=do))
    steps, columns = static[_STATIC["steps"]], static[_STATIC["observations"]]
    expected = 5 * BLOCK + int(steps) * (DRIVER_COLUMNS + int(columns))
    if total != expected:
        raise ValueError(
            sentence(
                PRODUCT,
                wanted=f"{expected} numbers for {steps:g} steps of {DRIVER_COLUMNS + columns:g} columns",
                came=f"{total}",
                where=where,
                do="the file is cut off or of another version; write it again",
            )
        )
    return int(steps), int(columns)


def write_edinburgh_binary(path: str | Path, units: xr.Dataset) -> list[Path]:
    """Write the units of a site as the binary input file.

    Parameters
    ----------
    path : str or Path
        Target.
    units : xarray.Dataset
        One site. Priors on parameters come from ``parameter_prior`` where it is there, otherwise
        from the table of parameters; the one on soil carbon from ``csom_prior``.

    Returns
    -------
    list of Path
    """
    checked_site(units, product=PRODUCT)
    expect_single_steps(units, product=PRODUCT)
    steps = units.sizes["time"]
    static = np.full(BLOCK, MISSING)
    values = {
        "model": MODEL_ID,
        "latitude": float(units["lat"]),
        "steps": steps,
        "drivers": DRIVER_COLUMNS,
        "observations": OBSERVATION_COLUMNS,
        "edc": 1.0,
        "plant_type": float(units.attrs.get("plant_type", 0.0)),
        "parameters": len(PARAMETERS),
    }
    for name, value in values.items():
        static[_STATIC[name]] = value
    table = np.zeros((steps, DRIVER_COLUMNS + OBSERVATION_COLUMNS))
    table[:, DRIVER_COLUMNS:] = MISSING
    table[:, _RUN_DAY - 1] = run_days_of(units)
    for name, row in _DRIVERS.items():
        table[:, row - 1] = units[name].values
    for name in STREAMS:
        if name in units:
            column = DRIVER_COLUMNS + _OBSERVATIONS[name] - 1
            table[:, column] = with_fills(units[name].values)
            table[:, column + 1] = with_fills(absolute_sigma(units, name).values)
    others = np.full(2 * BLOCK, MISSING)
    numbers = np.concatenate([static, *_prior_blocks(units), others, table.ravel()])
    numbers.astype("<f8").tofile(path)
    return [Path(path)]


def _prior_blocks(units):
    means, sigmas = np.full((2, BLOCK), MISSING)
    for name, parameter in PARAMETERS.items():
        place = parameter.number - 1
        if "parameter_prior" in units:
            pair = [float(units[each].sel(parameter=name)) for each in _PRIOR_NAMES]
        else:
            factor = getattr(parameter.prior, "factor", None)
            pair = [getattr(factor, "mean", np.nan), getattr(factor, "sigma", np.nan)]
        if name == "initial_som":
            pair = _soil_prior(units)
        means[place], sigmas[place] = with_fills(pair)
    return means, sigmas


def _soil_prior(units):
    """Mean and one sigma of the soil prior [g m-2]; NaN where there is none."""
    if any(name not in units for name in SOIL_PRIOR):
        return [float(units.get(name, np.nan)) for name in SOIL_PRIOR]
    return [float(units[SOIL_PRIOR[0]]), float(absolute_sigma(units, SOIL_PRIOR[0]))]


_PRIOR_NAMES = ("parameter_prior", "parameter_prior_unc")
