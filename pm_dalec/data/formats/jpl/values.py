"""Numbers of a CBF file in the units of the schema, and its place."""

import numpy as np

from pm_dalec.data.formats.columns import without_fills
from pm_dalec.data.formats.jpl import names
from pm_dalec.data.messages import sentence
from pm_dalec.data.units import conversion, is_dry_matter, why_not

_NO_UNITS = ("", "none", "n/a", "na", "nan", "-9999", "unknown")


def numbers_of(variable, assumed, wanted, where, like=None):
    """Series of a variable in the units that are wanted, NaN where it is missing.

    Parameters
    ----------
    variable : xarray.DataArray
        One value a step; further dimensions have length one.
    assumed, wanted : str
        Units where it names none, and those of the schema.
    where : str
        For the message.
    like : xarray.DataArray, optional
        Whose units an uncertainty has when it names none.

    Returns
    -------
    numpy.ndarray
    """
    values = variable.squeeze()
    if values.ndim > 1 or values.dtype.kind not in "fiu":
        came = f"dims {variable.dims} of {variable.dtype}"
        raise ValueError(
            sentence(
                names.PRODUCT,
                wanted=f"'{variable.name}' as one number a step of one site",
                came=came,
                where=where,
                do="select one site of the file, and store numbers",
            )
        )
    words = " ".join(
        str(variable.attrs.get(key, "")) for key in ("long_name", "description", "comment")
    )
    if wanted == "g m-2" and is_dry_matter(words):
        raise ValueError(
            sentence(
                names.PRODUCT,
                wanted=f"'{variable.name}' in grams of carbon",
                came=f"dry matter, {words.strip()!r}",
                where=where,
                do="multiply by its share of carbon, about 0.48, and say so in long_name",
            )
        )
    rule = rule_of(variable, assumed, wanted, where, like=like)
    offset = 0.0 if like is not None else rule.offset
    return np.atleast_1d(without_fills(values.values)) * rule.scale + offset


def rule_of(variable, assumed, wanted, where, like=None):
    """Exact rule from the units of a variable to those that are wanted.

    Returns
    -------
    Conversion
    """
    given = _units_of(variable) or (_units_of(like) if like is not None else None) or assumed
    rule = conversion(given, wanted)
    if rule is None:
        raise ValueError(
            sentence(
                names.PRODUCT,
                wanted=f"'{variable.name}' in {wanted!r} or units that convert to it",
                came=f"{given!r}: {why_not(given, wanted)}",
                where=where,
                do="correct the units attribute or the numbers",
            )
        )
    return rule


def _units_of(variable):
    given = variable.attrs.get("units", "")
    given = given.decode(errors="replace") if isinstance(given, bytes) else str(given)
    return None if given.strip().lower() in _NO_UNITS else given


def place_of(stored, where):
    """Latitude and longitude [degrees]; the longitude is NaN where there is none, or a fill.

    Parameters
    ----------
    stored : xarray.Dataset
        The file in memory.
    where : str
        For the message.

    Returns
    -------
    tuple of float
    """
    lat, lon = (_coordinate(stored, spellings) for spellings in names.PLACES.values())
    if not np.isfinite(lat):
        raise ValueError(
            sentence(
                names.PRODUCT,
                wanted="one latitude of the site, as 'LAT' or 'lat'",
                came=_latitudes(stored),
                where=where,
                do="add LAT [degrees_north] to the file, one number; the day length needs it",
            )
        )
    return lat, lon


def _latitudes(stored):
    """Words for what there is where one latitude should be."""
    there = [name for name in names.PLACES["lat"] if name in stored.variables]
    if there:
        values = np.ravel(stored[there[0]].values)
        return f"{values.size} in '{there[0]}', the first {values[0]!s}" if values.size else "none"
    return f"none among {', '.join(sorted(map(str, stored.variables)))}"


def _coordinate(stored, spellings):
    for name in spellings:
        if name in stored.variables and stored[name].dtype.kind in "fiu":
            values = np.ravel(without_fills(stored[name].values))
            if values.size == 1 and np.isfinite(values[0]):
                return float(values[0])
    return np.nan


def absent_drivers(columns, given, steps, where):
    """Columns of what the format has no name for, from what the caller gives.

    Parameters
    ----------
    columns : dict of str to array
        What the file has.
    given : dict of str to float, array or None
        Wind and forest loss.
    steps : int
    where : str
        For the message.

    Returns
    -------
    dict of str to array
    """
    made = {}
    for name, value in given.items():
        if name in columns:
            continue
        if value is None:
            raise ValueError(
                sentence(
                    names.PRODUCT,
                    wanted=f"{name} [{names.WITHOUT_NAME[name]}]",
                    came="none, and the format has no name for it",
                    where=where,
                    do=f"pass {name}= to open_cbf, or fill_wind=True and disturbance='none' to open_site",
                )
            )
        try:
            made[name] = np.broadcast_to(np.asarray(value, float), (steps,))
        except (TypeError, ValueError) as fault:
            raise ValueError(
                sentence(
                    names.PRODUCT,
                    wanted=f"{name} as one number, or one for each of the {steps} steps",
                    came=f"{np.shape(value)} of {type(value).__name__}",
                    where=where,
                    do="give numbers of that length",
                )
            ) from fault
    return made
