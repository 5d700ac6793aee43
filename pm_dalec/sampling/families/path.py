"""The path of particles from the unit cube to a posterior, in three legs, with what each leg weighs.

Prior, constraints and likelihood come in one after the other, each tempered: what is integrated on the way
is the probability that the constraints leave of the prior, and the evidence of the data under them.
"""

from typing import NamedTuple

import numpy as np
import pytensor
import pytensor.tensor as pt
from scipy.special import logsumexp

from pm_dalec.graph import notes
from pm_dalec.sampling.any_model.cube import in_unit_cube
from pm_dalec.sampling.any_model.lowered import lowered
from pm_dalec.sampling.bank.wide_target import CONSTRAINTS
from pm_dalec.sampling.target import is_foreign, target_of, terms_of

HARD = 1e300  # power of a shortfall that leaves no probability to it, and no NaN to zero
FIRST_HARDNESS = 1e-6  # below which no shortfall is felt
HALVINGS = 60  # of the bisection of a power


class Powers(NamedTuple):
    """Powers of the three factors of a posterior.

    Parameters
    ----------
    prior, constraints, likelihood : float
        From zero; one is the whole of prior and likelihood, and of constraints in the soft form. Hard
        constraints are felt by what the rules that fail lack, times a power up to `HARD`.
    """

    prior: float = 0.0
    constraints: float = 0.0
    likelihood: float = 0.0

    def as_data(self):
        """Powers by the names that they have as data of a tempered target."""
        return {f"power_of_{name}": np.array(value) for name, value in self._asdict().items()}


class Parts(NamedTuple):
    """Logarithms of the three factors at the places of particles, arrays (particle,)."""

    prior: np.ndarray
    constraints: np.ndarray
    likelihood: np.ndarray


PLACES = Parts(prior=3, constraints=1, likelihood=2)
"""Results of a tempered target that are the parts; the first is their sum, each times its power."""


class Tempered(NamedTuple):
    """A tempered target, and what is needed to name its draws.

    Parameters
    ----------
    model : pm.Model
        Itself, or where it is no model of DALEC its copy in the unit cube.
    target : Target
        Its ``early`` holds where the constraints are hard.
    ends : Powers
        At which it is the posterior.
    """

    model: object
    target: object
    ends: Powers


def tempered(model):
    """Compile the target of a model with a power for each of its three factors.

    Parameters
    ----------
    model : pm.Model
        Of units of DALEC, or any other whose free variables are continuous. Potentials that are no
        constraints of DALEC belong to the likelihood, as in `pymc.sample_smc`.

    Returns
    -------
    Tempered
    """
    foreign = is_foreign(model)
    model = in_unit_cube(model) if foreign else model
    terms, known = terms_of(model), notes.of(model)
    hard = known.shortfall is not None and known.softness is None
    none = pt.zeros_like(sum((*terms.densities, *terms.potentials), 0.0))
    parts = {name: none for name in Powers._fields}
    for variable, term in zip(model.basic_RVs, terms.densities, strict=True):
        parts["likelihood" if variable in model.observed_RVs else "prior"] += term
    for potential, term in zip(model.potentials, terms.potentials, strict=True):
        rule = known.shortfall is not None and potential.name.endswith(CONSTRAINTS)
        if not (rule and hard):
            parts["constraints" if rule else "likelihood"] += term
    if hard:
        parts["constraints"] -= terms.shortfall
    if foreign:
        parts = dict(zip(parts, lowered(list(parts.values())), strict=True))
    powers = {n: pytensor.shared(v, name=n) for n, v in Powers().as_data().items()}
    total = sum(power * part for power, part in zip(powers.values(), parts.values(), strict=True))
    terms = terms._replace(shortfall=parts["constraints"], score=parts["prior"])
    rules = terms.potentials if hard else ()
    target = target_of(model, terms, total, parts["likelihood"], rules)
    ends = Powers(1.0, HARD if hard else float(known.shortfall is not None), 1.0)
    return Tempered(model, target, ends)


def log_weights(parts, before, after):
    """Logarithms of the weights of particles from one place of the path to another (particle,)."""
    return sum(
        (new - old) * part for new, old, part in zip(after, before, parts, strict=True) if new > old
    )


def effective(weights):
    """Effective share of particles with these logarithms of weights [1]."""
    if not np.isfinite(weights).any():
        return 0.0
    return float(np.exp(2 * logsumexp(weights) - logsumexp(2 * weights)) / len(weights))


def next_powers(parts, now, ends, least):
    """Powers of the next stage: as far as a share of the particles remains effective.

    Parameters
    ----------
    parts : Parts
    now, ends : Powers
    least : float
        Effective share that is left.

    Returns
    -------
    Powers
        The first leg that is not at its end is moved on, to its end where that is not too far.
    """
    leg = next(name for name in Powers._fields if getattr(now, name) < getattr(ends, name))
    start, end = getattr(now, leg), getattr(ends, leg)

    def share(power):
        return effective(log_weights(parts, now, now._replace(**{leg: power})))

    if share(end) >= least:
        return now._replace(**{leg: end})
    low, high = (np.log(max(start, FIRST_HARDNESS)), np.log(end))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if share(np.exp(middle)) >= least else (low, middle)
    return now._replace(**{leg: float(np.exp(low))})
