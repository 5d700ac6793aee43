"""Observations and losses on the native grids of their products, ready to be averaged to pixels."""

import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.data import messages
from pm_dalec.data.land import STRATA, with_averages
from pm_dalec.landscape import allometry
from pm_dalec.landscape.assembly import frames_of
from pm_dalec.landscape.layers import LandCover, Layer, Loss
from pm_dalec.landscape.overlap import aggregate
from pm_dalec.products import biomass, hansen, lai300, mcd64a1, soilgrids
from pm_dalec.products.modis import leaf_area
from pm_dalec.products.reading import windows
from pm_dalec.tables import dims


class LeafArea(NamedTuple):
    """How a product of leaf area is read month by month."""

    name: str
    by_month: object
    read: object
    words: str


LEAF_AREA = {
    "lai300": LeafArea(lai300.PRODUCT, lai300.files_by_month, lai300.read_dekads, "dekads"),
    "modis": LeafArea(
        leaf_area.PRODUCT, leaf_area.composites_by_month, leaf_area.read_composites, "composites"
    ),
}
"""Products of leaf area by their name in a region file."""


def lai_layers(path, *, window, maps, years, product="lai300", reject=None):
    """Monthly leaf area index: mean of the dekads or composites, maximum of their uncertainties.

    Parameters
    ----------
    path : Path
        Folder of the product; it is read month by month.
    window : Window
        [degrees].
    maps : LandCoverMaps
        Land cover.
    years : sequence of int
        Calendar years; files of other years are left alone.
    product : str
        One of `LEAF_AREA`.
    reject : tuple of str, optional
        Quality names; those of the product by default.

    Returns
    -------
    list of pm_dalec.landscape.Layer
    """
    if product not in LEAF_AREA:
        raise KeyError(
            messages.sentence(
                "leaf area",
                wanted=f"a product among {', '.join(LEAF_AREA)}",
                came=repr(product),
                where="key 'product' of [lai]",
                do="choose one of them",
            )
        )
    reader = LEAF_AREA[product]
    chosen = {} if reject is None else {"reject": reject}
    months = []
    for files in reader.by_month(path, years=years):
        part = reader.read(files, window=window, **chosen)
        months.append(lai300.monthly_lai(lai300.cell_sigma(part)))
    series = xr.concat(months, dim="time", join="exact", combine_attrs="override")
    windows.expect_some(series["lai"], product=reader.name, where=f"window {tuple(window)}")
    layer = series["lai"].assign_attrs(crs=series.attrs["crs"])
    return [
        Layer(
            name="lai",
            value=layer.values,
            sigma=series["lai_unc"].values,
            land_cover=maps.on(layer),
            times=series["time"].values,
            product=reader.name,
            version=series.attrs["product_version"],
            rule=f"mean of {reader.words}, maximum of their sigma in the month; area means of both",
        )
    ]


def biomass_layers(path, *, window, maps, years, version=None):
    """Wood carbon by the allometry at native cells, placed at January of its year.

    Parameters
    ----------
    path, window, maps
        As in `lai_layers`.
    years : sequence of int
        Years of the maps.
    version : str, optional
        Of the product; needed where the files are of several.

    Returns
    -------
    list of pm_dalec.landscape.Layer
    """
    if not years:
        return []
    wood = [
        wood_carbon_maps(biomass.open_biomass(path, window=window, year=year, version=version))
        for year in years
    ]
    layer = wood[0]["cwood"].assign_attrs(crs=windows.WGS84)
    return [
        Layer(
            name="cwood",
            value=np.stack([each["cwood"].values for each in wood]),
            sigma=np.stack([each["cwood_unc"].values for each in wood]),
            land_cover=maps.on(layer),
            times=pd.to_datetime([f"{year}-01-01" for year in years]).values,
            product=biomass.PRODUCT,
            version=wood[0].attrs["product_version"],
            rule="allometry at native cells, sigma by its derivative; area means of both",
        )
    ]


def soil_layers(path, *, window, maps, sigmas_in_range):
    """Prior of soil organic carbon, 0-100 cm.

    Parameters
    ----------
    path, window, maps
        As in `lai_layers`.
    sigmas_in_range : float
        Standard deviations between the 5 % and 95 % quantiles [1].

    Returns
    -------
    list of pm_dalec.landscape.Layer
    """
    profile = soilgrids.open_soilgrids(path, window=window)
    soil = soilgrids.soil_carbon(profile, sigmas_in_range=sigmas_in_range)
    layer = soil["csom_prior"].assign_attrs(crs=soilgrids.CRS)
    return [
        Layer(
            name="csom_prior",
            value=soil["csom_prior"].values,
            sigma=soil["csom_prior_unc"].values,
            land_cover=maps.on(layer),
            times=None,
            product=soilgrids.PRODUCT,
            version="2.0",
            rule=f"sum of density times thickness, sigma = range / {sigmas_in_range:g}; area means",
        )
    ]


def loss_layers(path, *, window, maps, years, version, absent="refuse"):
    """Year of tree-cover loss.

    Parameters
    ----------
    path, window, maps, years
        As in `lai_layers`.
    version : str
        Release of the product.
    absent : str
        What a year before or after the release is: "refuse", "warn" or "zero", as in `say_absent`.

    Returns
    -------
    list of pm_dalec.landscape.Loss
    """
    layer = hansen.open_hansen(path, window=window, version=version)
    covered = tuple(y for y in years if hansen.FIRST_YEAR <= y <= layer.attrs["last_year"])
    absent_years = [str(year) for year in years if year not in covered]
    say_absent(absent_years, len(years), hansen.PRODUCT, absent, table="forest_loss")
    return [
        Loss(
            name="forest_loss_fraction",
            year=layer.values,
            years=covered,
            land_cover=maps.on(layer),
            product=hansen.PRODUCT,
            version=version,
        )
    ]


class Burned(NamedTuple):
    """Monthly burned area on its native grid: (time, y, x) [1] and its map of strata."""

    burned: xr.DataArray
    land_cover: LandCover


def burned_layer(path, *, window, maps):
    """Cells burned in each month.

    Parameters
    ----------
    path, window, maps
        As in `lai_layers`.

    Returns
    -------
    Burned
    """
    burned = mcd64a1.open_mcd64a1(path, window=window)
    return Burned(burned, maps.on(burned))


def say_absent(missing, total, product, absent, *, table):
    """Say aloud which months or years a product does not have: absence is not zero.

    Parameters
    ----------
    missing : list of str
        Months or years without a file, or without a valid cell.
    total : int
        How many the region has.
    product : str
        Name for the message.
    absent : str
        "warn" takes them as zero with a warning, "zero" without one, "refuse" as an error. Nothing but
        missing ones is an error unless zeros were asked for.
    table : str
        Of the region file.
    """
    if not missing or absent == "zero":
        return
    text = messages.sentence(
        product,
        wanted=f"files with valid cells for all {total} months or years of the region",
        came=f"none for {len(missing)}: {', '.join(missing)}",
        where=f"table [{table}]",
        do="download them, choose other years, or write "
        f'absent = "zero" in [{table}] if nothing happened then',
    )
    if absent == "refuse" or len(missing) == total:
        raise ValueError(text)
    warnings.warn(f"{text}; they are taken as zero now", stacklevel=2)


def with_burned(region, layer, grid, *, absent="warn"):
    """Region with the burned fraction of each month.

    Parameters
    ----------
    region : DataTree
        From `assemble_region`.
    layer : Burned
        From `burned_layer`.
    grid : Grid or Polygons
        Target pixels, or the polygons in their place.
    absent : str
        What a month without a file or without a valid cell is, as in `say_absent`.

    Returns
    -------
    DataTree
        The attribute ``months_without_file`` of ``burned_fraction`` counts such months.
    """
    seen = layer.burned["time"].values[layer.burned.notnull().any(layer.burned.dims[1:]).values]
    months = region[dims.TIME].to_numpy()
    missing = [str(month)[:7] for month in months[~np.isin(months, seen)]]
    say_absent(missing, months.size, mcd64a1.PRODUCT, absent, table="burned_area")
    kept = np.flatnonzero(np.isin(grid.pixels, region[dims.PIXEL]))
    shares = region[STRATA]["area_fraction"].to_numpy()
    burned = {}
    for node, frame in frames_of(kept, shares).items():
        series = _burned_fraction(region[node]["burned_fraction"], layer, frame)
        series[-1]["months_without_file"] = len(missing)
        burned[node] = {"burned_fraction": series}
    return with_averages(region, burned)


def _burned_fraction(zero, layer, frame):
    """Burned area over area of the unit in each month, like an array of zeros."""
    cover, burned = layer.land_cover, layer.burned
    mean = aggregate(
        burned.values, frame.strata(cover), cover.weights, stratum_count=frame.count
    ).mean
    # A stratum that the product's own grid does not resolve has no area that could burn
    flat = np.where(frame.present, np.nan_to_num(frame.units(mean)), 0.0)
    when = {dims.TIME: burned["time"].values.astype("datetime64[ns]")}
    months = xr.DataArray(flat, when, zero.dims)
    complete = months.reindex({dims.TIME: zero[dims.TIME]})
    attrs = {
        **zero.attrs,
        "product": mcd64a1.PRODUCT,
        "product_version": burned.attrs["product_version"],
        "rule": "burned area over area of the unit in the month",
    }
    return (complete.dims, np.nan_to_num(complete.values), attrs)


def wood_carbon_maps(maps):
    """Wood carbon above and below ground at the native cells, with its uncertainty.

    Parameters
    ----------
    maps : xarray.Dataset
        ``agb``, ``agb_unc`` [Mg ha-1].

    Returns
    -------
    xarray.Dataset
        ``cwood``, ``cwood_unc`` [g m-2].

    Notes
    -----
    The allometry is concave, so it is applied before averaging.
    """
    agb, sigma = maps["agb"], maps["agb_unc"]
    carbon = agb.copy(data=allometry.wood_carbon(agb.values))
    spread = agb.copy(data=allometry.wood_carbon_sigma(agb.values, sigma.values))
    reduced = xr.Dataset({"cwood": carbon, "cwood_unc": spread})
    reduced["cwood"].attrs = {"units": "g m-2", "long_name": "wood carbon, above and below ground"}
    reduced["cwood_unc"].attrs = {"units": "g m-2", "long_name": "uncertainty of wood carbon"}
    return reduced.assign_attrs(maps.attrs)
