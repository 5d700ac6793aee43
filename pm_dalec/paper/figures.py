"""The figures of the paper: from experiments and a landscape to a Figure, one function each."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

from pm_dalec.landscape.twin.region import fractions_of
from pm_dalec.paper import figure_data, printed, second_form_data
from pm_dalec.paper.claims.statistics import coarsest, finest
from pm_dalec.paper.experiments import pairs, pixel_medians
from pm_dalec.paper.tables.convergence import fleet_maps
from pm_dalec.plots.convergence import convergence_maps
from pm_dalec.plots.distributions import (
    domain_densities_figure,
    spread_figure,
    trait_violins,
)
from pm_dalec.plots.flux_maps import flux_maps
from pm_dalec.plots.futures import gain_figure
from pm_dalec.plots.harvest import (
    harvest_interval_figure,
    harvest_ratio_figure,
    live_change_figure,
)
from pm_dalec.plots.land_cover import fraction_maps, land_cover_map
from pm_dalec.plots.schematic import approaches_schematic
from pm_dalec.plots.style import note_above
from pm_dalec.plots.timeseries import (
    SHOWN,
    against_observations,
    series_by_resolution,
    series_with_bands,
)
from pm_dalec.posterior.convergence import MEANINGS, RHAT_LIMIT, doubt_of_units
from pm_dalec.tables import dims
from pm_dalec.tables.constants import RESOLUTIONS
from pm_dalec.tables.variables import DEAD, LIVE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from matplotlib.figure import Figure

    from pm_dalec.paper.reduction import Experiment

CORRELATED_STRATA = {"stratified, strata correlated": "correlated"}

type Experiments = Mapping[tuple[str, float], Experiment]


def marked(shown):
    """Figure that says how many of the units that it shows have not converged, where there are some.

    Parameters
    ----------
    shown : callable
        Experiments, out of a set, that the figure shows.
    """

    def mark(make):
        @wraps(make)
        def made(experiments):
            figure = make(experiments)
            units = [e.units for e in shown(experiments) if set(MEANINGS) <= set(e.units)]
            note_above(figure, doubt_of_units(units, rhat=RHAT_LIMIT))
            return figure

        return made

    return mark


def _all(experiments):
    return experiments.values()


def _finest_pair(experiments):
    return finest(paired(experiments))


def _ends(experiments):
    both = paired(experiments)
    return [e for pair in (coarsest(both), finest(both)) for e in pair]


def _three_finest(experiments):
    resolutions = sorted(paired(experiments))[:3]
    return [e for (_, resolution), e in experiments.items() if resolution in resolutions]


FRACTION_RESOLUTIONS = RESOLUTIONS[1:]
PANELS = ("gpp", "reco", "harvest", "change_live", "change_dead")  # of Fig. 7, in its order
TRAITS = (
    "residence_wood",
    "npp_wood",
    "autotrophic_fraction",
    "canopy_efficiency",
    "leaf_lifespan",
    "leaf_carbon_per_area",
)
LIVE_RESIDENCE = tuple(f"residence_{pool}" for pool in LIVE)
DEAD_RESIDENCE = tuple(f"residence_{pool}" for pool in DEAD)
NPP_SHARES = tuple(f"npp_{pool}_fraction" for pool in ("foliage", "labile", "roots", "wood"))


TWO_SPREADS = ("residence_wood", "npp_wood", "residence_foliage", "residence_som")


def fig02_land_cover(landscape: xr.DataArray) -> Figure:
    """Figure 2: land cover.

    Parameters
    ----------
    landscape : DataArray or None
        (lat, lon) stratum of every cell.
    """
    return land_cover_map(_wanted(landscape))


def _wanted(landscape):
    if landscape is None:
        raise ValueError(
            "wanted a land-cover map for this figure, got None; put landscape.nc with the variable "
            "'stratum' (lat, lon) beside the fits, or pass landscape="
        )
    return landscape


def fig03_schematic() -> Figure:
    """Figure 3: the two approaches, drawn."""
    return approaches_schematic()


def _counts(experiments):
    """Pixels of each resolution, coarse first."""
    found = {e.resolution: figure_data.pixel_count(e) for e in experiments.values()}
    return dict(sorted(found.items(), reverse=True))


@marked(_all)
def fig04_series(experiments: Experiments) -> Figure:
    """Figure 4: medians of GPP, respiration, living and dead carbon by resolution."""
    medians = {
        key: e.series[list(SHOWN)].sel({dims.QUANTILE: 0.5}, method="nearest")
        for key, e in experiments.items()
    }
    return series_by_resolution(medians, _counts(experiments))


@marked(_all)
def fig05_harvest_ratio(experiments: Experiments) -> Figure:
    """Figure 5: stratified over baseline harvest by resolution."""
    paired(experiments)
    ratios = figure_data.harvest_ratios(experiments)
    return harvest_ratio_figure(ratios, version=printed.VERSION)


@marked(_all)
def fig06_live_change(experiments: Experiments) -> Figure:
    """Figure 6: maps of the change of living carbon, and what harvest explains of it."""
    paired(experiments)
    maps = figure_data.live_change_maps(experiments)
    return live_change_figure(maps, figure_data.conifer_curve(maps.attrs["stock_ratio"]))


@marked(_finest_pair)
def fig07_ensembles(experiments: Experiments) -> Figure:
    """Figure 7: ensembles of the domain at the finest resolution."""
    pair = finest(paired(experiments))
    return domain_densities_figure(
        figure_data.domain_densities(experiments, PANELS),
        resolution=pair[0].resolution,
        count=figure_data.pixel_count(pair[0]),
    )


def paired(experiments: Experiments) -> dict[float, tuple[Experiment, Experiment]]:
    """Pairs of both approaches by resolution, or the sentence that says that there are none.

    Parameters
    ----------
    experiments : mapping of tuple to Experiment
    """
    both = pairs(experiments)
    if not both:
        raise ValueError(
            "wanted a baseline and a stratified fit of one resolution, got "
            f"{', '.join(f'{a} {r:g}' for a, r in experiments) or 'none'}; calibrate the other one"
        )
    return both


@marked(_all)
def fig08_traits(experiments: Experiments) -> Figure:
    """Figure 8: traits by stratum and resolution."""
    return trait_violins(figure_data.trait_distributions(experiments, TRAITS), TRAITS)


def figa1_fractions(experiments: Experiments, landscape: xr.DataArray) -> Figure:
    """Figure A1: shares of the strata at three resolutions.

    Parameters
    ----------
    experiments : mapping of tuple to Experiment
        Their units serve where there is no landscape.
    landscape : DataArray or None
        (lat, lon) stratum of every cell.
    """
    if landscape is not None:
        regions = {r: fractions_of(landscape, r) for r in FRACTION_RESOLUTIONS}
    else:
        regions = {
            r: e.units
            for (approach, r), e in experiments.items()
            if approach == "stratified" and r in FRACTION_RESOLUTIONS
        }
    return fraction_maps(regions)


@marked(_finest_pair)
def figa2_leaf_area(experiments: Experiments) -> Figure:
    """Figure A2: leaf area of domain and strata against observations."""
    return _against_observations(experiments, "lai", "lai")


@marked(_finest_pair)
def figa3_wood(experiments: Experiments) -> Figure:
    """Figure A3: wood carbon of domain and strata against observations."""
    return _against_observations(experiments, "cwood", "wood")


def _against_observations(experiments, stream, name):
    baseline, stratified = finest(paired(experiments))
    observed, observed_strata = figure_data.observed_series(stratified, stream)
    return against_observations(
        name,
        stratified.series[name],
        stratified.strata_series[name],
        observed,
        observed_strata,
        baseline=baseline.series[name],
    )


@marked(_three_finest)
def figa4_gpp_maps(experiments: Experiments) -> Figure:
    """Figure A4: maps of mean GPP at the three finest resolutions."""
    medians = {e.key: pixel_medians(e, "gpp") for e in _three_finest(experiments)}
    densities = {
        key: figure_data.density(values, experiments[key].units["area"]).assign_attrs(
            values=values.to_numpy()
        )
        for key, values in medians.items()
    }
    return flux_maps("gpp", medians, densities)


@marked(_ends)
def figa5_series_bands(experiments: Experiments) -> Figure:
    """Figure A5: the series of Figure 4 with bands, finest and coarsest resolution."""
    both = paired(experiments)
    shown = {e.key: e.series[list(SHOWN)] for e in _ends(experiments)}
    counts = {r: n for r, n in _counts(experiments).items() if r in (max(both), min(both))}
    return series_with_bands(shown, counts)


@marked(_all)
def figa6_live_residence(experiments: Experiments) -> Figure:
    """Figure A6: residence times of living carbon by stratum and resolution."""
    return trait_violins(
        figure_data.trait_distributions(experiments, LIVE_RESIDENCE), LIVE_RESIDENCE
    )


@marked(_all)
def figa7_dead_residence(experiments: Experiments) -> Figure:
    """Figure A7: residence times of litter and soil carbon by stratum and resolution."""
    return trait_violins(
        figure_data.trait_distributions(experiments, DEAD_RESIDENCE), DEAD_RESIDENCE
    )


@marked(_all)
def figa8_npp_shares(experiments: Experiments) -> Figure:
    """Figure A8: shares of net primary production by stratum and resolution."""
    return trait_violins(figure_data.trait_distributions(experiments, NPP_SHARES), NPP_SHARES)


def fleet_map(experiments: Experiments) -> Figure:
    """Convergence of every unit: maps of R-hat, effective sample size and acceptance."""
    return convergence_maps(fleet_maps(experiments), rhat_limit=RHAT_LIMIT)


@marked(_all)
def fig05_harvest_interval(experiments: Experiments) -> Figure:
    """Beside Figure 5: the harvest ratio with its interval, on a logarithmic axis.

    Points that are joined look like a law, and a ratio without an interval like a certainty.
    """
    paired(experiments)
    return harvest_interval_figure(second_form_data.harvest_intervals(experiments))


@marked(_finest_pair)
def fig07_correlated_strata(experiments: Experiments) -> Figure:
    """Beside Figure 7: the stratified ensemble also with fully correlated strata.

    Strata that are paired at random narrow an ensemble by about the square root of the sum of their
    squared shares, whatever is known of them.
    """
    pair = finest(paired(experiments))
    return domain_densities_figure(
        figure_data.domain_densities(experiments, PANELS, pairings=CORRELATED_STRATA),
        resolution=pair[0].resolution,
        count=figure_data.pixel_count(pair[0]),
    )


@marked(_finest_pair)
def fig08_two_spreads(experiments: Experiments) -> Figure:
    """Beside Figure 8: the spread between pixels next to the posterior of a typical one.

    Violins of medians look like posteriors; they say how places differ.
    """
    pair = finest(paired(experiments))
    found = {name: second_form_data.two_spreads(pair, name) for name in TWO_SPREADS}
    return spread_figure(found, resolution=pair[0].resolution)


def fig09_gain_by_cause(forecasts: Mapping[object, xr.DataTree]) -> Figure:
    """Beside Figure 9: the gain by 2100 under the control, under SSP2-4.5, and felled as before.

    A part of any gain is committed when the calibration ends; only what goes beyond the control is the
    doing of climate and CO2.
    """
    return gain_figure(second_form_data.gains(forecasts), year=second_form_data.END)
