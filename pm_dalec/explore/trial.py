"""A short calibration on its way, in a thread of its own: how far it is, what it gives, and its end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from pm_dalec.sampling.calibration import calibrate

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

CHAINS, DRAWS = 16, 250  # enough to be drawn


class Trial:
    """A calibration that has begun; whoever shows it asks it from time to time.

    Parameters
    ----------
    model : pm.Model
    seconds : float
        Sampling budget [s].
    seed : int

    Attributes
    ----------
    words : str
        What is going on.
    share : float
        Of the budget that is used [1].
    fit : DataTree or None
        When it is done and has not failed.
    fault : Exception or None
        Why there is no fit.
    """

    def __init__(self, model: pm.Model, *, seconds: float, seed: int = 0) -> None:
        self.words, self.share = "beginning", 0.0
        self.fit: xr.DataTree | None = None
        self.fault: Exception | None = None
        self.stopping = False
        self._thread = threading.Thread(target=self._run, args=(model, seconds, seed), daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return not self._thread.is_alive()

    def stop(self) -> None:
        """End it soon; the draws until then are kept."""
        self.stopping, self.words = True, "stopping"

    def wait(self, seconds: float | None = None) -> None:
        """Wait for its end, at most so long [s]."""
        self._thread.join(seconds)

    def _run(self, model, seconds, seed):
        try:
            self.fit = (
                calibrate(  # filters of warnings belong to all threads: they stay as they are
                    model,
                    chains=CHAINS,
                    draws=DRAWS,
                    seconds=seconds,
                    random_seed=seed,
                    progress=self._note,
                )
            )
        except Exception as fault:  # shown where the calibration was begun  # noqa: BLE001
            self.fault = fault

    def _note(self, words, share):
        """Keep what a calibration says of itself; it ends where this is false."""
        if not self.stopping:
            self.words, self.share = words, share
        return not self.stopping
