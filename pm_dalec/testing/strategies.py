"""Strategies of hypothesis for drivers and parameters."""

import numpy as np

from pm_dalec.tables.parameters import Theta
from pm_dalec.testing.parameters import theta_at
from pm_dalec.testing.tiny import random_drivers


def drivers_and_parameters(*, most_steps=24):
    """Hypothesis strategy: drivers, latitude [degrees_north] and parameters.

    Parameters
    ----------
    most_steps : int

    Returns
    -------
    hypothesis strategy of (Drivers, float, Theta)
    """
    from hypothesis import strategies as st

    share = st.floats(0, 1, allow_subnormal=False)

    @st.composite
    def built(draw):
        steps = draw(st.integers(1, most_steps))
        drivers = random_drivers(steps, np.random.default_rng(draw(st.integers(0, 2**32 - 1))))
        latitude = draw(st.floats(-80, 80, allow_subnormal=False))
        return drivers, latitude, theta_at(draw(st.tuples(*(share for _ in Theta._fields))))

    return built()
