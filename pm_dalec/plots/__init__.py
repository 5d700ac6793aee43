"""Figures: functions from labelled data to a matplotlib Figure."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.plots.convergence import convergence_maps as convergence_maps
    from pm_dalec.plots.distributions import (
        domain_densities_figure as domain_densities_figure,
        trait_violins as trait_violins,
    )
    from pm_dalec.plots.fit import fit_figure as fit_figure, parameter_figure as parameter_figure
    from pm_dalec.plots.harvest import (
        harvest_ratio_figure as harvest_ratio_figure,
        live_change_figure as live_change_figure,
    )
    from pm_dalec.plots.land_cover import (
        fraction_maps as fraction_maps,
        land_cover_map as land_cover_map,
    )
    from pm_dalec.plots.polygon_maps import explore_map as explore_map, results_map as results_map
    from pm_dalec.plots.schematic import approaches_schematic as approaches_schematic
    from pm_dalec.plots.style import save_figure as save_figure
    from pm_dalec.plots.timeseries import (
        against_observations as against_observations,
        series_by_resolution as series_by_resolution,
        series_with_bands as series_with_bands,
    )
else:
    __getattr__, __dir__, __all__ = face(__name__)
