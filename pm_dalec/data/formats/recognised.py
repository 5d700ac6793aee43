"""Which peer's format a path is in, told from names and content, and its reader called."""

import warnings
from pathlib import Path

import numpy as np

from pm_dalec.data.formats import cardamom_csv, cbf, edinburgh_binary
from pm_dalec.data.formats.jpl import binary, names
from pm_dalec.data.messages import sentence
from pm_dalec.data.series import cells, flux_towers, frame, tower_files

KNOWN = (
    "NetCDF in the schema of the site files",
    f"{names.PRODUCT} (NetCDF with T2M_MIN, SSRD, ..., or little-endian doubles)",
    f"{cardamom_csv.PRODUCT} (<site>_timeseries_met.csv and others, or their folder; with a start)",
    f"{edinburgh_binary.PRODUCT} (little-endian doubles)",
    f"{tower_files.PRODUCT} (FLUXNET2015, ONEFlux, ICOS, AmeriFlux BASE)",
    "CSV table of months or days (time, tmin, tmax, sw_rad, vpd, ...)",
)


def peer_site(path, *, start, lat, lon, wind, forest_loss_fraction, choice):
    """Units of a site from a peer's file, yet to be checked, or None where it is in no peer's format.

    Parameters
    ----------
    path : str or Path
        File, folder of CSV files, or what their names begin with.
    start : str or None
        Date on which the first step starts, for formats without dates.
    lat, lon : float or None
        Place, for formats without it [degrees].
    wind : float or None
        For the format without it [m s-1].
    forest_loss_fraction : float or None
        For the format without it [1].
    choice : Choice
        Streams that are wanted, and uncertainties of the caller.

    Returns
    -------
    xarray.Dataset or None
    """
    path = Path(path)
    met = cardamom_csv.meteorology_at(path)
    if met is not None:
        start = _given_start(start, cardamom_csv.PRODUCT, met)
        return cardamom_csv.read_cardamom_csv(met, start=start, lat=lat, lon=_or_nan(lon))
    if cbf.is_cbf(path):
        given = {"wind": wind, "forest_loss_fraction": forest_loss_fraction}
        return _cbf(path, start, {"lat": lat, "lon": lon}, given, choice)
    if edinburgh_binary.is_edinburgh_binary(path):
        start = _given_start(start, edinburgh_binary.PRODUCT, path)
        return edinburgh_binary.read_edinburgh_binary(path, start=start, lon=_or_nan(lon))
    table = _reader_of_table(path)
    if table is not None:
        dropped = {"drop": choice.drop} if table is frame.site_from_frame else {}
        _check_not_given({"start": start}, path)
        return table(
            path,
            latitude=lat,
            longitude=lon,
            observations=choice.observations,
            **dropped,
            uncertainties=choice.uncertainties,
            fill_wind=wind is not None,
            disturbance="file" if forest_loss_fraction is None else "none",
        )
    if path.is_file():
        _check_not_given({"start": start, "lat": lat, "lon": lon}, path)
    return None


def _reader_of_table(path):
    """What reads a CSV file with dates, or None where it is none."""
    if tower_files.is_tower_file(path):
        return flux_towers.open_flux_tower
    return frame.site_from_frame if cells.is_table(path) else None


def _cbf(path, start, place, given, choice):
    """Units of a CBF file; only the binary has neither dates nor a longitude."""
    if binary.is_cbf_binary(path):
        start = _given_start(start, binary.BINARY, path)
        _check_not_given({"lat": place["lat"]}, path)
    else:
        _check_not_given({"start": start, **place}, path)
    lacking = cbf.lacking(path)
    given = {name: value if name in lacking else None for name, value in given.items()}
    _check_given({name: given[name] for name in lacking}, path)
    units = cbf.read_cbf(path, given=given, start=start, choice=choice)
    if place["lon"] is not None:
        units = units.assign_coords(lon=((), float(place["lon"]), {"units": "degrees_east"}))
    return units


def _given_start(start, product, path):
    if start is None:
        raise ValueError(
            sentence(
                product,
                wanted="the date on which the first step starts",
                came="none, and the format has no dates",
                where=f"file {path}",
                do="pass start='2001-01-01' or whatever it is",
            )
        )
    return start


def _or_nan(number):
    return np.nan if number is None else number


def _check_not_given(given, path):
    names = [name for name, value in given.items() if value is not None]
    if names:
        raise ValueError(
            f"wanted no {' and '.join(names)} for a file that has its own dates and place, got "
            f"{given[names[0]]!r} ({path}); leave it out"
        )


def _check_given(given, path):
    """Let a stand-in for what the format lacks pass with a warning; otherwise say what to do."""
    absent = [name for name, value in given.items() if value is None]
    if absent:
        raise ValueError(
            sentence(
                names.PRODUCT,
                wanted=" and ".join(absent),
                came="none, and the format has neither",
                where=f"file {path}",
                do="pass fill_wind=True and disturbance='none', or their series to "
                "pm_dalec.data.formats.open_cbf",
            )
        )
    for name, value in given.items():
        warnings.warn(
            f"{name} missing in {path.name}, whose format has none: set to {value:g}",
            UserWarning,
            stacklevel=4,
        )
