"""Designs: every combination of the levels of some factors, and what a factor does on average."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import xarray as xr

from pm_dalec.sensitivity.draws.expected import expect_levels
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
    found = {}
    for chosen in product(*(levels.items() for levels in expect_levels(factors).values())):
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
    combinations = list(product(*(levels for levels in expect_levels(factors).values())))
    names = [BETWEEN.join(map(str, one)) for one in combinations]
    _expect_variants(values, names)
    ordered = values.sel(variant=names)
    middle, found, names = ordered.mean("variant"), [], []
    for place, (factor, levels) in enumerate(factors.items()):
        for level in levels:
            have = [one[place] == level for one in combinations]
            found.append(ordered.isel(variant=have).mean("variant") - middle)
            names.append(f"{factor}: {level}")
    return xr.concat(found, xr.DataArray(names, dims="level", name="level"))


def _expect_variants(values, names):
    """Refuse what is no result by variant, or not of the whole design."""
    if not isinstance(values, xr.DataArray):
        raise TypeError(
            f"wanted values as a DataArray with the dimension 'variant', got {type(values).__name__}; give "
            "study['mean']['nee'], say"
        )
    there = list(map(str, values["variant"].values)) if "variant" in values.coords else []
    missing = [name for name in names if name not in there]
    if missing:
        raise ValueError(
            f"wanted values of every variant of the design, got none of {missing[0]!r} (there are "
            f"{', '.join(there) or 'none'}); give the result of a study of all of them"
        )
