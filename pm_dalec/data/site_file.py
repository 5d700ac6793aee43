"""Drivers and observations: site files and the units dataset that everything else takes.

A units dataset is an `xarray.Dataset` with dims ``(time)`` for a site, ``(time, pixel)`` for a
baseline region and ``(time, stratum, pixel)`` for a stratified one, and the same variable names
everywhere (`pm_dalec.tables.DRIVERS` and `STREAMS`). ``time`` is the START of the step.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import xarray as xr

from pm_dalec.data.checks import check_units
from pm_dalec.data.formats import compared, netcdf, recognised, strangers, streams, trees
from pm_dalec.data.formats.streams import choice_of, wanted_in, with_uncertainties
from pm_dalec.data.series import headers, stand_ins
from pm_dalec.data.series.aliases import name_of
from pm_dalec.data.series.stand_ins import DEFAULT_WIND
from pm_dalec.data.standardised import standardise
from pm_dalec.data.time_axis import step_lengths
from pm_dalec.data.uncertainties import described_uncertainties, without_unknown
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import flag, path_of
from pm_dalec.tables.streams import OBSERVED, WINDOW
from pm_dalec.tables.variables import DRIVERS

GAPS_ATTRIBUTE = "dalec_c6_drivers"  # in which a site file says what it lacks, and its default


def open_site(
    path: str | Path,
    *,
    start: str | None = None,
    lat: float | None = None,
    lon: float | None = None,
    fill_wind: bool = False,
    disturbance: str = "file",
    observations: str | Sequence[str] = "all",
    drop: Sequence[str] = (),
    uncertainties: Mapping[str, float | str] | str | None = None,
) -> xr.Dataset:
    """Units dataset of one site, checked, in float64, from a file in any format that is known.

    The format is told from names and content: NetCDF in the schema of the site files, CBF NetCDF and
    CSV files of CARDAMOM, or the binary input of Edinburgh's. A site file has ``time`` at the
    mid-point of the step with ``time_bnds``; the dataset has it at the start. Uncertainties stay as
    they are in the file: the floors of Edinburgh are a separate step, `prepare_uncertainties`. Where they
    are factors, the attribute ``uncertainty_kind`` of ``{stream}_unc`` is "factor", and the likelihood
    log-normal. An observation without uncertainty among others that have one is left out, and said.
    Withheld months ``{stream}_val`` are kept to compare with and never assimilated, as is a stream on
    request that has no uncertainty and is not named in ``observations`` or ``uncertainties``. Other
    variables (precipitation, evapotranspiration, priors of parameters) are not read, and said.

    Parameters
    ----------
    path : str or path
        A file; for CSV also their folder, or what their names begin with.
    start : str, optional
        Date on which the first step starts, of CSV and binary files, which have none.
    lat, lon : float, optional
        Place [degrees], of CSV files without it; the binary file lacks the longitude only.
    fill_wind : bool, default False
        Fill a missing wind, or gaps in it, with 3.23 m s-1, and warn; CBF has none. Also done for a site
        file that names this default itself, in its attribute ``dalec_c6_drivers``.
    disturbance : {"file", "none"}, default "file"
        ``"none"`` sets forest_loss_fraction and burned_fraction to zero where the file has none,
        and warns; CBF has no forest loss.
    observations : "all" or sequence of str, default "all"
        Streams to keep, out of `pm_dalec.STREAMS` and ``"csom_prior"``; ``()`` keeps none.
    drop : sequence of str
        Streams to leave out.
    uncertainties : mapping of str to float or str, or str, optional
        One-sigma uncertainty of a stream wherever the file has none: a number in its units, or a
        share of each value, as "20%", or a factor of a log-normal, as "x1.5". A text without a mapping is
        that of every stream.

    Returns
    -------
    xarray.Dataset
        Drivers, step_days, observations with ``_unc``, coordinates time, time_bnds, lat, lon, site.

    Raises
    ------
    FileNotFoundError, ValueError, TypeError, KeyError
        A sentence: what was wanted, what came, where, what to do.
    """
    path = path_of("path", path)
    flag("fill_wind", fill_wind)
    stand_ins.checked_disturbance(disturbance, path.name)
    choice = choice_of(observations, drop, uncertainties, path.name)
    units = recognised.peer_site(
        path,
        start=start,
        lat=lat,
        lon=lon,
        wind=DEFAULT_WIND if fill_wind else None,
        forest_loss_fraction=0.0 if disturbance == "none" else None,
        choice=choice,
    )
    file = _whole(path, choice) if units is None else None
    held = units if file is None else file
    units = standardise(_keep(held, choice, path))
    declared = f"default {DEFAULT_WIND:g} m s-1" in str(units.attrs.get(GAPS_ATTRIBUTE))
    units = stand_ins.with_wind(units, path.name) if fill_wind or declared else units
    units = stand_ins.without_disturbance(units, path.name) if disturbance == "none" else units
    units = with_uncertainties(units, choice, path.name)
    units = streams.without_sigma(units, choice, path.name)
    units = compared.with_withheld(check_units(without_unknown(units)), held, choice)
    return units if file is None else headers.told_wood(compared.told_unread(units, file, choice))


def _whole(path, choice):
    """All that a site file holds, on steps that begin; what is doubtful in it is said."""
    every = isinstance(choice.uncertainties, stand_ins.ForAll)  # where the file has none
    file = _spelt(_read(path), path)
    file = described_uncertainties(file, leave=() if every else choice.uncertainties)
    file = _start_of_step(file, path)
    headers.tell_biomass({name: (name, file[name].attrs.get("units")) for name in file}, path.name)
    stand_ins.tell_both(file, choice.uncertainties, path.name)
    return file


def _read(path):
    if not path.is_file():
        what = "a folder without CSV files of one" if path.is_dir() else "no such file"
        if path.suffix in trees.ZARR and path.is_dir():
            what = trees.kind_of(*trees.contents(path, what="the file of a site", writer="xarray"))
        raise FileNotFoundError(
            f"wanted the file of a site, got {what} ({path}); check the path, or load a site by "
            "name with pm_dalec.load_site"
        )
    with path.open("rb") as stream:
        engine = netcdf.ENGINES.get(stream.read(4))
    if engine is None:
        what, do = strangers.told(path) or ("no format that is known", "convert it to NetCDF-4")
        raise ValueError(
            f"wanted a site in a format that is known, got another format ({path}): {what}; {do}; known "
            f"are: {'; '.join(recognised.KNOWN)}"
        )
    source = path
    if engine == "h5netcdf":
        _check_kind(path)
    else:
        source = BytesIO(path.read_bytes())  # SciPy leaves a file open that it cannot read
    try:
        with xr.open_dataset(source, engine=engine, decode_timedelta=False) as file:
            return file.load()
    except trees.DAMAGE as fault:
        words = " ".join(str(fault).split())
        raise ValueError(
            f"wanted a readable NetCDF file, got: {words} ({path}); write the file again, with time "
            "in 'days since ...' of a standard calendar"
        ) from fault


def _spelt(file, path):
    """File whose variables have the names of the schema where only the case differs.

    Observations under other names that tables may have are not read, and said.
    """
    names = [*DRIVERS, *(f"{name}{end}" for name in OBSERVED for end in ("", "_unc", WINDOW))]
    known = {name.casefold(): name for name in names}
    held = set(map(str, file.variables))
    found = {each: known.get(each.casefold()) for each in held - set(names)}
    renamed = {each: name for each, name in found.items() if name and name not in held}
    if len(set(renamed.values())) < len(renamed):
        raise ValueError(
            f"wanted one variable of each name, got {', '.join(sorted(renamed))} ({path.name}); names that "
            "differ in case only are the same: keep one"
        )
    file = file.rename(renamed)
    other = {
        each: name_of(each)
        for each in sorted(map(str, file.data_vars))
        if name_of(each) in OBSERVED and name_of(each) not in file
    }
    if other:
        words = ", ".join(f"{each!r} (rename it {name!r})" for each, name in other.items())
        warnings.warn(f"not read from {path.name}: {words}", UserWarning, stacklevel=3)
    return file


def _check_kind(path):
    """Refuse what this library keeps in files of the same ending: fits and regions."""
    groups, variables = trees.contents(path, what="the file of a site", writer="xarray")
    if groups & set(trees.KINDS):
        raise ValueError(
            f"wanted the file of a site, got {trees.kind_of(groups, variables)} ({path}); give a file "
            "with drivers and observations of one site"
        )


def _start_of_step(file, path):
    """Dataset with time at the start of the step, from a file that has it at the mid-point."""
    if dims.TIME not in file.dims or dims.TIME not in file.coords:
        raise ValueError(
            f"wanted a coordinate 'time', got dims {tuple(file.dims)} ({path.name}); name the time "
            "dimension 'time'"
        )
    file = file.rename({k: v for k, v in _COORDINATES.items() if k in file.variables})
    kept = (dims.TIME, *dims.SPACE)  # a grid of one point is a site
    file = file.squeeze([d for d, size in file.sizes.items() if size == 1 and d not in kept])
    long = [str(d) for d, size in file.sizes.items() if d in ("lat", "lon", "x", "y") and size > 1]
    if long:
        raise ValueError(
            f"wanted one site, got {' and '.join(f'{file.sizes[d]} {d}' for d in long)} ({path.name}); select "
            "one with isel, and save it"
        )
    if not np.issubdtype(file[dims.TIME].dtype, np.datetime64) or not file.sizes[dims.TIME]:
        return file  # check_time_axis says it better
    file = file if "time_bnds" in file.variables else _bounds_from_lengths(file, path)
    bounds = file["time_bnds"]
    if bounds.ndim != 2 or not np.issubdtype(bounds.dtype, np.datetime64):
        raise ValueError(
            f"wanted 'time_bnds' (time, bnds) as dates, got dims {bounds.dims} of {bounds.dtype} "
            f"({path.name}); give 'time' the attribute bounds='time_bnds'"
        )
    start, end = (bounds.isel({bounds.dims[1]: side}, drop=True) for side in (0, 1))
    outside = ~((file[dims.TIME] >= start) & (file[dims.TIME] <= end)).to_numpy()
    if outside.any():
        raise ValueError(
            f"wanted 'time' inside 'time_bnds', got another instant at {outside.sum()} of "
            f"{outside.size} steps, the first at step {outside.argmax() + 1} ({path.name}); "
            "sort the file by time, or correct time_bnds"
        )
    file = file.assign_coords({dims.TIME: start.to_numpy()})
    if "step_days" not in file:
        length = step_lengths(file["time_bnds"]).astype("float64")
        file["step_days"] = length.assign_attrs(units="d")
    return file.set_coords("time_bnds")


_COORDINATES = {"latitude": "lat", "longitude": "lon"}


def _bounds_from_lengths(file, path):
    """Dataset with bounds: around mid-points, or from dates on which a step begins."""
    time = file[dims.TIME].to_numpy()
    if "step_days" in file:
        length = file["step_days"].to_numpy().astype("float64")
    elif time.size > 1 and (np.diff(time) == np.timedelta64(1, "D")).all():
        length = np.ones(time.size)
    else:
        raise ValueError(
            f"wanted 'time_bnds' (time, bnds) with start and end of each step, got none "
            f"({path.name}); add it to the file"
        )
    half = np.round(length * 43200).astype("timedelta64[s]")
    start = time - half
    if _midnights(time).all() and not _midnights(start).all():
        start = time  # the stamp of a day is the day, not its middle
    bounds = np.stack([start, start + 2 * half], axis=1)
    return file.assign(time_bnds=((dims.TIME, "bnds"), bounds))


def _midnights(time):
    return time == time.astype("datetime64[D]")


def _keep(file, choice, path):
    """Only the variables of the schema, and of the observations only those that are wanted."""
    wanted = wanted_in(file, choice, path.name)
    names = [*DRIVERS, *wanted, *(f"{name}{end}" for name in wanted for end in ("_unc", WINDOW))]
    kept = file[[name for name in names if name in file]]
    labels = [name for name in ("lat", "lon", "site", "time_bnds") if name in file.variables]
    kept = kept.assign_coords({name: file[name] for name in labels})
    extra = [name for name in kept.coords if name not in (*labels, dims.TIME)]
    kept = kept.drop_vars(extra)
    if "site" not in kept.coords:
        kept = kept.assign_coords(site=str(file.attrs.get("site_id", path.stem)))
    return kept.assign_attrs(file.attrs, source_file=path.name)
