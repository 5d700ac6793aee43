"""Public functions of physics and constraints with their arguments, as those of the root face in `calls`."""

from functools import cache

import numpy as np

from pm_dalec import constraints as rules, physics
from pm_dalec.constraints import EDCS
from pm_dalec.physics import drivers_of, run_numpy
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.streams import STREAMS
from pm_dalec.tables.variables import POOLS
from pm_dalec.testing.parameters import FEASIBLE
from pm_dalec.testing.tiny import tiny_fit, tiny_site

from .calls import ERAS
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
    of_run = {
        "drivers": Kind((site, dict(drivers._asdict()))), "latitude": Real(least=-90.0, most=90.0),
        "theta": Kind((PARAMETERS, dict(FEASIBLE._asdict()), tuple(FEASIBLE))), "solver": Name(SOLVERS),
    }  # fmt: skip
    units = Kind((tiny_fit(),))
    tables = Kind((STREAMS, {"leaf_lifespan": 2.0}))
    return {
        "Soft": (rules.Soft, {"rules": "edinburgh2021"}, {
            "rules": Kind((*ERAS[:0], PARAMETERS, "edinburgh2022", ["steady_wood"])), "scale": Real(above=0.0)}),
        "draw_prior": (lambda **given: rules.draw_prior(**{"rng": rng(1)} | given),
                       {"units": site, "count": 4},
                       {"units": units, "count": Whole(1), "parameters": tables, "rng": Kind((rng, 1.5))}),
        "draw_constrained_prior": (lambda **given: rules.draw_constrained_prior(**{"rng": rng(1)} | given),
                                   {"units": site, "count": 1, "constraints": EDCS["edinburgh2021"].only("steady_wood")},
                                   {"units": units, "count": Whole(1), "most": Whole(1), "parameters": tables,
                                    "constraints": Kind((PARAMETERS, "edinburgh2022", ["steady_wood"]))}),
        "judge": (rules.judge, {"units": site, "theta": FEASIBLE}, {
            "units": units, "theta": Kind((PARAMETERS, tuple(FEASIBLE))), "solver": Name(SOLVERS),
            "constraints": Kind((PARAMETERS, "edinburgh2022", ["steady_wood"]))}),
        "run_numpy": (run_numpy, forward, of_run),
        "residence_time": (physics.residence_time, {"run": run(), "pool": "wood"},
                           {"run": Kind((site,)), "pool": Name(tuple(POOLS))}),
        "seen_by": (physics.seen_by, {"stream": "lai", "trajectory": run()},
                    {"stream": Name(("lai",)), "trajectory": Kind((site,))}),
        "initial_pools": (physics.initial_pools, {"theta": FEASIBLE},
                          {"theta": Kind((PARAMETERS, tuple(FEASIBLE)))}),
        "drivers_of": (physics.drivers_of, {"units": site}, {"units": units}),
    }  # fmt: skip
