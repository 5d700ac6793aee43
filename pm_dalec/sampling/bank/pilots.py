"""Which units of a region are pilots: the farthest from each other in what the data say of them."""

import numpy as np

from pm_dalec.lanes.cut import lane_dimensions
from pm_dalec.tables import dims

BASELINE = "baseline"  # class of units that are no strata


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


def farthest(points, count):
    """Rows in farthest-point order: the most central first, then always the farthest from those chosen.

    Parameters
    ----------
    points : array (row, feature)
        Each feature is divided by its spread.
    count : int

    Returns
    -------
    list of int
        At most ``count``; rows that coincide are not chosen twice.
    """
    spread = points.std(axis=0)
    scaled = (points - np.median(points, axis=0)) / np.where(spread > 0, spread, 1.0)
    chosen = [int((scaled**2).sum(axis=1).argmin())]
    nearest = ((scaled - scaled[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < min(count, len(points)) and nearest.max() > 0:
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, ((scaled - scaled[chosen[-1]]) ** 2).sum(axis=1))
    return chosen


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
            int(places[kinds == kind][row]) for row in farthest(table[kinds == kind], count)
        ]
        for kind in dict.fromkeys(kinds)
    }
