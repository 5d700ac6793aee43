"""NetCDF input file (CBF) of JPL's CARDAMOM: one site, read.

Assumed, from the conventions of that format and not from a real file: time-dependent variables along
the dimension of the drivers, whatever it is called, with one value a month, at any day of it; ``LAT``
or ``lat`` [degrees_north], ``LON`` or ``lon`` where there is one; ``T2M_MIN``, ``T2M_MAX`` [degC],
``SSRD`` [MJ m-2 d-1], ``CO2`` [ppm], ``VPD`` [hPa], ``BURNED_AREA`` [1]; observations ``LAI``, ``GPP``,
``NEE``, ``NBE``, ``ABGB``, ``SOM`` with an uncertainty ``<NAME>unc`` or ``<NAME>_unc`` or the attribute
``single_unc``; -9999 and fills of NetCDF for missing values and options. Where a variable names its
units they are used; otherwise the ones above are taken.

The format's deficit is that between daily maximum temperature and dew point, which is larger than
the mean over the day; it has no wind. Both are said in the attributes. Uncertainties that are factors
of a log-normal (attribute ``opt_unc_type`` 1) make the likelihood log-normal. Means over time
(``opt_filter`` 1 to 3) are observations with windows of steps; means of years are a stream of their own,
``<stream>_annual``. What the manual of the format leaves open of them is assumed, and said in a warning.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr
from pandas.tseries.offsets import MonthBegin

from pm_dalec.data.formats import netcdf
from pm_dalec.data.formats.columns import month_units
from pm_dalec.data.formats.jpl import binary, names
from pm_dalec.data.formats.jpl.dates import dimension_of, months_of
from pm_dalec.data.formats.jpl.means import checked_ways, labelled
from pm_dalec.data.formats.jpl.options import has_factors, observed, unread
from pm_dalec.data.formats.jpl.values import absent_drivers, numbers_of, place_of
from pm_dalec.data.formats.streams import choice_of, finished, warn_of_unread
from pm_dalec.data.formats.trees import DAMAGE
from pm_dalec.data.messages import sentence
from pm_dalec.errors.scales import FACTOR, KIND
from pm_dalec.tables.streams import WINDOW

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt


def open_cbf(
    path: str | Path,
    *,
    wind: float | npt.ArrayLike | None = None,
    forest_loss_fraction: float | npt.ArrayLike | None = None,
    start: str | None = None,
    observations: str | Sequence[str] = "all",
    drop: Sequence[str] = (),
    uncertainties: Mapping[str, float | str] | str | None = None,
    means: Mapping[str, str] | None = None,
) -> xr.Dataset:
    """Units of a site from a CBF file, NetCDF or the older binary.

    Parameters
    ----------
    path : str or Path
        The file.
    wind : float or array, optional
        Wind speed, which the format does not have [m s-1].
    forest_loss_fraction : float or array, optional
        Removed in each step, which the format does not have [1]; zero by default. What `write_cbf`
        wrote has both.
    start : str, optional
        First day of the first month, for files without dates.
    observations : "all" or sequence of str, default "all"
        Streams to keep (names of the units schema).
    drop : sequence of str
        Streams to leave out.
    uncertainties : dict of str to float or str, or str, optional
        One sigma, in its units or as "20%" of each value, or a factor, "x1.5", for streams whose file entry has none or a
        factor.
    means : mapping of str to str, optional
        What observations of a stream are compared with, where it is other than the file's
        ``opt_filter`` is taken for: "steps", "run", "years", "years and deviations", "years and months".

    Returns
    -------
    xarray.Dataset

    Warns
    -----
    UserWarning
        With what is assumed of means over time, and with what is not read.
    """
    choice = choice_of(observations, drop, uncertainties, Path(path).name)
    choice = choice._replace(means=checked_ways(means, Path(path).name))
    if forest_loss_fraction is None and "forest_loss_fraction" in lacking(Path(path)):
        forest_loss_fraction = 0.0
    given = {"wind": wind, "forest_loss_fraction": forest_loss_fraction}
    units = read_cbf(path, given=given, start=start, choice=choice)
    return finished(units, choice, Path(path).name)


def read_cbf(path, *, given, start, choice):
    """Units of a site as its file has them: some observation may still need an uncertainty.

    Parameters
    ----------
    path : str or Path
    given : dict of str to float, array or None
        Wind and forest loss; None where the file has them.
    start : str or None
    choice : Choice
        Streams that are wanted.

    Returns
    -------
    xarray.Dataset
    """
    path, where = Path(path), f"file {path}"
    _check_exists(path)
    if binary.is_cbf_binary(path):
        _check_ways_there((), choice, where)
        return binary.read_cbf_binary(path, start=start, given=given, choice=choice)
    stored = _stored(path, where)
    _check_ways_there(stored, choice, where)
    dim = dimension_of(stored, where)
    starts = months_of(stored, dim, start, where)
    columns = {
        name: numbers_of(stored[source], assumed, wanted, where)
        for name, (source, assumed, wanted) in names.DRIVERS.items()
    }
    for name, units in names.WITHOUT_NAME.items():
        if name in stored and given[name] is None:
            columns[name] = numbers_of(stored[name], units, units, where)
    columns |= absent_drivers(columns, given, starts.size, where)
    length = ((starts + MonthBegin(1)) - starts).days.to_numpy().astype(float)
    columns |= observed(stored, dim, length, choice=choice, where=where)
    warn_of_unread(unread(stored, dim, choice), names.PRODUCT, path)
    units = month_units(
        columns,
        starts=starts,
        place=place_of(stored, where),
        product=names.PRODUCT,
        where=where,
        attrs=names.PROVENANCE,
    )
    for name in names.OBSERVATIONS:
        if name in units and f"{name}{WINDOW}" not in units and has_factors(stored, name, choice):
            units[f"{name}_unc"].attrs |= {"units": "1", KIND: FACTOR}
    return labelled(units, stored, choice, where)


def _check_ways_there(stored, choice, where):
    """Refuse ways of streams that a file does not hold; the binary has none."""
    absent = [name for name in choice.means if names.OBSERVATIONS[name][0] not in stored]
    if absent:
        raise KeyError(
            f"no observations {absent[0]!r} of steps or means in {where}, which means names; leave it out"
        )


def is_cbf(path):
    """Whether a file is a CBF: NetCDF with the drivers, or all but one of them, or the binary."""
    if not path.is_file():
        return False
    if binary.is_cbf_binary(path):
        return True
    try:
        sources = {source for source, _, _ in names.DRIVERS.values()}
        if len(sources - netcdf.names_in(path)) > 1:
            return False
        with netcdf.opened_netcdf(path, product=names.PRODUCT) as opened:
            return len(sources - set(opened.variables)) <= 1
    except DAMAGE:  # no NetCDF file, or a broken one
        return False


def lacking(path):
    """Drivers that a CBF file does not have: those for which the format has no name, as a rule.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of str
    """
    held = ()
    if path.is_file() and not binary.is_cbf_binary(path):
        with netcdf.opened_netcdf(path, product=names.PRODUCT) as opened:
            held = tuple(opened.variables)
    return [name for name in names.WITHOUT_NAME if name not in held]


def _stored(path, where):
    """The file in memory, fills as NaN, times as numbers."""
    with netcdf.opened_netcdf(path, product=names.PRODUCT) as opened:
        needed = [source for source, _, _ in names.DRIVERS.values()]
        netcdf.expect_names(opened, needed, product=names.PRODUCT, where=where)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of two fill values of one variable
                return xr.decode_cf(opened, decode_times=False, decode_coords=False).load()
        except DAMAGE as fault:
            raise ValueError(
                sentence(
                    names.PRODUCT,
                    wanted="a readable NetCDF file",
                    came=" ".join(str(fault).split()) or type(fault).__name__,
                    where=where,
                    do="write the file again",
                )
            ) from fault


def _check_exists(path):
    if not path.is_file():
        raise FileNotFoundError(
            sentence(
                names.PRODUCT,
                wanted="an existing file",
                came="a path where no file is",
                where=str(path),
                do="correct the path",
            )
        )
