"""Constrained prior: the baseline without observations.

About one draw in ten thousand of the log-uniform prior meets the constraints: they are the larger part
of the prior. Predictive functions of PyMC ignore potentials, so this prior is a model that is sampled.
"""

from pm_dalec import graph
from pm_dalec.models import baseline


def build(land, choices=graph.PAPER):
    """Model of a site or of the pixels of a region without any likelihood.

    Parameters
    ----------
    land : Dataset or DataTree
        Its observations are not looked at, but the prior of the initial soil carbon is.
    choices : Choices
        The streams in it are left out.

    Returns
    -------
    pm.Model
    """
    return baseline.build(land, choices.replace(streams=()))
