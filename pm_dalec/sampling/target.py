"""What lanes sample: log-probability, constraint shortfall and pre-phase target of a model."""

from itertools import zip_longest
from typing import NamedTuple

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.graph.traversal import ancestors
from pytensor.scan.op import Scan

from pm_dalec.data.uncertainties import kind_of
from pm_dalec.errors.scales import scale_for
from pm_dalec.graph import notes
from pm_dalec.graph.priors import UnitInterval
from pm_dalec.lanes.cut import (
    check_lanes,
    density_terms,
    lane_dimensions,
    lane_graph,
    row_names,
)
from pm_dalec.lanes.function import LaneFunction
from pm_dalec.sampling.any_model.transforms import Row
from pm_dalec.tables import dims
from pm_dalec.tables.constants import DAYS_PER_YEAR
from pm_dalec.tables.parameters import PARAMETERS, Theta
from pm_dalec.tables.variables import DRIVERS


class Target(NamedTuple):
    """Compiled target of a model.

    Parameters
    ----------
    function : LaneFunction
        Results for each lane: log-probability; shortfall of the constraints (zero where all hold);
        log-probability with each stream divided by its number of observations (CARDAMOM's pre-phase);
        score of the start-up search (-5 a failed rule).
    early : LaneFunction or None
        Minus infinity where a potential that needs no run of the model is; None where the model has no
        such potential.
    rows : tuple of str
        Names of the free variables in the order of the positions.
    transforms : tuple
        Turn a row of positions in the unit interval into natural units.
    processes : array (parameter,) of int
        Number of the process that a parameter belongs to; those of a process are moved together.
    circular : tuple of bool
        Whether a parameter is a day that acts modulo 365.25.
    years : array (parameter,)
        Length of a year over the lower bound of such a day; zero of other parameters, and where the
        bounds are more than a year apart.
    spans : array (parameter,)
        Logarithms of upper over lower bound.
    site : bool
        Whether the model has one unit, without a dimension for it.
    """

    function: LaneFunction
    early: LaneFunction | None
    rows: tuple
    transforms: tuple
    processes: np.ndarray
    circular: tuple
    years: np.ndarray
    spans: np.ndarray
    site: bool


OTHER = "other"  # process of a free variable that is no DALEC parameter


def per_lane(term, lane_axes):
    """Term of a log-probability summed over all axes but the last ones, which are those of lanes."""
    leading = tuple(range(term.ndim - lane_axes))
    return term.sum(axis=leading) if leading else term


def check_model(model, caller):
    """Refuse a model that these samplers cannot sample: they move in the unit interval.

    Parameters
    ----------
    model : pm.Model
    caller : str
        For the message.

    Raises
    ------
    TypeError, ValueError
    """
    if not isinstance(model, pm.Model):
        raise TypeError(
            f"wanted a model (pm.Model), got {type(model).__name__} as the first argument of {caller}; "
            "make one with models.baseline.build(land)"
        )
    if not model.free_RVs:
        raise ValueError(
            f"wanted a model with free variables, got one without any in {caller}; leave at least one "
            "parameter that is not Fixed"
        )
    others = [
        variable.name
        for variable in model.free_RVs
        if not isinstance(model.rvs_to_transforms.get(variable), UnitInterval)
    ]
    if others:
        raise ValueError(
            f"wanted free variables in the unit interval, as a model of pm_dalec has them, got "
            f"{others[0]!r} without that transform in {caller}; sample this model with pm.sample, or "
            "give its parameters the priors of graph.add_parameters"
        )
    check_lanes(model, lane_dimensions(model))


def is_foreign(model):
    """Whether this is a model of PyMC with free variables, none of which is a parameter of DALEC."""
    return (
        isinstance(model, pm.Model)
        and bool(model.free_RVs)
        and not {variable.name for variable in model.free_RVs} & {*Theta._fields}
        and not notes.of(model).units
    )


def check_dalec(model, caller):
    """Refuse a model of which no fit of DALEC can be made.

    Parameters
    ----------
    model : pm.Model
    caller : str
        For the message.

    Raises
    ------
    TypeError, ValueError
    """
    check_model(model, caller)
    there = {*(variable.name for variable in model.free_RVs), *notes.of(model).fixed}
    missing = [name for name in Theta._fields if name not in there]
    if missing or dims.TIME not in model.coords:
        raise ValueError(
            f"wanted a model of DALEC with its drivers and {len(Theta._fields)} parameters, got none of "
            f"{', '.join(missing[:4]) or 'the drivers'} in {caller}; make one with "
            "models.baseline.build(land), or sample this one with pm.sample"
        )
    _check_data(model, caller)


def _check_data(model, caller):
    """Refuse a model whose data were set anew: a fit keeps the dataset that it was built of."""
    known = notes.of(model)
    units, space, held = known.units, dims.space_of(known.units), {}
    for name in (*DRIVERS, "lat", *known.likelihoods):
        array = units[name].transpose(dims.TIME, *space, missing_dims="ignore").values
        if name not in known.likelihoods:
            held[name] = name, array
            continue
        given = units[f"{name}_unc"].transpose(dims.TIME, *space).values
        with np.errstate(invalid="ignore"):  # where nothing was seen
            scale = scale_for(known.likelihoods[name], array, given, kind_of(units, name))
        held |= {f"{name}_data": (name, array), f"{name}_sigma": (f"{name}_unc", scale)}
    for ours, (theirs, array) in held.items():
        if ours not in model.named_vars:
            continue
        seen = np.isfinite(array)
        if not np.array_equal(model[ours].get_value()[seen], array[seen]):
            raise ValueError(
                f"wanted {theirs!r} of the dataset that the model was built of, got other numbers in "
                f"{ours!r} of the model in {caller}; build a model of the other data"
            )


def compile_target(model):
    """Compile the target of a model whose terms all have the dimensions of its units last.

    Parameters
    ----------
    model : pm.Model
        Its free variables are DALEC parameters with the transform of their prior.

    Returns
    -------
    Target
    """
    terms, axes = terms_of(model), len(lane_dimensions(model))
    total, scaled = 0.0, 0.0
    for variable, term in zip_longest(model.basic_RVs, (*terms.densities, *terms.potentials)):
        total = total + term
        if variable in model.observed_RVs:
            value = model.rvs_to_values[variable]
            seen = model.named_vars.get(f"{variable.name}_seen", pt.ones_like(value))
            term = term / pt.maximum(per_lane(seen, axes), 1.0)
        scaled = scaled + term
    return target_of(model, terms, total, scaled, terms.potentials)


class Terms(NamedTuple):
    """Terms of the log-probability of a model, and what a search for a start looks at.

    Parameters
    ----------
    densities : tuple of Variable
        In the order of the model's ``basic_RVs``; each has one value a lane.
    potentials : tuple of Variable
        In the order of the model's.
    shortfall, score : Variable
        Of the constraints.
    """

    densities: tuple
    potentials: tuple
    shortfall: object
    score: object


def terms_of(model):
    """Terms of a model whose terms all have the dimensions of its units last.

    Parameters
    ----------
    model : pm.Model

    Returns
    -------
    Terms
    """
    space = lane_dimensions(model)
    check_lanes(model, space)
    known = notes.of(model)
    extra = [] if known.shortfall is None else [known.shortfall, known.score]
    found = density_terms(model, extra)
    terms = [per_lane(term, len(space)) for term in found[: len(found) - len(extra)]]
    count = len(model.basic_RVs)
    none = pt.zeros_like(sum(terms, 0.0))
    return Terms(tuple(terms[:count]), tuple(terms[count:]), *(found[len(terms) :] or [none] * 2))


def target_of(model, terms, total, scaled, potentials):
    """Compiled target of a model with a log-probability of its own.

    Parameters
    ----------
    model : pm.Model
    terms : Terms
        Of the model.
    total, scaled : Variable
        First and third result of `Target`.
    potentials : sequence of Variable
        Those that end a proposal early where they need no run of the model.

    Returns
    -------
    Target
    """
    space = lane_dimensions(model)
    results = [total, terms.shortfall, scaled, terms.score]
    function = LaneFunction(lane_graph(model, results, space))
    cheap = [term for term in potentials if not _needs_run(term)]
    early = LaneFunction(lane_graph(model, [sum(cheap)], space)) if cheap else None
    names, transforms = function.names, _row_transforms(model, space)
    circular = tuple(name in PARAMETERS and PARAMETERS[name].circular for name in names)
    return Target(
        function=function,
        early=early,
        rows=names,
        transforms=transforms,
        processes=_processes(names),
        circular=circular,
        years=np.array([_year(*each) for each in zip(circular, transforms, strict=True)]),
        spans=np.array([transform.span for transform in transforms]),
        site=not space,
    )


def _row_transforms(model, space):
    """Transform of every row of positions."""
    own = {name: model.rvs_to_transforms[model[name]] for name in row_names(model, space)}
    rows = {n: one if isinstance(one, UnitInterval) else Row() for n, one in own.items()}
    return tuple(rows[name] for name, names in row_names(model, space).items() for _ in names)


def bound_to(target, chains, place, instead=None):
    """Target joined to the data of one unit, one lane a chain.

    Parameters
    ----------
    target : Target
    chains : int
    place : int
        Flat place of the unit in the model.
    instead : dict of str to array, optional
        Data in place of the model's.

    Returns
    -------
    BoundLanes
    """
    if target.site:
        return target.function.bind(lanes=chains, instead=instead)
    return target.function.bind(units=np.full(chains, place), instead=instead)


def _processes(names):
    """Number of the process of each parameter (parameter,)."""
    found = [PARAMETERS[name].process if name in PARAMETERS else OTHER for name in names]
    return np.unique(found, return_inverse=True)[1]


def _year(circular, transform):
    """Length of a year over the lower bound of a day; zero where no move goes round the year."""
    year = DAYS_PER_YEAR / transform.lower
    return year if circular and np.expm1(transform.span) <= year * (1 + 1e-12) else 0.0


def _needs_run(term):
    """Whether a term looks at what a scan over time gives."""
    return any(v.owner is not None and isinstance(v.owner.op, Scan) for v in ancestors([term]))


def natural(target, positions):
    """Parameters in natural units by name.

    Parameters
    ----------
    target : Target
    positions : array (..., parameter)
        In the unit interval.
    """
    return {
        name: transform.natural(positions[..., row])
        for row, (name, transform) in enumerate(zip(target.rows, target.transforms, strict=True))
    }
