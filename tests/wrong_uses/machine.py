"""Calibrate, kill, change something, resume: a machine that hypothesis drives.

A run is described by a `Plan`: what it is made of, in words that the machine can change. After any
sequence of runs, kills and changes, a resumed run either equals an undisturbed run of the plan as it is
now, bit for bit, or was refused in a sentence that names what differs.
"""

from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from pm_dalec.graph import Choices
from pm_dalec.models import baseline
from pm_dalec.sampling import calibration
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.sampling.target import compile_target
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import Fixed, Gaussian, LogUniform
from pm_dalec.testing.tiny import tiny_region, tiny_site

BUDGETS = (700, 1600, 3200)  # proposals of a chain
# The budget ends a run, and only what was sampled is looked at.
STRICT = {"rhat": 1.0001, "ess": 1e6, "progress": False, "threads": 1, "groups": ()}


@dataclass(frozen=True)
class Plan:
    """What a run is made of; equal plans are the same run.

    Parameters
    ----------
    changes : frozenset of tuple
        Of the data: variable or coordinate, place, factor.
    choices : tuple of tuple
        Of the model, by name.
    settings : tuple of tuple
        Of the sampler.
    """

    place: str = "site"
    changes: frozenset = frozenset()
    choices: tuple = ()
    settings: tuple = (("chains", 4), ("draws", 8), ("random_seed", 0))
    versions: tuple = ()

    def but(self, what, name, value):
        """Plan with one entry of a tuple changed."""
        entries = dict(getattr(self, what)) | {name: value}
        return replace(self, **{what: tuple(sorted(entries.items()))})


@dataclass(frozen=True)
class Change:
    """A change of a plan, and the word by which a refusal names it."""

    make: object = field(compare=False)
    named: str

    def __call__(self, plan):
        """The plan after it."""
        return self.make(plan)


DATA = {  # variable or coordinate: what a message calls it
    "tmin": "data tmin", "sw_rad": "data sw_rad", "co2": "data co2", "lai": "data lai_data",
    "lai_unc": "data lai_sigma", "cwood": "data cwood_data", "cwood_unc": "data cwood_sigma",
    "csom_prior": "parameter initial_som", "lat": "data lat",
}  # fmt: skip
TABLES = {
    "bounds": PARAMETERS.replace("leaf_lifespan", bounds=(1.001, 7.0)),
    "prior": PARAMETERS.replace("leaf_lifespan", prior=LogUniform(Gaussian(2.0, 0.5))),
    "fixed": PARAMETERS.replace("leaf_lifespan", prior=Fixed(2.0)),
}
CHOSEN = {
    "constraints": ("edinburgh2024", None),
    "solver": ("truncated",),
    "streams": (("lai",),),
    "parameters": tuple(TABLES),
}
NAMED = {"constraints": "constraints", "solver": "solver", "streams": "terms",
         "parameters": "parameter leaf_lifespan", "chains": "chains", "draws": "draws",
         "random_seed": "seed"}  # fmt: skip
SETTINGS = {"chains": (5, 8), "draws": (9, 16), "random_seed": (1, 2)}
VERSIONS = {"MODEL_VERSION": "model", "SAMPLER_VERSION": "sampler"}


def land_of(plan):
    """Data of a plan."""
    units = tiny_region(pixels=2) if plan.place == "region" else tiny_site()
    units = units.isel(time=slice(0, 12))
    for name, place, factor in sorted(plan.changes):
        values = np.array(units[name].values, float)
        seen = np.flatnonzero(np.isfinite(values.ravel()))
        values.ravel()[seen[place % seen.size]] *= factor
        changed = units[name].copy(data=values)
        units = (
            units.assign_coords({name: changed}) if name == "lat" else units.assign({name: changed})
        )
    return units


@cache
def _model_of(plan):
    chosen = dict(plan.choices)
    chosen["parameters"] = TABLES.get(chosen.get("parameters"), PARAMETERS)
    return baseline.build(land_of(plan), Choices(**chosen))


def model_of(plan):
    """Model of a plan; those that differ in what no model knows are one."""
    return _model_of(replace(plan, settings=(), versions=()))


compiled = cache(compile_target)


class Killed(BaseException):
    """Ends a run at once, as a signal does that nothing can catch."""


class Runs:
    """Runs of plans into one folder, with a model compiled once."""

    def __init__(self, patch):
        self.patch, self.left = patch, None
        patch.setattr(calibration, "compile_target", compiled)
        patch.setattr(calibration, "SAVE_EVERY", 0.0)
        whole = calibration.Unit.advance

        def advance(unit):
            if self.left is not None:
                self.left -= 1
                if self.left < 0:
                    raise Killed
            whole(unit)

        patch.setattr(calibration.Unit, "advance", advance)

    def run(self, plan, budget, **kept):
        """Draws of a plan, and the state of its sampler."""
        for name, value in plan.versions:
            self.patch.setattr(f"pm_dalec.sampling.identity.{name}", value)
        fit = calibrate(model_of(plan), proposals=budget, **dict(plan.settings), **STRICT, **kept)
        return {**{name: fit["posterior"][name].values for name in PARAMETERS},
                "lp": fit["sample_stats"].to_dataset()}  # fmt: skip

    def killed(self, plan, budget, after, **kept):
        """Whether a run was killed after some windows."""
        self.left = after
        try:
            self.run(plan, budget, **kept)
        except Killed:
            return True
        finally:
            self.left = None
        return False
