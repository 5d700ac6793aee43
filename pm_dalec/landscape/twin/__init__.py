"""The synthetic landscape, whose truth is known."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.landscape.twin.region import (
        build_region as build_region,
        fractions_of as fractions_of,
    )
    from pm_dalec.landscape.twin.table import CLASSES as CLASSES, DOMAIN as DOMAIN
    from pm_dalec.landscape.twin.truth import add_truth as add_truth
    from pm_dalec.landscape.twin.twin import make_twin as make_twin
    from pm_dalec.landscape.twin.weather import meteorology as meteorology
else:
    __getattr__, __dir__, __all__ = face(__name__)
