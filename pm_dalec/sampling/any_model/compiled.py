"""Compiled target of any model, with the density of its values in the unit interval."""

import numpy as np
import pytensor.tensor as pt

from pm_dalec.sampling.any_model.cube import in_unit_cube
from pm_dalec.sampling.any_model.lowered import lowered
from pm_dalec.sampling.target import target_of, terms_of

SMALLEST = np.float64(-1e300)  # log-density below which a state is no start


def compile_any(model):
    """Model in the unit cube, and its compiled target.

    Parameters
    ----------
    model : pm.Model
        Its free variables are continuous; potentials may be minus infinity.

    Returns
    -------
    model : pm.Model
        The same with all value variables in the unit interval.
    target : Target
        Its search for a start looks for a state of finite density.
    """
    cube = in_unit_cube(model)
    terms = terms_of(cube)
    (total,) = lowered([sum((*terms.densities, *terms.potentials), 0.0)])
    outside = pt.switch(pt.gt(total, SMALLEST), 0.0, 1.0)
    terms = terms._replace(shortfall=outside, score=-5.0 * outside)
    return cube, target_of(cube, terms, total, total, ())
