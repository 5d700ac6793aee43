"""The state of an exploration: a site, a point, what it says, and a fit beside it. No widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pm_dalec.data.synthetic_sites import truth_of
from pm_dalec.explore.lamps import lamps_of
from pm_dalec.explore.overlay import overlay_of
from pm_dalec.explore.scales import Scale
from pm_dalec.explore.score import score_of
from pm_dalec.explore.trial import Trial
from pm_dalec.tables.constants import TRUTH

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

    from pm_dalec.explore.lamps import Lamp
    from pm_dalec.explore.overlay import Overlay
    from pm_dalec.explore.score import Score
    from pm_dalec.explore.workbench import Outlook, Workbench


class Explorer:
    """A person's play with one site.

    Parameters
    ----------
    bench : Workbench
    fit : DataTree, optional
        Of the same model; the play begins at its best draw, else at one of the prior that all rules accept.
    seed : int
        Of draws of the prior.

    Attributes
    ----------
    theta : dict of str to float
        Where the sliders are, in natural units.
    outlook : Outlook
        What that says.
    overlay : Overlay or None
        Of the fit.
    scales : dict of str to Scale
        Of the sliders.
    """

    def __init__(self, bench: Workbench, fit: xr.DataTree | None = None, *, seed: int = 0) -> None:
        self.bench, self._rng = bench, np.random.default_rng(seed)
        self.scales = {name: Scale(each) for name, each in bench.parameters.items()}
        self.overlay: Overlay | None = None if fit is None else overlay_of(bench, fit)
        self.theta: dict[str, float] = {}
        self.outlook: Outlook
        self.trial: Trial | None = None
        self.put(bench.allowed_point(self._rng) if self.overlay is None else self.overlay.best)

    @property
    def truth(self) -> dict[str, float] | None:
        """Parameters that a synthetic site was made with; None of any other site."""
        units = self.bench.units
        known = all(f"{TRUTH}{name}" in units for name in self.bench.parameters)
        return truth_of(units) if known else None

    @property
    def lamps(self) -> tuple[Lamp, ...]:
        """A lamp for every rule."""
        return lamps_of(self.bench.rules, self.outlook.margins)

    @property
    def score(self) -> Score:
        """The point beside the draws of the fit."""
        return score_of(self.outlook, None if self.overlay is None else self.overlay.draws)

    def move(self, name: str, value: float) -> None:
        """Give one parameter another value, in natural units."""
        self.put({name: value})

    def put(self, values: Mapping[str, float]) -> None:
        """Give some parameters other values, and look at what they say; fixed ones stay."""
        self.theta |= {name: float(value) for name, value in values.items()}
        self.outlook = self.bench.look(self.bench.rows(self.theta))

    def put_elsewhere(self) -> None:
        """Go to another draw of the prior under which all rules hold."""
        self.put(self.bench.allowed_point(self._rng))

    def begin(self, seconds: float, *, seed: int = 0) -> Trial:
        """Begin a calibration of so many seconds."""
        self.trial = Trial(self.bench.model, seconds=seconds, seed=seed)
        return self.trial

    def take(self, fit: xr.DataTree) -> None:
        """Lay a fit over the view."""
        self.overlay = overlay_of(self.bench, fit)
