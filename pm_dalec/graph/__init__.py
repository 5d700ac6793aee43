"""The verbs of a DALEC model in PyMC, one thing each."""

from pm_dalec.data.land import units_of
from pm_dalec.graph.choices import PAPER, Choices
from pm_dalec.graph.verbs import (
    add_constraints,
    add_dalec,
    add_drivers,
    add_observations,
    add_parameters,
    coords_of,
)

__all__ = [
    "PAPER",
    "Choices",
    "add_constraints",
    "add_dalec",
    "add_drivers",
    "add_observations",
    "add_parameters",
    "coords_of",
    "units_of",
]
