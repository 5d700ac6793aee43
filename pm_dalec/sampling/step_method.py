"""Adaptive Metropolis as a PyMC step method, ``pm.sample(step=AdaptiveMetropolis(...))``.

For teaching, and for models that are read draw by draw. Every recorded draw stands for ``n_inner``
proposals made in compiled code; the units of a model (pixels, strata) are lanes that accept or reject by
themselves. For work on many units use `calibrate`.
"""

from dataclasses import field

import numpy as np
import pymc as pm
from pymc.step_methods.compound import BlockedStep, StepMethodState
from pymc.step_methods.state import dataclass_state
from pymc.util import get_random_generator

from pm_dalec.sampling.kernels import acceptance, edinburgh
from pm_dalec.sampling.kernels.covariance import Moments
from pm_dalec.sampling.kernels.lanes import Lanes
from pm_dalec.sampling.kernels.streams import streams
from pm_dalec.sampling.target import check_model, compile_target
from pm_dalec.tables.numbers import whole_number

VARIANTS = ("haario2001", "edinburgh2021")
FIRST_SPREAD = 0.02  # of the unit interval, before a covariance is known


def check_variables(model, variables):
    """Refuse other variables than all free ones of a model, as they are or as their values."""
    if variables is None:
        return
    listed = isinstance(variables, list | tuple)
    values = {id(one): value for one, value in model.rvs_to_values.items()}
    found = [values.get(id(one), one) for one in variables] if listed else [variables]
    if set(map(id, found)) != set(map(id, model.value_vars)):
        named = ", ".join(str(getattr(one, "name", one)) for one in found[:3])
        raise ValueError(
            f"wanted all {len(model.value_vars)} free variables of the model, got {len(found)} ({named}); "
            "AdaptiveMetropolis proposes all of them at once, call it without vars"
        )


def _generator(rng):
    """Generator of random numbers, or the sentence that says what may be one."""
    try:
        return get_random_generator(rng)
    except (TypeError, ValueError) as fault:
        raise TypeError(
            f"wanted a Generator of NumPy, a whole number from 0 or None, got rng={rng!r} in "
            "AdaptiveMetropolis; leave it out"
        ) from fault


@dataclass_state
class AdaptiveMetropolisState(StepMethodState):
    """What a chain needs to go on."""

    tune: bool
    streams: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    factor: np.ndarray
    states_seen: np.ndarray
    usable: np.ndarray
    n_inner: int = field(metadata={"frozen": True})
    variant: str = field(metadata={"frozen": True})


class AdaptiveMetropolis(BlockedStep):
    """Adaptive Metropolis over all free variables of a DALEC model.

    Parameters
    ----------
    vars : list, optional
        All value variables of the model; no other choice is possible.
    n_inner : int
        Proposals for each recorded draw.
    variant : {"haario2001", "edinburgh2021"}
        ``haario2001`` scales the covariance by ``2.38/sqrt(n)``; ``edinburgh2021`` proposes as CARDAMOM
        does. The target is the same. CARDAMOM's phases are in `calibrate_edinburgh`.
    model : pm.Model, optional
        That of the context by default.
    rng : numpy.random.Generator, optional
    """

    name = "adaptive_metropolis"
    default_blocked = True
    stats_dtypes_shapes = {  # noqa: RUF012 - read by PyMC as a plain dictionary
        "accept": (np.float64, []),
        "lp": (np.float64, []),
        "tune": (bool, []),
    }
    _state_class = AdaptiveMetropolisState

    def __new__(cls, *args, **given):
        """Step of a model of DALEC, asked for before PyMC looks into it."""
        model, variables = given.get("model"), args[0] if args else given.get("vars")
        model = pm.Model.get_context(error_if_none=False) if model is None else model
        if model is None:
            raise TypeError(
                "wanted the model of AdaptiveMetropolis, got none; pass model=model, or call it inside "
                "`with model:`"
            )
        check_model(model, "AdaptiveMetropolis")
        check_variables(model, variables)
        if given.get("blocked", True) not in (True, None):
            raise ValueError(
                f"wanted all variables in one block, got blocked={given['blocked']!r} in "
                "AdaptiveMetropolis; leave it out"
            )
        return super().__new__(cls, *args, **given)

    def __init__(
        self,
        vars=None,
        *,
        n_inner=10,
        variant="haario2001",
        model=None,
        rng=None,
        blocked=True,
        initial_point=None,
        compile_kwargs=None,
    ):
        if not isinstance(variant, str) or variant not in VARIANTS:
            raise ValueError(
                f"wanted a variant of AdaptiveMetropolis out of {VARIANTS}, got {variant!r}; choose one"
            )
        advice = "it is the number of proposals for each draw: 10 to 1000 are usual"
        n_inner = whole_number("n_inner", n_inner, least=1, advice=advice)
        self.model = pm.modelcontext(model)
        self.vars = list(self.model.value_vars)
        self.n_inner, self.variant, self.tune = n_inner, variant, True
        self._names = [variable.name for variable in self.vars]
        self._compiled = None
        self.setup_chain(_generator(rng), 0, 0)

    def setup_chain(self, rng, tune, draws):
        """Forget what was tuned, and take the chain's own random stream."""
        super().setup_chain(rng, tune, draws)
        self.tune = True
        lanes, size = self._lanes(), len(self.vars)
        seed = int(self.rng.integers(2**62))
        self.streams = streams(seed, range(lanes), 1)
        self._take(Moments(lanes, size))
        if self.variant == "haario2001":
            self.factor[:] = FIRST_SPREAD * np.eye(size)

    def _lanes(self):
        space = self.model.named_vars_to_dims.get(self.model.free_RVs[0].name) or ()
        return int(np.prod([len(self.model.coords[name]) for name in space], dtype=int))

    def _take(self, moments):
        self.mean, self.covariance, self.factor = moments.mean, moments.covariance, moments.factor
        self.states_seen, self.usable = moments.count, moments.usable

    def _moments(self):
        moments = object.__new__(Moments)
        moments.mean, moments.covariance, moments.factor = self.mean, self.covariance, self.factor
        moments.count, moments.usable = self.states_seen, self.usable
        return moments

    def __getstate__(self):
        """Everything but machine code, which is compiled again where it is needed."""
        return {**self.__dict__, "_compiled": None}

    def _bound(self):
        if self._compiled is None:
            target = compile_target(self.model)
            self._compiled = target.function.bind(**({"lanes": 1} if target.site else {}))
        return self._compiled

    def step(self, point):
        """Make ``n_inner`` proposals in every lane.

        Parameters
        ----------
        point : dict
            Value variables by name.

        Returns
        -------
        tuple
            The new point, and one dictionary of statistics.
        """
        bound, count = self._bound(), self._lanes()
        position = np.empty((len(self.vars), bound.padded))
        for row, name in enumerate(self._names):
            position[row, :count] = np.ravel(point[name])
        position[:, count:] = position[:, :1]
        lanes, call = Lanes(position, position.copy(), np.empty(count), self.streams), bound.call()
        lanes.logp[:] = acceptance.results_at(call, lanes, acceptance.LOGP)
        accepted = edinburgh.room_for_accepted(lanes, self.n_inner)
        edinburgh.edinburgh_window(call, lanes, self._covariances(), acceptance.LOGP, accepted)
        if self.tune:
            self._adapt(position[:, :count])
        moved = {
            name: position[row, :count].reshape(np.shape(point[name]))
            for row, name in enumerate(self._names)
        }
        rate = float(accepted.count.mean()) / self.n_inner
        stats = {"accept": rate, "lp": float(lanes.logp.sum()), "tune": self.tune}
        return {**point, **moved}, [stats]

    def _covariances(self):
        """Factors of the proposal, and the lanes in which they are used."""
        moments = self._moments()
        if self.variant == "edinburgh2021":
            return edinburgh.Covariances(self.factor, moments.established())
        size = len(self.vars)
        usual = edinburgh.MULTIVARIATE_WEIGHT * edinburgh.EDINBURGH_SCALE / size
        factor = self.factor * (2.38 / np.sqrt(size) / usual)
        return edinburgh.Covariances(factor, np.ones(len(factor), bool))

    def _adapt(self, positions):
        """Add the present state of every lane to its covariance."""
        moments, first = self._moments(), self.states_seen == 0
        for lane, vector in enumerate(positions.T):
            if first[lane]:
                moments.mean[lane], moments.count[lane] = vector, 1
                continue
            before = moments.factor[lane].copy()
            moments.update(lane, vector.copy())
            if self.variant == "haario2001" and not moments.established()[lane]:
                moments.factor[lane] = before
