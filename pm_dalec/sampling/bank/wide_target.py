"""The wider target that pilots of a draw bank sample, and log-densities at many positions of one unit.

A unit's posterior may reach where its pilot's has no mass: its data differ, and the weather moves the
walls of the constraints. So pilots sample the prior times the likelihood to a power below one, and a
constraint that fails costs probability instead of ending it. Both are exact knowledge: the density of
the wide target is computed, never estimated, and the weights take it off again.
"""

from dataclasses import dataclass

import numpy as np

from pm_dalec.graph import notes
from pm_dalec.sampling.kernels.acceptance import LOGP
from pm_dalec.sampling.target import target_of, terms_of
from pm_dalec.tables.numbers import number

CONSTRAINTS = "_constraints"  # end of the names of the potentials that hold them


@dataclass(frozen=True)
class Width:
    """How much wider than its posterior a pilot samples.

    Parameters
    ----------
    power : float
        Of the likelihood, in (0, 1].
    slack : float
        Logarithmic margin by which a rule may fail for a factor of e in density; zero keeps the hard
        rules, and what lies beyond a pilot's walls is then out of reach of its draws.
    """

    power: float = 0.7
    slack: float = 0.05

    def __post_init__(self):
        """Refuse what widens nothing or everything."""
        advice = "0.7 is usual, 1 the posterior itself"
        number("power", self.power, above=0.0, most=1.0, advice=advice)
        number("slack", self.slack, least=0.0, advice="0.05 is usual, 0 keeps the hard rules")


def wide_target(model, width):
    """Compile the wide target of a model.

    Parameters
    ----------
    model : pm.Model
    width : Width

    Returns
    -------
    Target
        Its first result is the log-density of the wide target; the others are those of the model.
    """
    terms = terms_of(model)
    relaxed = width.slack > 0 and notes.of(model).shortfall is not None
    total = 0.0
    for variable, term in zip(model.basic_RVs, terms.densities, strict=True):
        total = total + (width.power * term if variable in model.observed_RVs else term)
    kept = [
        term
        for potential, term in zip(model.potentials, terms.potentials, strict=True)
        if not (relaxed and potential.name.endswith(CONSTRAINTS))
    ]
    for term in kept:
        total = total + term
    if relaxed:
        total = total - terms.shortfall / width.slack
    return target_of(model, terms, total, total, kept)


def log_densities(bound, positions):
    """Log-density of one unit at many positions (position,); minus infinity where it has none.

    Parameters
    ----------
    bound : BoundLanes
        Every lane with the data of the unit.
    positions : array (position, parameter)
        In the unit interval.
    """
    lanes, found = bound.padded, np.empty(len(positions))
    for first in range(0, len(positions), lanes):
        part = positions[first : first + lanes]
        rows = np.empty((positions.shape[1], lanes))
        rows[:, : len(part)] = part.T
        rows[:, len(part) :] = part[-1:].T
        out = bound.results(rows)
        found[first : first + lanes] = out[:, LOGP].reshape(-1)[: len(part)]
    return np.where(np.isnan(found), -np.inf, found)
