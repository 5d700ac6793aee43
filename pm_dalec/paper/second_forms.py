"""Second forms of figures of the paper that are easily misread, to stand beside the faithful ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pm_dalec.paper import figure_data, second_form_data
from pm_dalec.paper.claims.statistics import finest
from pm_dalec.paper.figures import PANELS, marked, paired
from pm_dalec.plots.distributions import domain_densities_figure, spread_figure
from pm_dalec.plots.futures import gain_figure
from pm_dalec.plots.harvest import harvest_interval_figure

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from matplotlib.figure import Figure

    from pm_dalec.paper.figures import Experiments

TRAITS = ("residence_wood", "npp_wood", "residence_foliage", "residence_som")


def _all(experiments):
    return experiments.values()


def _finest_pair(experiments):
    return finest(paired(experiments))


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
        second_form_data.densities_with_correlated(experiments, PANELS),
        resolution=pair[0].resolution,
        count=figure_data.pixel_count(pair[0]),
    )


@marked(_finest_pair)
def fig08_two_spreads(experiments: Experiments) -> Figure:
    """Beside Figure 8: the spread between pixels next to the posterior of a typical one.

    Violins of medians look like posteriors; they say how places differ.
    """
    pair = finest(paired(experiments))
    found = {name: second_form_data.two_spreads(pair, name) for name in TRAITS}
    return spread_figure(found, resolution=pair[0].resolution)


def fig09_gain_by_cause(forecasts: Mapping[object, xr.DataTree]) -> Figure:
    """Beside Figure 9: the gain by 2100 under the control, under SSP2-4.5, and felled as before.

    A part of any gain is committed when the calibration ends; only what goes beyond the control is the
    doing of climate and CO2.
    """
    return gain_figure(second_form_data.gains(forecasts), year=second_form_data.END)
