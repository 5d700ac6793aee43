"""The verbs of a DALEC model in PyMC, one thing each."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.data.land import units_of as units_of
    from pm_dalec.graph.choices import PAPER as PAPER, Choices as Choices
    from pm_dalec.graph.likelihoods import add_observations as add_observations
    from pm_dalec.graph.model import Model as Model
    from pm_dalec.graph.priors import UnitInterval as UnitInterval
    from pm_dalec.graph.verbs import (
        add_constraints as add_constraints,
        add_dalec as add_dalec,
        add_drivers as add_drivers,
        add_parameters as add_parameters,
        coords_of as coords_of,
    )
else:
    __getattr__, __dir__, __all__ = face(__name__)
