"""One pure step of DALEC, its repetition over time, and what is read off a run."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.physics.jax_run import run_jax as run_jax
    from pm_dalec.physics.numpy_run import run_numpy as run_numpy
    from pm_dalec.physics.observation_operators import seen_by as seen_by
    from pm_dalec.physics.pytensor_run import run_pytensor as run_pytensor
    from pm_dalec.physics.records import (
        Drivers as Drivers,
        Trajectory as Trajectory,
        drivers_of as drivers_of,
    )
    from pm_dalec.physics.step import initial_pools as initial_pools, prepare as prepare
    from pm_dalec.physics.summaries import residence_time as residence_time
else:
    __getattr__, __dir__, __all__ = face(__name__)
