"""What was observed of one stream, and the log-likelihood of all of it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pm_dalec.data.land import averages_of
from pm_dalec.data.uncertainties import kind_of
from pm_dalec.errors.densities import log_density
from pm_dalec.errors.scales import scale_for
from pm_dalec.physics.observation_operators import averaged, seen_by

if TYPE_CHECKING:
    import xarray as xr

    from pm_dalec.errors.likelihood import Likelihood
    from pm_dalec.physics.observation_operators import Averages
    from pm_dalec.physics.records import Trajectory


class Evidence(NamedTuple):
    """Observations of one stream of a site.

    Parameters
    ----------
    stream : str
    likelihood : Likelihood
    value, scale : array (time, 1)
        In the units of the stream, and the uncertainty as the likelihood takes it.
    seen : array (time, 1)
        Above 0 where something was observed.
    averages : Averages or None
        Windows of steps over which it is averaged.
    """

    stream: str
    likelihood: Likelihood
    value: np.ndarray
    scale: np.ndarray
    seen: np.ndarray
    averages: Averages | None

    def log_likelihood(self, trajectory: Trajectory) -> np.ndarray:
        """Log-likelihood of all observations of the stream (draw,), as the model of a calibration has it.

        Parameters
        ----------
        trajectory : Trajectory
            Pools (time + 1, draw) and fluxes (time, draw).
        """
        modelled = averaged(seen_by(self.stream, trajectory), self.averages, np)
        with np.errstate(all="ignore"):  # a run may leave all bounds
            terms = log_density(self.likelihood, self.value, modelled, self.scale, self.seen, np)
        return terms.sum(axis=0)

    @property
    def count(self) -> int:
        """Number of observations."""
        return int((self.seen > 0).sum())


def evidence_of(units: xr.Dataset, stream: str, likelihood: Likelihood) -> Evidence:
    """Observations of a stream of a site under an error model.

    Parameters
    ----------
    units : Dataset
    stream : str
        Name in `pm_dalec.STREAMS`.
    likelihood : Likelihood
    """
    value, given = (
        np.asarray(units[name].values, float)[:, np.newaxis] for name in (stream, f"{stream}_unc")
    )
    seen = np.isfinite(value)
    with np.errstate(invalid="ignore"):  # where nothing was seen
        scale = scale_for(likelihood, value, given, kind_of(units, stream))
    return Evidence(
        stream,
        likelihood,
        np.where(seen, value, 1.0),
        np.where(seen, scale, 2.0),
        seen.astype(float),
        averages_of(units, stream),
    )
