"""Designs: every combination of the levels of some factors, and what a factor does on average."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import xarray as xr

from pm_dalec.sensitivity.studies.variants import Variant

BETWEEN = ", "  # levels in the name of a variant


def factorial(factors: Mapping[str, Mapping[str, object]]) -> dict[str, Variant]:
    """Variants for every combination of levels, one of each factor.

    Parameters
    ----------
    factors : mapping of str to mapping
        By factor: levels by name, each with its changes. Two factors may not change the same thing
        differently.

    Returns
    -------
    dict of str to Variant
        Named by their levels; the first has the first level of every factor.

    Examples
    --------
    >>> found = factorial(
    ...     {
    ...         "era": {"2021": {}, "2024": {"constraints": "edinburgh2024"}},
    ...         "sigma": {"as given": {}, "doubled": {"sigma": {"lai": 2.0}}},
    ...     }
    ... )
    >>> list(found)
    ['2021, as given', '2021, doubled', '2024, as given', '2024, doubled']
    """
    for name, levels in factors.items():
        if not isinstance(levels, Mapping) or not levels:
            raise ValueError(
                f"wanted the levels of factor {name!r} by name, got {levels!r}; write "
                "{'2021': {}, '2024': {'constraints': 'edinburgh2024'}}"
            )
    found = {}
    for chosen in product(*(levels.items() for levels in factors.values())):
        name = BETWEEN.join(str(level) for level, _ in chosen)
        found[name] = Variant(name, _joined(name, [dict(changes) for _, changes in chosen]))
    return found


def _joined(name, parts):
    """Changes of several levels as one; those of one kind by stream or parameter are put together."""
    whole = {}
    for part in parts:
        for key, value in part.items():
            before = whole.get(key)
            if (
                isinstance(value, Mapping)
                and isinstance(before, Mapping)
                and not set(value) & set(before)
            ):
                value = {**before, **value}
            elif key in whole and before != value:
                raise ValueError(
                    f"wanted levels that change different things, got {key!r} twice in variant {name!r}; "
                    "put it into one factor"
                )
            whole[key] = value
    return whole


def contrasts(values: xr.DataArray, factors: Mapping[str, Mapping[str, object]]) -> xr.DataArray:
    """Mean of a result over all variants with a level, less the mean over all variants.

    Parameters
    ----------
    values : DataArray
        With dimension ``variant``, of a whole `factorial`.
    factors : mapping
        As given to `factorial`.

    Returns
    -------
    DataArray
        Dims (level, ...), levels as "factor: level".
    """
    combinations = list(product(*(levels for levels in factors.values())))
    ordered = values.sel(variant=[BETWEEN.join(map(str, one)) for one in combinations])
    middle, found, names = ordered.mean("variant"), [], []
    for place, (factor, levels) in enumerate(factors.items()):
        for level in levels:
            have = [one[place] == level for one in combinations]
            found.append(ordered.isel(variant=have).mean("variant") - middle)
            names.append(f"{factor}: {level}")
    return xr.concat(found, xr.DataArray(names, dims="level", name="level"))
