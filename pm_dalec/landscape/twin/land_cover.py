"""Land cover and elevation of the synthetic landscape: nested thresholds of Gaussian fields."""

import numpy as np
from scipy.stats import norm

from pm_dalec.landscape.twin.random_fields import (
    gaussian_field,
    named_generator,
    nested_field,
    top_share,
)
from pm_dalec.landscape.twin.table import CLASSES

LENGTHS, VARIANCES = (80.0, 15.0, 2.0), (0.25, 0.30, 0.45)
"""Correlation lengths [km] and shares of variance [1] of the fields behind the strata."""

URBAN_LENGTH, URBAN_SHARE = 6.0, 0.04
"""Correlation length [km] of towns and their share of the land [1]."""

COAST_SHARE, COAST_WOBBLE, COAST_LENGTH = 0.10, 0.02, 20.0
"""Mean width of the sea at either side and its variation [1 of the domain], its length [km]."""

SEA, URBAN, BROADLEAF, CONIFER, ARABLE, IMPROVED = 13, 20, 1, 2, 3, 4
ACID_GRASS, HEATHER, BOG = 7, 9, 11

LOWEST, RELIEF = 15.0, 650.0
"""Lowest elevation and relief [m]."""


def land_cover_map(seed, shape, *, spacing, mask):
    """Land cover as classes of LCM2015, and elevation.

    Conifer takes the highest part of its field, heath of its own among the rest, then broadleaf;
    what remains is arable land and pasture. The fractions hold for the unmasked area.

    Parameters
    ----------
    seed : int
        Seed of the landscape.
    shape : tuple of int
        Rows (south to north) and columns.
    spacing : tuple of float
        Distance between rows and between columns [km].
    mask : bool
        Whether there are sea and towns.

    Returns
    -------
    classes : ndarray of uint8
        Class of LCM2015.
    elevation : ndarray of float32
        [m].
    """
    fields = {
        name: nested_field(
            named_generator(seed, name),
            shape,
            spacing=spacing,
            lengths=LENGTHS,
            variances=VARIANCES,
        )
        for name in ("conifer", "heath", "broadleaf")
    }
    towns = gaussian_field(
        named_generator(seed, "towns"), shape, spacing=spacing, length=URBAN_LENGTH
    )
    # Rows are narrower to the north; only ratios of areas matter here
    rows = np.cos(np.deg2rad(55 + (np.arange(shape[0]) + 0.5 - shape[0] / 2) * spacing[0] / 111.2))
    area = np.broadcast_to(rows[:, None], shape)
    land = ~_sea(seed, shape, spacing) if mask else np.ones(shape, dtype=bool)
    unmasked_area = area[land].sum() * (1 - URBAN_SHARE if mask else 1)
    classes = np.full(shape, SEA, dtype=np.uint8)
    rest = land
    for name in ("conifer", "heath", "broadleaf"):
        wanted = CLASSES[name].fraction * unmasked_area
        taken = top_share(fields[name], rest, area, wanted=wanted)
        classes[taken] = {"conifer": CONIFER, "heath": HEATHER, "broadleaf": BROADLEAF}[name]
        rest = rest & ~taken
    classes[rest] = np.where(fields["conifer"][rest] < -1, ARABLE, IMPROVED)
    if mask:
        wanted = URBAN_SHARE * area[land].sum()
        classes[top_share(towns, rest, area, wanted=wanted)] = URBAN
    classes[(classes == HEATHER) & (fields["heath"] > 1.8)] = BOG
    classes[(classes == HEATHER) & (fields["heath"] < 0.8)] = ACID_GRASS
    elevation = LOWEST + RELIEF * norm.cdf(fields["heath"]) ** 2
    return classes, np.where(classes == SEA, 0.0, elevation).astype(np.float32)


def stratum_correlation(distance):
    """Correlation of the fields behind the strata.

    Parameters
    ----------
    distance : array_like
        [km].

    Returns
    -------
    ndarray
    """
    distance = np.asarray(distance)
    return sum(
        share * np.exp(-distance / length) for share, length in zip(VARIANCES, LENGTHS, strict=True)
    )


def _sea(seed, shape, spacing):
    """Sea west and east of two wavering coasts."""
    across = (np.arange(shape[1]) + 0.5) / shape[1]
    widths = []
    for side in ("west coast", "east coast"):
        wobble = gaussian_field(
            named_generator(seed, side), (shape[0], 2), spacing=spacing, length=COAST_LENGTH
        )[:, 0]
        widths.append(COAST_SHARE + COAST_WOBBLE * wobble)
    return (across < widths[0][:, None]) | (across > 1 - widths[1][:, None])
