"""What a fit says: files, trajectories, budgets, convergence, and draws added up to pixels and domain."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.posterior.aggregation import (
        aggregate as aggregate,
        combine_pixels as combine_pixels,
        combine_strata as combine_strata,
        domain_sample as domain_sample,
    )
    from pm_dalec.posterior.budgets import budget as budget
    from pm_dalec.posterior.cf.file import export as export
    from pm_dalec.posterior.convergence import (
        diagnose as diagnose,
        unit_report as unit_report,
        verdict as verdict,
    )
    from pm_dalec.posterior.ensembles import summarise as summarise
    from pm_dalec.posterior.fit_file import load as load, save as save
    from pm_dalec.posterior.groups.complete import with_groups as with_groups
    from pm_dalec.posterior.groups.likelihoods import log_likelihood as log_likelihood
    from pm_dalec.posterior.metrics import (
        fit_metrics as fit_metrics,
        scale_variance as scale_variance,
    )
    from pm_dalec.posterior.polygons.file import write_polygons as write_polygons
    from pm_dalec.posterior.polygons.results import results_as_polygons as results_as_polygons
    from pm_dalec.posterior.runs import theta_of as theta_of
    from pm_dalec.posterior.trajectory import (
        observations_of as observations_of,
        trajectories as trajectories,
    )
else:
    __getattr__, __dir__, __all__ = face(__name__)
