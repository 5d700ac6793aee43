"""From a model to a fit: units, their chains, checkpoints, and the step method of PyMC."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.sampling.calibration import calibrate as calibrate
    from pm_dalec.sampling.edinburgh import calibrate_edinburgh as calibrate_edinburgh
    from pm_dalec.sampling.families.nuts import calibrate_nuts as calibrate_nuts
    from pm_dalec.sampling.families.smc import calibrate_smc as calibrate_smc
    from pm_dalec.sampling.labelled_fit import as_fit as as_fit
    from pm_dalec.sampling.region_store import calibrate_region as calibrate_region
    from pm_dalec.sampling.starts import feasible_start as feasible_start
    from pm_dalec.sampling.step_method import AdaptiveMetropolis as AdaptiveMetropolis
else:
    __getattr__, __dir__, __all__ = face(__name__)
