"""The strata of the paper, and land-cover maps resampled onto the grid of each product.

Codes of the UKCEH Land Cover Map 2015 are joined to four strata; urban land, water, coast and
sea are masked from all analyses, the baseline's included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rasterio.warp import Resampling, reproject

from pm_dalec.landscape.overlap import stratum_areas
from pm_dalec.tables.strata import LCM2015_MASKED, MASKED, STRATA

if TYPE_CHECKING:
    import numpy.typing as npt


def strata_from_lcm2015(classes: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Stratum of each cell of the Land Cover Map 2015.

    Parameters
    ----------
    classes : array_like of int
        LCM2015 class, 0 to 21.

    Returns
    -------
    ndarray of uint8
        Position in `STRATA`, or `MASKED`.
    """
    classes = np.asarray(classes)
    table = np.full(256, MASKED - 1, dtype=np.uint8)
    table[list(LCM2015_MASKED)] = MASKED
    for position, stratum in enumerate(STRATA):
        table[list(stratum.lcm2015)] = position
    outside = (classes < 0) | (classes > 21) | (classes != classes.astype(np.int64))
    if outside.any():
        raise ValueError(
            f"land cover has class {classes[outside].flat[0]} ({np.count_nonzero(outside)} cells), "
            "wanted the classes 0 to 21 of LCM2015; check the product and its nodata value"
        )
    return table[classes.astype(np.uint8)]


def single_stratum(strata):
    """Stratum map of the baseline: every unmasked cell belongs to the one stratum 0.

    Parameters
    ----------
    strata : array_like of int
        Stratum of each cell, or `MASKED`.

    Returns
    -------
    ndarray of uint8
    """
    return np.where(np.asarray(strata) == MASKED, MASKED, 0).astype(np.uint8)


def modal_strata(strata, weights, *, stratum_count=4):
    """Stratum with the largest area in each cell of another latitude/longitude grid.

    Masked land competes like any stratum. Ties go to the earlier stratum, masked land last;
    cells outside the map are masked.

    Parameters
    ----------
    strata : array_like of int
        Stratum of each cell of the map, or `MASKED`.
    weights : Overlap
        Overlap of the map with the product's grid.
    stratum_count : int
        Number of strata.

    Returns
    -------
    ndarray of uint8
        (row, column) of the product's grid.
    """
    competing = np.where(np.asarray(strata) == MASKED, stratum_count, strata)
    areas = stratum_areas(competing, weights, stratum_count=stratum_count + 1)
    # A tie in exact arithmetic must not be decided by rounding
    largest = areas >= areas.max(axis=0) * (1 - 1e-9)
    winner = largest.argmax(axis=0).astype(np.uint8)
    return np.where((winner == stratum_count) | (areas.sum(axis=0) == 0), MASKED, winner).astype(
        np.uint8
    )


def modal_strata_projected(strata, *, transform, crs, target_transform, target_crs, target_shape):
    """Stratum that occurs most often in each cell of a product's grid in another projection.

    Parameters
    ----------
    strata : array_like of int
        Stratum of each cell of the map (north up), or `MASKED`.
    transform, target_transform : affine.Affine
        Geotransform of the map and of the product.
    crs, target_crs : str or rasterio.crs.CRS
        Their coordinate reference systems.
    target_shape : tuple of int
        Rows and columns of the product's grid.

    Returns
    -------
    ndarray of uint8
        Strata on the product's grid; cells outside the map are `MASKED`.
    """
    # Codes are shifted by one, so that 0 is 'outside' and masked land still votes in the mode
    shifted = np.where(np.asarray(strata) == MASKED, len(STRATA), strata).astype(np.uint8) + 1
    modal = np.zeros(target_shape, dtype=np.uint8)
    reproject(
        shifted.astype(np.uint8),
        modal,
        src_transform=transform,
        src_crs=crs,
        dst_transform=target_transform,
        dst_crs=target_crs,
        src_nodata=0,
        dst_nodata=0,
        resampling=Resampling.mode,
    )
    unmasked = (modal >= 1) & (modal <= len(STRATA))
    return np.where(unmasked, modal - 1, MASKED).astype(np.uint8)
