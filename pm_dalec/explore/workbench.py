"""What parameter sets say of a site: series, margins of the rules, log-likelihood and prior. No widgets.

One call runs one parameter set in a fraction of a millisecond, or hundreds of them: DALEC is machine code
here, as in a calibration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pm_dalec.constraints import forms
from pm_dalec.constraints.case import case_of
from pm_dalec.constraints.prior_draws import draw_prior, factor_of, log_factor
from pm_dalec.constraints.sets import WATCHED
from pm_dalec.data.land import averages_of
from pm_dalec.data.uncertainties import kind_of
from pm_dalec.errors.densities import log_density
from pm_dalec.errors.scales import scale_for
from pm_dalec.graph import notes
from pm_dalec.physics.observation_operators import averaged, fluxes_for, seen_by
from pm_dalec.physics.records import Fluxes, Pools, Trajectory, drivers_of
from pm_dalec.posterior.compiled import compiled_dalec
from pm_dalec.sampling.target import check_dalec
from pm_dalec.tables import dims
from pm_dalec.tables.parameters import Theta
from pm_dalec.tables.priors import Fixed
from pm_dalec.tables.streams import STREAMS
from pm_dalec.tables.variables import POOLS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pymc as pm
    import xarray as xr

    from pm_dalec.errors.likelihood import Likelihood
    from pm_dalec.physics.observation_operators import Averages

SHOWN = ("lai", "gpp", "nee", "reco", *POOLS)
"""Variables that are looked at, beside those that a stream observes."""

HELD = 2_000_000  # values of all series of a batch
TRIES = 40_000  # prior draws among which a start is looked for


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


class Outlook(NamedTuple):
    """What parameter sets say; the draws are the last axis of every array.

    Parameters
    ----------
    series : dict of str to array (time, draw)
        Pools at the END of the step, fluxes as means over it, LAI at its start; units of the tables.
    margins : dict of str to array (draw,)
        Logarithmic slack of every rule [1], negative where it is broken.
    log_likelihood : dict of str to array (draw,)
        Of every stream.
    log_prior : array (draw,)
        Of the Gaussian factors, without normalisation: the base prior is flat where a calibration samples.
    log_constraints : array (draw,)
        Zero where all rules hold and minus infinity elsewhere; in the soft form what it costs.
    """

    series: dict[str, np.ndarray]
    margins: dict[str, np.ndarray]
    log_likelihood: dict[str, np.ndarray]
    log_prior: np.ndarray
    log_constraints: np.ndarray

    @property
    def without_rules(self) -> np.ndarray:
        """Log-posterior as if there were no rules (draw,)."""
        return sum(self.log_likelihood.values(), self.log_prior)

    @property
    def log_posterior(self) -> np.ndarray:
        """Logarithm of the posterior (draw,), the same that a calibration samples."""
        return np.where(np.isnan(self.without_rules), -np.inf, self.without_rules) + (
            self.log_constraints
        )


class Workbench:
    """A site with its model, ready to be asked what parameters do.

    Parameters
    ----------
    model : pm.Model
        Of one site, as `models.baseline.build(site)` makes it.

    Raises
    ------
    TypeError, ValueError
        If it is no model of DALEC, or one of many units.
    """

    def __init__(self, model: pm.Model) -> None:
        check_dalec(model, "explore")
        known = notes.of(model)
        if space := dims.space_of(known.units):
            raise ValueError(
                f"wanted a model of one site, got one with {' and '.join(space)} in explore; select one: "
                "models.baseline.build(region.isel(pixel=0))"
            )
        self.model, self.units, self.parameters = model, known.units, known.parameters
        self.rules, self.constraints = known.rules, known.constraints
        self.softness, self.solver = known.softness, known.solver
        self.drivers, self.latitude = drivers_of(known.units)
        self.evidence = {
            stream: evidence_of(known.units, stream, likelihood)
            for stream, likelihood in known.likelihoods.items()
        }
        self.factors = {
            name: factor_of(parameter, known.units)
            for name, parameter in known.parameters.items()
            if not isinstance(parameter.prior, Fixed)
        }
        self.shown = tuple(dict.fromkeys((*SHOWN, *(STREAMS[s].observes for s in self.evidence))))
        fluxes = [name for name in self.shown if name not in POOLS]
        watched = (*(WATCHED if self.rules else ()), *fluxes_for(self.evidence), *fluxes)
        wanted = tuple(dict.fromkeys(watched))
        self._dalec = compiled_dalec(len(self.drivers.doy), wanted, self.solver)

    @property
    def times(self) -> np.ndarray:
        """Start of every step (time,)."""
        return self.units[dims.TIME].values

    @property
    def batch(self) -> int:
        """Draws that are run at a time."""
        series = len(POOLS) + len(self._dalec.wanted)
        return max(8, HELD // (series * len(self.drivers.doy)))

    def rows(self, theta: Mapping[str, np.ndarray | float]) -> np.ndarray:
        """Parameters by name as an array (draw, parameter), those that are fixed at their value."""
        columns = [
            float(parameter.prior.value)
            if isinstance(parameter.prior, Fixed)
            else np.ravel(np.asarray(theta[name], float))
            for name, parameter in ((name, self.parameters[name]) for name in Theta._fields)
        ]
        return np.stack(np.broadcast_arrays(*columns), axis=-1).reshape(-1, len(columns))

    def look(self, rows: np.ndarray) -> Outlook:
        """What parameter sets say.

        Parameters
        ----------
        rows : array (draw, parameter)
            In natural units, in the order of `pm_dalec.tables.Theta`.
        """
        parts = [
            self._look(rows[first : first + self.batch])
            for first in range(0, len(rows), self.batch)
        ]
        return parts[0] if len(parts) == 1 else _joined(parts)

    def _look(self, rows):
        theta = Theta(*rows.T)
        run = self._dalec.run(rows, self.drivers, self.latitude)
        trajectory = _with_start(run, theta)
        found = self._margins(trajectory, theta)
        return Outlook(
            {name: (run.pools | run.fluxes)[name] for name in self.shown},
            found,
            {name: each.log_likelihood(trajectory) for name, each in self.evidence.items()},
            self._log_prior(theta),
            self._log_constraints(found, len(rows)),
        )

    def _margins(self, trajectory, theta):
        if not self.rules:
            return {}
        with np.errstate(all="ignore"):
            found = forms.margins(self.rules, case_of(trajectory, self.drivers, theta), np)
        return {name: np.broadcast_to(margin, theta[0].shape) for name, margin in found.items()}

    def _log_constraints(self, margins, count):
        if self.softness is None:
            total = forms.hard(margins.values(), np)
        else:
            with np.errstate(over="ignore"):
                total = forms.soft(margins.values(), np, scale=self.softness)
        return np.broadcast_to(np.asarray(total, float), (count,))

    def _log_prior(self, theta):
        terms = (
            log_factor(getattr(theta, name), mean, sigma, np, logarithmic=logarithmic)
            for name, (mean, sigma, logarithmic) in self.factors.items()
            if np.isfinite(sigma)
        )
        return sum(terms, np.zeros(theta[0].shape))

    def allowed_point(self, rng: np.random.Generator) -> dict[str, float]:
        """A draw of the prior under which all rules hold, or the one that is nearest to it.

        Parameters
        ----------
        rng : numpy.random.Generator

        Returns
        -------
        dict of str to float
            By name, in natural units.
        """
        least, best, tried = np.inf, None, 0
        while least > 0 and tried < TRIES:
            drawn = draw_prior(self.units, self.batch, parameters=self.parameters, rng=rng)
            rows = self.rows(drawn._asdict())
            lack = np.broadcast_to(forms.shortfall(self.look(rows).margins.values(), np), len(rows))
            place = int(np.argmin(lack))
            if lack[place] < least:
                least, best = float(lack[place]), rows[place]
            tried += len(rows)
        return dict(zip(Theta._fields, map(float, best), strict=True))


def _with_start(run, theta) -> Trajectory:
    """Run with the pools before the first step in front, as rules and stocks see it."""
    pools = Pools(
        *(
            np.concatenate([getattr(theta, f"initial_{name}")[np.newaxis], run.pools[name]])
            for name in Pools._fields
        )
    )
    return Trajectory(pools, Fluxes(**dict.fromkeys(Fluxes._fields) | run.fluxes))


def _joined(parts: Sequence[Outlook]) -> Outlook:
    """Outlooks of several batches as one."""

    def join(arrays):
        first = arrays[0]
        if isinstance(first, dict):
            return {name: join([each[name] for each in arrays]) for name in first}
        return np.concatenate(arrays, axis=-1)

    return Outlook(*(join(list(field)) for field in zip(*parts, strict=True)))
