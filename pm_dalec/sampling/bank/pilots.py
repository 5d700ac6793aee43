"""Which units of a region are pilots: those that stand for most others in what the data say of them."""

import numpy as np
from scipy.spatial.distance import cdist

from pm_dalec.lanes.cut import lane_dimensions
from pm_dalec.posterior.runs import evenly
from pm_dalec.tables import dims

BASELINE = "baseline"  # class of units that are no strata
MOST = 3000  # units of a class that are looked at


def classes_of(model):
    """Class of every unit of a model by flat place: its stratum, or baseline.

    Parameters
    ----------
    model : pm.Model

    Returns
    -------
    array of str
    """
    space = lane_dimensions(model)
    counts = [len(model.coords[name]) for name in space]
    if dims.STRATUM not in space:
        return np.repeat(BASELINE, int(np.prod(counts, dtype=int)))
    return np.repeat([str(name) for name in model.coords[dims.STRATUM]], counts[-1])


def features(units):
    """What the data say of units: numbers by which pilots are chosen.

    Parameters
    ----------
    units : Dataset
        Of a site, of pixels or of strata of pixels.

    Returns
    -------
    array (unit, feature)
        Logarithms of wood and of soil carbon, mean and amplitude of leaf area, share of the trees that
        is felled, temperature; a feature that no unit has is left out, and a unit that lacks one has
        the median of the others.
    """
    space = dims.space_of(units)
    shape = tuple(units.sizes[name] for name in space)
    found = []
    for name, statistic in FEATURES:
        if name not in units:
            continue
        each = units[name].transpose(..., *space, missing_dims="ignore")
        if dims.TIME in each.dims:
            each = statistic(each)
        values = np.log(each.clip(min=1e-9)) if name in LOGARITHMIC else each
        missing = [d for d in space if d not in values.dims]
        values = values.expand_dims({d: units.sizes[d] for d in missing}).transpose(*space)
        found.append(np.broadcast_to(values.values, shape).ravel().astype(float))
    table = np.stack(found, axis=1)
    table = table[:, np.isfinite(table).any(axis=0)]
    return np.where(np.isfinite(table), table, np.nanmedian(table, axis=0))


def _mean(array):
    return array.mean(dims.TIME)


def _amplitude(array):
    return array.max(dims.TIME) - array.min(dims.TIME)


FEATURES = (
    ("cwood", _mean),
    ("csom_prior", _mean),
    ("lai", _mean),
    ("lai", _amplitude),
    ("forest_loss_fraction", _mean),
    ("tmin", _mean),
)
LOGARITHMIC = ("cwood", "csom_prior")


def representative(points, count):
    """Rows that stand for all others: the most central first, then always the one that serves the rest best.

    Greedy k-medoids: each row that is chosen takes as much as possible off the sum of the squared distances
    of all rows from the nearest that is chosen. Rows that are the farthest from all others stand for few.

    Parameters
    ----------
    points : array (row, feature)
        Each feature is divided by its spread. Of more than some thousand rows as many are looked at.
    count : int

    Returns
    -------
    list of int
        At most ``count``; rows that coincide are not chosen twice.
    """
    spread, rows = points.std(axis=0), evenly(len(points), MOST)
    scaled = points[rows] / np.where(spread > 0, spread, 1.0)
    distances = cdist(scaled, scaled, "sqeuclidean")
    chosen = [int(distances.sum(axis=0).argmin())]
    nearest = distances[chosen[0]]
    while len(chosen) < count and nearest.max() > 0:
        taken_off = np.maximum(nearest[:, np.newaxis] - distances, 0.0).sum(axis=0)
        chosen.append(int(taken_off.argmax()))
        nearest = np.minimum(nearest, distances[chosen[-1]])
    return [int(rows[place]) for place in chosen]


def chosen_pilots(model, units, places, count):
    """Pilots of every class of a model.

    Parameters
    ----------
    model : pm.Model
    units : Dataset
        That the model was built of.
    places : array of int
        Flat places of the units that exist.
    count : int
        Of pilots of a class, at most.

    Returns
    -------
    dict of str to list of int
        Flat places by class.
    """
    kinds, table = classes_of(model)[places], features(units)[places]
    return {
        str(kind): [
            int(places[kinds == kind][row]) for row in representative(table[kinds == kind], count)
        ]
        for kind in dict.fromkeys(kinds)
    }
