"""Land: a site, or a region whose observations are averaged twice, over pixels and over strata."""

from __future__ import annotations

import xarray as xr

from pm_dalec.tables import dims

PIXELS, STRATA = "pixels", "strata"
NODES = {(dims.PIXEL,): PIXELS, dims.SPACE: STRATA}
"""Group of a region that holds the averages over such units."""


def units_of(land: xr.Dataset | xr.DataTree, each: tuple[str, ...]) -> xr.Dataset:
    """Units of a land: what has a DALEC of its own, with the weather it shares with others.

    Parameters
    ----------
    land : Dataset or DataTree
        A site, a dataset of units, or a region: a tree with the weather at its root and the same
        observations averaged over pixels (``/pixels``) and over strata of pixels (``/strata``).
    each : tuple of str
        Dimensions of the units: ``("pixel",)`` or ``("stratum", "pixel")``. A site has neither and
        is the special case of the first.

    Returns
    -------
    Dataset
        Drivers and observations, dims (time[, stratum][, pixel]).

    Raises
    ------
    ValueError, TypeError
        If the land has no such units.
    """
    each = tuple(each)
    if each not in NODES:
        raise ValueError(f"wanted units of one of {list(NODES)}, got {each} as `each`")
    if isinstance(land, xr.DataTree):
        return _joined(land, NODES[each])
    if not isinstance(land, xr.Dataset):
        raise TypeError(
            f"wanted a site (Dataset) or a region (DataTree), got {type(land).__name__} as land; "
            "open one with open_site, load_site or open_region"
        )
    there = dims.space_of(land)
    is_site = there == () and dims.STRATUM not in each
    if there != each and not is_site:
        raise ValueError(
            f"wanted a land with units {each}, got a dataset with dims {tuple(land.sizes)}; "
            + (
                "build a region, which holds both averages, or use models.stratified"
                if dims.STRATUM in there
                else "a site and a dataset of pixels have no strata: build a region, or use "
                "models.baseline"
            )
        )
    return land


def _joined(region, node):
    if node not in region.children:
        raise ValueError(
            f"wanted a region with the groups 'pixels' and 'strata', got {list(region.children)}; "
            "build it with build_region, open_region or `pm-dalec region`"
        )
    averages = region[node].to_dataset(inherit=False)
    shared = region.to_dataset(inherit=False)
    return shared.assign_coords(averages.coords).assign(averages.data_vars)


def with_averages(region, changes):
    """Region with other observations in its averages.

    Parameters
    ----------
    region : DataTree
    changes : dict of str to dict
        By group, ``pixels`` or ``strata``: new variables by name, as `Dataset.assign` takes them.

    Returns
    -------
    DataTree
    """
    parts = {part.path: part.to_dataset(inherit=False) for part in region.subtree}
    for node, variables in changes.items():
        parts[f"/{node}"] = parts[f"/{node}"].assign(variables)
    return xr.DataTree.from_dict(parts, name=region.name)
