"""Public functions of physics and constraints with their arguments, as those of the root face in `calls`."""

from functools import cache

import numpy as np

from pm_dalec import constraints as rules, physics
from pm_dalec.physics import drivers_of, run_numpy
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.streams import STREAMS
from pm_dalec.testing.parameters import FEASIBLE
from pm_dalec.testing.tiny import tiny_fit, tiny_site

from .domains import Kind, Name, Real, Whole

SOLVERS = ("converged", "truncated")


@cache
def weather():
    return drivers_of(tiny_site())


@cache
def run():
    drivers, latitude = weather()
    return run_numpy(drivers, latitude, FEASIBLE)


def calls():
    """Function, right arguments and domains of the arguments, by name of the call."""
    site, rng = tiny_site(), np.random.default_rng
    drivers, latitude = weather()
    forward = {"drivers": drivers, "latitude": latitude, "theta": FEASIBLE}
    units = Kind((tiny_fit(),))
    tables = Kind((STREAMS, {"leaf_lifespan": 2.0}))
    return {
        "Soft": (rules.Soft, {"rules": "edinburgh2021"}, {
            "rules": Kind((PARAMETERS, "edinburgh2022", ["steady_wood"])), "scale": Real(above=0.0)}),
        "draw_prior": (lambda **given: rules.draw_prior(**{"rng": rng(1)} | given),
                       {"units": site, "count": 4},
                       {"units": units, "count": Whole(1), "parameters": tables, "rng": Kind((rng, 1.5))}),
        "draw_constrained_prior": (lambda **given: rules.draw_constrained_prior(**{"rng": rng(1)} | given),
                                   {"units": site, "count": 1, "constraints": None},
                                   {"units": units, "count": Whole(1), "most": Whole(1), "parameters": tables,
                                    "constraints": Kind((PARAMETERS, "edinburgh2022", ["steady_wood"]), optional=True)}),
        "judge": (rules.judge, {"units": site, "theta": FEASIBLE}, {
            "units": units, "theta": Kind((PARAMETERS, tuple(FEASIBLE))), "solver": Name(SOLVERS),
            "constraints": Kind((PARAMETERS, "edinburgh2022", ["steady_wood"]), optional=True)}),
        "run_numpy": (run_numpy, forward, {"solver": Name(SOLVERS)}),
        "seen_by": (physics.seen_by, {"stream": "lai", "trajectory": run()}, {"stream": Name(("lai",))}),
        "drivers_of": (physics.drivers_of, {"units": site}, {"units": units}),
    }  # fmt: skip
