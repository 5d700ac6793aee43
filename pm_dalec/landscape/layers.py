"""What a region is assembled of: land cover, layers of observations, losses."""

from typing import NamedTuple

import numpy as np

from pm_dalec.landscape.overlap import Centres, Overlap
from pm_dalec.landscape.parts import Parts

MINIMUM_COVERAGE = 0.1
"""Observations that saw less than this share of a stratum are dropped [1]."""


class LandCover(NamedTuple):
    """Stratum of each cell of a fine grid, and where the cells lie on the target grid.

    Attributes
    ----------
    strata : ndarray of uint8
        Position in `pm_dalec.STRATA`, or `MASKED`.
    weights : Overlap, Centres or Parts
        From `overlap_with` or `centres_in`.
    source : str
        Product and version, for the provenance.
    """

    strata: np.ndarray
    weights: Overlap | Centres | Parts
    source: str


class Layer(NamedTuple):
    """One observation stream on the native grid of its product.

    Attributes
    ----------
    name : str
        Variable of the units dataset: a stream, or ``csom_prior``.
    value, sigma : array_like
        ([time,] latitude, longitude) in the units of the table, NaN where missing.
    land_cover : LandCover
        Strata on this product's grid.
    times : array_like of datetime64, optional
        Start of the step that each value belongs to; absent for a prior.
    product, version, rule : str
        Provenance.
    """

    name: str
    value: np.ndarray
    sigma: np.ndarray
    land_cover: LandCover
    times: np.ndarray | None
    product: str
    version: str
    rule: str


class Loss(NamedTuple):
    """Annual losses of area as a share of the stratum.

    Attributes
    ----------
    name : str
        ``forest_loss_fraction`` or ``burned_fraction``.
    year : ndarray of int
        (latitude, longitude) calendar year in which the cell was lost, anything else for never.
    years : sequence of int
        Years of the period.
    land_cover : LandCover
        Strata on this product's grid.
    product, version : str
        Provenance.
    """

    name: str
    year: np.ndarray
    years: tuple
    land_cover: LandCover
    product: str
    version: str
