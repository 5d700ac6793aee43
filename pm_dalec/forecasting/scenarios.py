"""Scenarios: the drivers of the months after a calibration, by name or from a climate.

A scenario is a units dataset like that of the calibration, which begins where that ends. Names stand for
synthetic ones: ``control`` repeats the reference without any change, ``ssp245`` has the warming and the
CO2 of a pathway, ``ssp245-co2`` its CO2 alone, ``ssp245-climate`` its warming alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.data.checks import check_drivers
from pm_dalec.landscape.anomalies import (
    CLIPPED,
    MOVED,
    check_monthly,
    future_drivers,
    on_axis,
    with_numbers,
)
from pm_dalec.landscape.twin.weather import FINAL_YEAR, PATHWAYS, pathway_climate
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import names_of, whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence

CONTROL = "control"
NAMES = (CONTROL, *(f"{name}{end}" for name in PATHWAYS for end in ("", "-co2", "-climate")))


def recycled(
    observed: xr.Dataset, *, years: tuple[int, int] | None = None, until: int = FINAL_YEAR
) -> xr.Dataset:
    """Drivers that repeat observed years over and over, with the CO2 of the last of them.

    Parameters
    ----------
    observed : Dataset
        Units with monthly drivers of whole years.
    years : tuple of int, optional
        First and last of the years that are repeated; the last observed one by default.
    until : int
        Last year.

    Returns
    -------
    Dataset
        Without harvest and fire.
    """
    observed = with_numbers(observed, "observed")
    check_monthly(observed)
    there = observed[dims.TIME].dt.year.values
    years = (int(there[-1]),) * 2 if years is None else tuple(years)
    until = whole_number("until", until, least=int(there[-1]) + 1, advice="the last year wanted")
    chosen = np.flatnonzero((there >= years[0]) & (there <= years[1]))
    if chosen.size < 12 * (years[1] - years[0] + 1) or not chosen.size:
        raise ValueError(
            f"wanted years out of the observed {there[0]}-{there[-1]}, got years={years}; choose "
            "others"
        )
    months = pd.date_range(f"{there[-1] + 1}-01", f"{until}-12", freq="MS").as_unit("ns")
    place = chosen[np.arange(months.size) % chosen.size]
    last = chosen[-12:][np.arange(months.size) % 12]
    made = {
        name: observed[name]
        .isel({dims.TIME: last if name == "co2" else place})
        .drop_vars("time_bnds", errors="ignore")
        .assign_coords({dims.TIME: months})
        for name in MOVED
    }
    return on_axis(made, {}, observed, months)


def with_co2_of(drivers: xr.Dataset, other: xr.Dataset) -> xr.Dataset:
    """Drivers with the CO2 of others, for experiments in which one thing changes.

    Parameters
    ----------
    drivers, other : Dataset
        Of the same months.
    """
    drivers, other = with_numbers(drivers, "drivers"), with_numbers(other, "other")
    if not drivers.indexes[dims.TIME].equals(other.indexes[dims.TIME]):
        raise ValueError(
            f"wanted drivers of the same months, got {drivers.sizes[dims.TIME]} and {other.sizes[dims.TIME]} "
            "steps with other dates (arguments drivers and other); make both until the same year"
        )
    return drivers.assign(co2=other["co2"])


def named_scenario(
    name: str,
    observed: xr.Dataset,
    *,
    reference: tuple[int, int] | None = None,
    until: int = FINAL_YEAR,
) -> xr.Dataset:
    """Drivers of a synthetic scenario.

    Parameters
    ----------
    name : str
        ``control``; a pathway (``ssp126``, ``ssp245``, ``ssp370``, ``ssp585``); or a pathway with
        ``-co2`` or ``-climate`` at its end, for one of the two alone.
    observed : Dataset
    reference : tuple of int, optional
        First and last year of the reference; the last observed year by default.
    until : int
        Last year, at most 2100.

    Returns
    -------
    Dataset
    """
    if name not in NAMES:
        raise KeyError(f"no scenario {name!r}; there are {', '.join(NAMES)}")
    check_monthly(observed)
    pathway, _, alone = name.partition("-")
    first, last = (int(year) for year in observed[dims.TIME].dt.year.values[[0, -1]])
    reference = (last, last) if reference is None else tuple(reference)
    advice = "pathways end in 2100"
    until = whole_number("until", until, least=last + 1, most=FINAL_YEAR, advice=advice)
    whole = pathway if name != CONTROL else "ssp245"
    climate = pathway_climate(whole, first_year=first, last_year=until)
    unchanged = _unchanged(climate, reference)
    if name == CONTROL or alone == "co2":
        kept = climate["co2"] if alone == "co2" else unchanged["co2"]
        climate = unchanged.assign(co2=kept)
    elif alone == "climate":
        climate = climate.assign(co2=unchanged["co2"])
    made = future_drivers(observed, climate, reference=reference)
    return made.assign_attrs(future=f"synthetic {name}, reference {reference[0]}-{reference[1]}")


def _unchanged(climate, reference):
    """Climate whose months are the means of the reference, CO2 those of its last year."""
    month = climate[dims.TIME].dt.month
    found = {}
    for name in MOVED:
        first = reference[1] if name == "co2" else reference[0]
        during = climate[name].sel({dims.TIME: slice(str(first), str(reference[1]))})
        mean = during.groupby("time.month").mean()
        same = mean.sel(month=month).drop_vars("month")
        past = climate[dims.TIME].dt.year <= reference[1]
        found[name] = climate[name].where(past, same) if name == "co2" else same
    return climate.assign(found)


def scenarios_of(
    scenarios: Mapping[str, xr.Dataset] | Sequence[str],
    observed: xr.Dataset,
    *,
    reference: tuple[int, int] | None = None,
) -> dict[str, xr.Dataset]:
    """Scenarios by name, all of the same months, which begin where the observed ones end.

    Parameters
    ----------
    scenarios : mapping of str to Dataset, or sequence of str
        Drivers by name, as from `future_drivers`; or names of synthetic scenarios.
    observed : Dataset
        Units with the drivers of the calibration.
    reference : tuple of int, optional
        For names.

    Returns
    -------
    dict of str to Dataset
    """
    if isinstance(scenarios, Mapping):
        found = dict(scenarios)
    else:
        names = names_of("scenarios", scenarios)
        found = {name: named_scenario(name, observed, reference=reference) for name in names}
    if not found:
        raise ValueError("wanted at least one scenario, got none; write scenarios=['ssp245']")
    end = observed["time_bnds"].values[-1, 1]
    first = next(iter(found.values()))
    shares = {n: observed[n] for n in ("area_fraction",) if n in observed}
    for name, drivers in found.items():
        check_drivers(drivers.assign(shares) if isinstance(drivers, xr.Dataset) else drivers)
        _check_units(name, drivers, observed)
        start = drivers["time_bnds"].values[0, 0]
        if start != end:
            raise ValueError(
                f"wanted a scenario that begins where the calibration ends, {_day(end)}, got "
                f"{_day(start)} (scenario {name!r}); select its months"
            )
        if not np.array_equal(drivers[dims.TIME].values, first[dims.TIME].values):
            raise ValueError(
                f"wanted scenarios of the same steps, got {drivers.sizes[dims.TIME]} to "
                f"{_day(drivers[dims.TIME].values[-1])} in {name!r} and {first.sizes[dims.TIME]} "
                f"to {_day(first[dims.TIME].values[-1])} in another; end all in the same year"
            )
    return found


def _day(instant):
    return str(instant)[:10]


def _check_units(name, drivers, observed):
    for dim in dims.space_of(observed):
        there = dim in drivers.dims
        if there and not np.array_equal(drivers[dim].values, observed[dim].values):
            raise ValueError(
                f"wanted the units of the fit ({observed.sizes[dim]} of {dim!r}), got "
                f"{drivers.sizes[dim]} others in scenario {name!r}; make it for the same region"
            )
    more = [dim for dim in dims.space_of(drivers) if dim not in observed.dims]
    if more:
        raise ValueError(
            f"wanted a scenario for units with dims {dims.space_of(observed) or 'of a site'}, got "
            f"{more[0]!r} as well (scenario {name!r}); average it over them"
        )


def described(scenarios: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """What scenarios do, year by year, and how many of their values a limit has changed.

    Parameters
    ----------
    scenarios : mapping of str to Dataset

    Returns
    -------
    Dataset
        ``temperature`` [degC] and ``co2`` [ppm] (scenario, year), means over the units; ``clipped``
        (scenario, driver) counts.
    """
    rows, clipped = [], []
    for drivers in scenarios.values():
        mean = (drivers["tmin"] + drivers["tmax"]) / 2
        both = xr.Dataset({"temperature": mean, "co2": drivers["co2"]})
        space = [dim for dim in both.dims if dim != dims.TIME]
        rows.append(both.mean(space).groupby("time.year").mean().drop_attrs())
        clipped.append([int(drivers[name].attrs.get(CLIPPED, 0)) for name in MOVED])
    found = xr.concat(rows, "scenario")
    found["temperature"].attrs, found["co2"].attrs = {"units": "degC"}, {"units": "ppm"}
    labels = {"scenario": list(scenarios), "driver": list(MOVED)}
    return found.assign(clipped=(("scenario", "driver"), clipped)).assign_coords(labels)
