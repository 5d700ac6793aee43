"""What lanes sample: log-probability, constraint shortfall and pre-phase target of a model."""

from typing import NamedTuple

import numpy as np
import pytensor.tensor as pt

from pm_dalec.dims import PIXEL
from pm_dalec.lane_graph import lane_graph
from pm_dalec.lanes import LaneFunction, check_lanes


class Target(NamedTuple):
    """Compiled target of a model.

    Results of ``function`` for each lane: log-probability; shortfall of the constraints (zero where all
    hold); log-probability with each stream divided by its number of observations (CARDAMOM's
    pre-phase). ``rows`` are the names of the free variables in the order of the positions, ``transforms``
    turn a row of positions in the unit interval into natural units.
    """

    function: LaneFunction
    rows: tuple
    transforms: tuple


def per_lane(term):
    """Term of a log-probability summed over all axes but the last."""
    return term.sum(axis=tuple(range(term.ndim - 1))) if term.ndim > 1 else term


def compile_target(model):
    """Compile the target of a model whose terms all have ``pixel`` last.

    Parameters
    ----------
    model : pm.Model
        Its free variables are DALEC parameters with the transform of `pm_dalec.priors`.

    Returns
    -------
    Target
    """
    check_lanes(model, PIXEL)
    terms = [per_lane(term) for term in model.logp(sum=False)]
    observed = {variable: place for place, variable in enumerate(model.basic_RVs)
                if variable in model.observed_RVs}  # fmt: skip
    total, scaled = 0.0, 0.0
    for place, term in enumerate(terms):
        total = total + term
        weight = next((_count(model, v) for v, at in observed.items() if at == place), None)
        scaled = scaled + (term if weight is None else term / weight)
    shortfall = getattr(model, "constraint_shortfall", 0.0)
    if isinstance(shortfall, float):
        shortfall = pt.zeros_like(total)
    else:
        (shortfall,) = model.replace_rvs_by_values([shortfall])
    function = LaneFunction(lane_graph(model, [total, shortfall, scaled], PIXEL))
    names = tuple(variable.name for variable in model.free_RVs)
    transforms = tuple(model.rvs_to_transforms[variable] for variable in model.free_RVs)
    return Target(function, names, transforms)


def _count(model, variable):
    """Number of observations of a stream in each lane, at least one."""
    seen = variable.name.removesuffix("_observed") + "_seen"
    if seen in model.named_vars:
        return pt.maximum(per_lane(model[seen]), 1.0)
    return float(np.prod(variable.type.shape[:-1] or 1))


def natural(target, positions):
    """Parameters in natural units by name.

    Parameters
    ----------
    target : Target
    positions : array (..., parameter)
        In the unit interval.
    """
    return {
        name: transform.lower * np.exp(transform.span * positions[..., row])
        for row, (name, transform) in enumerate(zip(target.rows, target.transforms, strict=True))
    }
