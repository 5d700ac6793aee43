"""Stratified: one DALEC for each stratum of a pixel (Milodowski et al. 2023, section 2.4)."""

from pm_dalec import graph

EACH = ("stratum", "pixel")  # what has leaves, wood, soil and parameters of its own


def build(land, choices=graph.PAPER):
    """Model in which everything in `EACH` is a DALEC of its own, calibrated independently.

    Parameters
    ----------
    land : Dataset or DataTree
        A site, or a region, which holds the same land averaged over pixels and over strata.
    choices : Choices
        Parameters, constraints, streams and solver; those of the paper by default.

    Returns
    -------
    pm.Model
    """
    units = graph.units_of(
        land, EACH
    )  # observations, losses, soil carbon: averages over such a unit
    with graph.Model(coords=graph.coords_of(units)) as model:
        weather = graph.add_drivers(units)
        theta = graph.add_parameters(choices.parameters, units)
        carbon = graph.add_dalec(weather, theta, choices)
        graph.add_constraints(choices.constraints, carbon, theta)
        graph.add_observations(choices.streams_in(units), carbon)
    return model
