"""Forest estates on the synthetic twin: invented outlines around its densest conifer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from pyproj import Transformer
from scipy.ndimage import uniform_filter

from pm_dalec.landscape.parts import WGS84
from pm_dalec.landscape.twin.random_fields import named_generator
from pm_dalec.tables.numbers import whole_number
from pm_dalec.tables.strata import STRATUM_NAMES

if TYPE_CHECKING:
    from pm_dalec.landscape.twin.twin import Twin

NATIONAL_GRID = "EPSG:27700"
WINDOW = 24  # cells of the twin across which conifer is dense, about 5 by 8 km
RADII = (3000.0, 6000.0)  # m, of an estate
APART = 14_000.0  # m between two middles, so that no two estates touch
CORNERS = 11
MOST = 20


def forest_estates(twin: Twin, count: int = 6) -> gpd.GeoDataFrame:
    """Handful of forest estates on the twin, in the National Grid.

    They are invented, as all of the twin is: outlines drawn at random from the twin's seed, around the
    places where its conifer is densest. No estate of that name or shape exists.

    Parameters
    ----------
    twin : Twin
        The landscape.
    count : int
        Number of estates, at most 20.

    Returns
    -------
    GeoDataFrame
        Column ``estate`` and polygons in EPSG:27700 [m].
    """
    advice = "the twin has room for no more"
    count = whole_number("count", count, least=1, most=MOST, advice=advice)
    rng = named_generator(twin.seed, "estates")
    outlines = [_outline(middle, rng) for middle in _middles(twin, count)]
    names = [f"estate {number}" for number in range(1, count + 1)]
    return gpd.GeoDataFrame({"estate": names}, geometry=outlines, crs=NATIONAL_GRID)


def _middles(twin, count):
    """Places [m] of the densest conifer, each at a distance from those before."""
    strata = twin.fields["stratum"]
    conifer = (strata == STRATUM_NAMES.index("conifer")).to_numpy().astype(float)
    dense = uniform_filter(conifer, WINDOW, mode="constant")
    longitude, latitude = np.meshgrid(strata["lon"], strata["lat"])
    turn = Transformer.from_crs(WGS84, NATIONAL_GRID, always_xy=True)
    x, y = turn.transform(longitude, latitude)
    border = 2 * WINDOW
    dense[:border], dense[-border:], dense[:, :border], dense[:, -border:] = 0, 0, 0, 0
    found = []
    for _ in range(count):
        place = np.unravel_index(dense.argmax(), dense.shape)
        found.append((x[place], y[place]))
        dense[np.hypot(x - x[place], y - y[place]) < APART] = 0
    return found


def _outline(middle, rng):
    angles = 2 * np.pi * (np.arange(CORNERS) + rng.uniform(-0.3, 0.3, CORNERS)) / CORNERS
    radii = rng.uniform(*RADII, CORNERS)
    points = np.column_stack([radii * np.cos(angles), radii * np.sin(angles)]) + middle
    return shapely.Polygon(np.round(points))
