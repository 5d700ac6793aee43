"""Error models: what noise the observations of a stream have, as densities and as draws."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.errors.densities import log_density as log_density, pointwise as pointwise
    from pm_dalec.errors.likelihood import Likelihood as Likelihood, likelihood_of as likelihood_of
    from pm_dalec.errors.noise import noisy as noisy
    from pm_dalec.errors.scales import (
        absolute_from_factor as absolute_from_factor,
        factor_from_absolute as factor_from_absolute,
    )
else:
    __getattr__, __dir__, __all__ = face(__name__)
