"""Small inputs for tests, and parity with the reference code."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.testing.emulated import emulated_fits as emulated_fits
    from pm_dalec.testing.parameters import (
        near_feasible as near_feasible,
        random_theta as random_theta,
    )
    from pm_dalec.testing.reference_file import from_reference as from_reference
    from pm_dalec.testing.reference_parity import parity as parity
    from pm_dalec.testing.tiny import (
        random_drivers as random_drivers,
        tiny_fit as tiny_fit,
        tiny_region as tiny_region,
        tiny_site as tiny_site,
    )
else:
    __getattr__, __dir__, __all__ = face(__name__)
