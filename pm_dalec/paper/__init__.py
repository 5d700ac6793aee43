"""The experiment of Milodowski et al. (2023): run, reduce, compare with the printed numbers."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.paper.claims.verdicts import hypotheses as hypotheses
    from pm_dalec.paper.experiments import open_experiments as open_experiments
    from pm_dalec.paper.figures import (
        fig02_land_cover as fig02_land_cover,
        fig03_schematic as fig03_schematic,
        fig04_series as fig04_series,
        fig05_harvest_interval as fig05_harvest_interval,
        fig05_harvest_ratio as fig05_harvest_ratio,
        fig06_live_change as fig06_live_change,
        fig07_correlated_strata as fig07_correlated_strata,
        fig07_ensembles as fig07_ensembles,
        fig08_traits as fig08_traits,
        fig08_two_spreads as fig08_two_spreads,
        fig09_gain_by_cause as fig09_gain_by_cause,
        figa1_fractions as figa1_fractions,
        figa2_leaf_area as figa2_leaf_area,
        figa3_wood as figa3_wood,
        figa4_gpp_maps as figa4_gpp_maps,
        figa5_series_bands as figa5_series_bands,
        figa6_live_residence as figa6_live_residence,
        figa7_dead_residence as figa7_dead_residence,
        figa8_npp_shares as figa8_npp_shares,
        fleet_map as fleet_map,
    )
    from pm_dalec.paper.items import arguments as arguments, save as save
    from pm_dalec.paper.landscape_file import open_landscape as open_landscape
    from pm_dalec.paper.tables.budget import table_2 as table_2
    from pm_dalec.paper.tables.fit import table_1 as table_1, table_a2 as table_a2
    from pm_dalec.paper.tables.parameters import table_a1 as table_a1
else:
    __getattr__, __dir__, __all__ = face(__name__)
