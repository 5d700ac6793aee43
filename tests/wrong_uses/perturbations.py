"""Ways in which an array of a valid dataset is changed, and what may come of each.

`EQUAL`: another way to keep the same numbers, which must give the same result bit for bit.
`WRONG`: no site can be so; it must be refused.
`OTHER`: another site or period could be so; what comes must be all of the change, and nothing else.
A perturbation of the last two kinds may be refused as well, in a sentence that names what differs.
"""

from importlib.util import find_spec

import numpy as np
import pandas as pd
import xarray as xr

EQUAL, WRONG, OTHER = "equal", "wrong", "other"
DASK = find_spec("dask") is not None  # no dependency of ours


def at(place, value):
    """One value changed."""

    def change(series):
        changed = np.array(series, float)
        changed.ravel()[int(place * changed.size) % changed.size] = value
        return changed

    return change


def scaled(factor):
    """All values in another unit."""
    return lambda series: np.array(series, float) * factor


def moved(offset):
    """All values from another zero."""
    return lambda series: np.array(series, float) + offset


def swung(series):
    """Highest values where the lowest were."""
    return np.array(series, float)[::-1].copy()


def locked(series):
    """Array that cannot be written to."""
    held = np.array(series, float)
    held.flags.writeable = False
    return held


def strided(series):
    """Every other value of a longer array."""
    held = np.full((2 * len(series), *np.shape(series)[1:]), -1.0)
    held[::2] = series
    return held[::2]


def lazy(series):
    """Array of dask in two chunks."""
    import dask.array as da

    return da.from_array(np.array(series, float), chunks=max(1, len(series) // 2))


VALUES = {
    "NaN": (at(0.4, np.nan), OTHER), "infinity": (at(0.4, np.inf), WRONG),
    "minus infinity": (at(0.9, -np.inf), WRONG), "-9999": (at(0.4, -9999.0), WRONG),
    "-999": (at(0.0, -999.0), WRONG), "-99.9": (at(0.4, -99.9), WRONG),
    "1e20": (at(0.4, 1e20), WRONG), "9.97e36": (at(0.4, 9.96921e36), WRONG),
    "one zero": (at(0.4, 0.0), OTHER), "one hundred thousand": (at(0.4, 1e5), OTHER),
    "all negative": (scaled(-1.0), OTHER), "all NaN": (scaled(np.nan), OTHER),
    **{f"times {factor:g}": (scaled(factor), OTHER)
       for factor in (10.0, 100.0, 1000.0, 86400.0, 0.1, 0.01, 0.001, 1 / 86400, 11.574, 1e-6, 1e6)},
    "kelvin": (moved(273.15), OTHER), "from kelvin": (moved(-273.15), OTHER),
    "backwards": (swung, OTHER), "rolled": (lambda series: np.roll(series, 1, axis=0), OTHER),
    "constant": (lambda series: np.full_like(np.array(series, float), np.nanmean(series)), OTHER),
}  # fmt: skip
KINDS = {
    "big-endian": (lambda series: np.array(series, ">f8"), EQUAL),
    "read-only": (locked, EQUAL), "strided": (strided, EQUAL),
    **({"dask": (lazy, EQUAL)} if DASK else {}),
    "list": (lambda series: np.array(series, float).tolist(), EQUAL),
    "long double": (lambda series: np.array(series, np.longdouble), EQUAL),
    "float32": (lambda series: np.array(series, np.float32), OTHER),
    "float16": (lambda series: np.array(series, np.float16), OTHER),
    "whole numbers": (lambda series: np.nan_to_num(np.array(series, float)).astype(int), OTHER),
    "objects": (lambda series: np.array(series, object), EQUAL),
    "text": (lambda series: np.array(series, float).astype(str), EQUAL),
    "words": (lambda series: np.full(np.shape(series), "warm"), WRONG),
    "bytes": (lambda series: np.array(series, float).astype(bytes), WRONG),
    "complex": (lambda series: np.array(series, complex), WRONG),
    "bool": (lambda series: np.array(series, float) > 0, WRONG),
    "durations": (lambda series: np.nan_to_num(np.array(series, float)).astype("m8[s]"), WRONG),
    "masked": (lambda series: np.ma.masked_invalid(np.array(series, float)), EQUAL),
    "one masked": (lambda series: np.ma.masked_array(np.array(series, float),
                                                     np.arange(np.size(series)) == 3), OTHER),
    "shorter": (lambda series: np.array(series)[:-1], WRONG),
    "longer": (lambda series: np.concatenate([series, series[-1:]]), WRONG),
    "a column": (lambda series: np.array(series)[:, None], WRONG),
    "a row": (lambda series: np.array(series)[None], WRONG),
    "empty": (lambda series: np.array(series)[:0], WRONG),
    "one number": (lambda series: float(np.nanmean(series)), WRONG),
    "nothing": (lambda series: None, WRONG),
    "labelled": (lambda series: pd.Series(series, index=np.arange(len(series))[::-1]), EQUAL),
}  # fmt: skip


def exchanged(left, right):
    """Two variables with each other's numbers."""

    def change(units):
        one, other = units[left], units[right]
        return units.assign({left: one.copy(data=other.values), right: other.copy(data=one.values)})

    return change


def later(step):
    """All dates moved on."""

    def change(units):
        moved = {name: units[name] + np.timedelta64(step) for name in ("time", "time_bnds")}
        return units.assign_coords(moved)

    return change


def labelled(name, **attrs):
    """A variable with other attributes; None takes one away."""

    def change(units):
        told = {k: v for k, v in (units[name].attrs | attrs).items() if v is not None}
        return units.assign({name: units[name].drop_attrs().assign_attrs(told)})

    return change


def placed(**coords):
    """At another place."""
    return lambda units: units.assign_coords({k: units[k].copy(data=v) for k, v in coords.items()})


def twice(units):
    """With a step twice."""
    order = [*range(5), *range(4, units.sizes["time"])]
    return units.isel(time=order)


def of_time(make):
    """With dates of another kind."""
    return lambda units: units.assign_coords(time=("time", make(units["time"].values)))


STEPS = {
    "backwards in time": (lambda units: units.isel(time=slice(None, None, -1)), WRONG),
    "steps exchanged": (lambda units: units.isel(time=[1, 0, *range(2, units.sizes["time"])]), WRONG),
    "a step twice": (twice, WRONG),
    "a step missing": (lambda units: units.isel(time=[*range(5), *range(6, units.sizes["time"])]), WRONG),
    "no step": (lambda units: units.isel(time=[]), WRONG),
    "without the first year": (lambda units: units.isel(time=slice(12, None)), OTHER),
    "without the last step": (lambda units: units.isel(time=slice(None, -1)), OTHER),
    **{f"later by {step}": (later(step), kind) for step, kind in (
        (np.timedelta64(1, "h"), OTHER), (np.timedelta64(15, "D"), WRONG),
        (np.timedelta64(31, "D"), OTHER), (np.timedelta64(-36525, "D"), OTHER))},
    "dates in seconds": (lambda units: units.assign_coords(
        time=units["time"].astype("datetime64[s]"), time_bnds=units["time_bnds"].astype("datetime64[s]")), EQUAL),
    "no dates": (lambda units: units.drop_vars("time"), WRONG),
    "numbers for dates": (of_time(lambda time: np.arange(time.size)), WRONG),
    "text for dates": (of_time(lambda time: time.astype("datetime64[D]").astype(str)), WRONG),
    "NaT": (of_time(lambda time: np.where(np.arange(time.size) == 3, np.datetime64("NaT", "ns"), time)), WRONG),
    "tmin and tmax exchanged": (exchanged("tmin", "tmax"), WRONG),
    "vpd and sw_rad exchanged": (exchanged("vpd", "sw_rad"), WRONG),
    "wind and tmax exchanged": (exchanged("wind", "tmax"), WRONG),
    "co2 and vpd exchanged": (exchanged("co2", "vpd"), WRONG),
    "lai and its sigma exchanged": (exchanged("lai", "lai_unc"), OTHER),
    "loss and fire exchanged": (exchanged("forest_loss_fraction", "burned_fraction"), OTHER),
    "doy and step_days exchanged": (exchanged("doy", "step_days"), WRONG),
    "latitude 100": (placed(lat=100.0), WRONG), "latitude NaN": (placed(lat=np.nan), WRONG),
    "latitude south": (lambda units: placed(lat=-units["lat"].values)(units), OTHER),
    "latitude in radians": (lambda units: placed(lat=np.deg2rad(units["lat"].values))(units), OTHER),
    "another dimension": (lambda units: units.expand_dims("member"), WRONG),
    "time called month": (lambda units: units.rename(time="month"), WRONG),
    "units in kelvin": (labelled("tmin", units="K"), WRONG),
    "no units": (labelled("vpd", units=None), WRONG),
    "units of nothing": (labelled("wind", units="furlong"), WRONG),
    "units of another kind": (labelled("sw_rad", units="Pa"), WRONG),
    "units in other words": (labelled("tmax", units="degrees_celsius"), EQUAL),
    "other names": (lambda units: units.assign(tmin=units["tmin"].assign_attrs(long_name="x")), EQUAL),
    **({"chunks": (lambda units: units.chunk({"time": 7}), EQUAL)} if DASK else {}),
}  # fmt: skip


REGIONS = {
    "pixels exchanged": (lambda units: units.isel(pixel=[1, 0]), OTHER),
    "a pixel twice": (lambda units: units.isel(pixel=[0, 0]), OTHER),
    "a pixel fewer": (lambda units: units.isel(pixel=[0]), OTHER),
    "no pixel": (lambda units: units.isel(pixel=[]), WRONG),
    "no labels": (lambda units: units.drop_vars("pixel"), OTHER),
    "other labels": (lambda units: units.assign_coords(pixel=[1, 2]), OTHER),
    "text for labels": (lambda units: units.assign_coords(pixel=["a", "b"]), OTHER),
    "all transposed": (lambda units: units.transpose("pixel", "time", ...), WRONG),
    "sigma without pixels": (lambda units: units.assign(lai_unc=units["lai_unc"].isel(pixel=0, drop=True)), WRONG),
    "weather of one pixel": (lambda units: units.assign(tmin=units["tmin"].isel(pixel=0, drop=True)), OTHER),
    "one latitude": (lambda units: units.assign_coords(lat=50.0), OTHER),
    **{f"{name} transposed": (lambda units, name=name: units.assign({name: units[name].transpose()}), WRONG)
       for name in ("tmin", "lai", "lai_unc")},
}  # fmt: skip


def with_array(units, name, array):
    """Dataset with another array in the place of one; None where xarray does not take it."""
    held = units[name]
    if np.ndim(array) and np.shape(array) != held.shape:
        return None
    if isinstance(array, pd.Series | list):
        array = np.asarray(array)
    kept = held.dims if np.ndim(array) else ()
    try:
        return units.assign({name: xr.Variable(kept, array, held.attrs)})
    except (TypeError, ValueError):
        return None
