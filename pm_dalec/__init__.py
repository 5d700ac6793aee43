"""Bayesian model-data fusion of the terrestrial carbon cycle with DALEC inside PyMC."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec._version import __version__ as __version__
    from pm_dalec.constraints.report import edc_report as edc_report
    from pm_dalec.constraints.sets import EDCS as EDCS
    from pm_dalec.data.by_name import available_sites as available_sites, load_site as load_site
    from pm_dalec.data.series.frame import site_from_frame as site_from_frame
    from pm_dalec.data.site_file import open_site as open_site
    from pm_dalec.data.synthetic_sites import synthetic_site as synthetic_site
    from pm_dalec.forecasting.projection import forecast as forecast
    from pm_dalec.graph.choices import Choices as Choices
    from pm_dalec.landscape.polygons.region import region_from_polygons as region_from_polygons
    from pm_dalec.landscape.region_file import open_region as open_region
    from pm_dalec.landscape.twin.region import build_region as build_region
    from pm_dalec.landscape.twin.twin import make_twin as make_twin
    from pm_dalec.posterior.aggregation import aggregate as aggregate
    from pm_dalec.posterior.budgets import budget as budget
    from pm_dalec.posterior.cf.file import export as export
    from pm_dalec.posterior.convergence import diagnose as diagnose, verdict as verdict
    from pm_dalec.posterior.fit_file import load as load, save as save
    from pm_dalec.posterior.groups.complete import with_groups as with_groups
    from pm_dalec.posterior.groups.likelihoods import log_likelihood as log_likelihood
    from pm_dalec.posterior.polygons.results import results_as_polygons as results_as_polygons
    from pm_dalec.posterior.trajectory import trajectories as trajectories
    from pm_dalec.sampling.calibration import calibrate as calibrate
    from pm_dalec.sampling.region_store import calibrate_region as calibrate_region
    from pm_dalec.sampling.starts import feasible_start as feasible_start
    from pm_dalec.sampling.step_method import AdaptiveMetropolis as AdaptiveMetropolis
    from pm_dalec.tables.parameters import PARAMETERS as PARAMETERS
    from pm_dalec.tables.strata import STRATA as STRATA
    from pm_dalec.tables.streams import STREAMS as STREAMS
    from pm_dalec.tables.variables import VARIABLES as VARIABLES
else:
    __getattr__, __dir__, __all__ = face(__name__)
