"""A model with all its free variables in the unit interval: the same density, with its Jacobians."""

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pymc.logprob.transforms import (
    ChainedTransform,
    CircularTransform,
    IntervalTransform,
    LogOddsTransform,
)
from pymc.model.transform.conditioning import change_value_transforms
from pytensor.graph.basic import Constant

from pm_dalec.graph.priors import UnitInterval
from pm_dalec.lanes.cut import lane_dimensions
from pm_dalec.sampling.any_model.transforms import Between, WholeLine

DRAWN = {"draws": 400, "random_seed": 1, "mode": "FAST_COMPILE"}
"""Draws of the prior, which tell where a variable is and how wide."""


def check_any(model, caller):
    """Refuse a model whose density is none of continuous variables of one unit.

    Parameters
    ----------
    model : pm.Model
    caller : str
        For the message.

    Raises
    ------
    ValueError
    """
    discrete = [variable.name for variable in model.free_RVs if variable.dtype.startswith("int")]
    if discrete:
        raise ValueError(
            f"wanted continuous free variables, got the discrete {discrete[0]!r} in {caller}; sum it "
            "out of the model, or sample this model with pm.sample"
        )
    if lane_dimensions(model):
        raise ValueError(
            f"wanted a model of one unit, as this is no model of DALEC, got the dimension "
            f"{lane_dimensions(model)[0]!r} in {caller}; give that dimension another name"
        )
    shapes = {name: tuple(map(int, shape)) for name, shape in model.eval_rv_shapes().items()}
    for variable in model.free_RVs:
        value = model.rvs_to_values[variable].name
        if shapes[value] != shapes[variable.name]:
            raise ValueError(
                f"wanted free variables that have as many values as they have degrees of freedom, got "
                f"{variable.name!r} (shape {shapes[variable.name]}, that of its value {shapes[value]}) in "
                f"{caller}; write it with free variables of its own, or sample with pm.sample"
            )


def refuse_others(**given):
    """Refuse arguments of `calibrate`, by name, that only units of DALEC have a use for."""
    used = [name for name, value in given.items() if value is not None]
    if used:
        raise ValueError(
            f"wanted a model of DALEC with {used[0]}, got a model without its parameters in calibrate; "
            f"leave {used[0]} out"
        )


def in_unit_cube(model):
    """Copy of a model whose value variables all lie in the unit interval; its density is the same.

    A variable between two bounds is taken by its share of the interval. Any other keeps its own transform
    to the whole line, and that is wound into the unit interval, about the median of its prior and by its
    quartiles. Variables in the unit interval of pm_dalec stay as they are.

    Parameters
    ----------
    model : pm.Model

    Returns
    -------
    pm.Model
    """
    new, wide = {}, []
    for variable in model.free_RVs:
        transform = model.rvs_to_transforms[variable]
        if isinstance(transform, UnitInterval | Between):
            continue
        bounds = _bounds_of(transform, variable)
        if bounds is None:
            wide.append(variable)
        else:
            new[variable] = Between(bounds)
    for variable, (location, scale) in zip(wide, _places(model, wide), strict=True):
        own, line = model.rvs_to_transforms[variable], WholeLine(location, scale)
        new[variable] = line if own is None else ChainedTransform([own, line])
    return _changed(model, new) if new else model


def _changed(model, transforms):
    """Copy of a model with other transforms; initial values, which PyMC cannot copy, are left behind."""
    held = dict(model.rvs_to_initial_values)
    try:
        model.rvs_to_initial_values.update(dict.fromkeys(held))
        return change_value_transforms(model, transforms)
    finally:
        model.rvs_to_initial_values.update(held)


def _bounds_of(transform, variable):
    """Function that gives both bounds of a variable from its inputs; None where one is infinite."""
    if isinstance(transform, LogOddsTransform):
        return lambda *inputs: (0.0, 1.0)
    if isinstance(transform, CircularTransform):
        return lambda *inputs: (-np.pi, np.pi)
    if not isinstance(transform, IntervalTransform):
        return None
    found = transform.args_fn(*variable.owner.inputs)
    if any(_is_infinite(bound) for bound in found):
        return None
    return lambda *inputs: tuple(
        pt.cast(bound, "float64")
        for bound in transform.args_fn(*inputs)  # of 8 bits they may be
    )


def _is_infinite(bound):
    if bound is None:
        return True
    known = (
        bound.data if isinstance(bound, Constant) else None if hasattr(bound, "owner") else bound
    )
    return known is not None and not np.isfinite(known).all()


def _places(model, variables):
    """Median and half the distance of the quartiles of each variable's prior, on the whole line."""
    if not variables:
        return []
    values = [
        variable if transform is None else transform.forward(variable, *variable.owner.inputs)
        for variable in variables
        for transform in [model.rvs_to_transforms[variable]]
    ]
    try:
        return list(map(_place, pm.draw(values, **DRAWN)))
    except NotImplementedError:  # of improper priors, which cannot be drawn from
        starts = model.initial_point()
    found = []
    for variable, value in zip(variables, values, strict=True):
        try:
            found.append(_place(pm.draw(value, **DRAWN)))
        except NotImplementedError:
            start = starts[model.rvs_to_values[variable].name]
            found.append((start, np.ones_like(start)))
    return found


def _place(draws):
    """Location and scale of draws (draw, ...)."""
    draws = np.where(np.isfinite(draws), draws, np.nan)
    low, middle, high = np.nanquantile(draws, [0.25, 0.5, 0.75], axis=0)
    half = (high - low) / 2
    return middle, np.where(half > 0, half, 1.0)
