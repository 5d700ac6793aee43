"""Public functions of physics, constraints and plots with their arguments, as those of the root face in `calls`."""

from functools import cache
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from pm_dalec import constraints as rules, physics, plots
from pm_dalec.physics import drivers_of, run_numpy
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.streams import STREAMS
from pm_dalec.testing.parameters import FEASIBLE
from pm_dalec.testing.tiny import tiny_fit, tiny_site

from .domains import Kind, Name, Names, Real, Whole
from .room_calls import figure_of

SOLVERS = ("converged", "truncated")


@cache
def weather():
    return drivers_of(tiny_site())


@cache
def site_fit():
    """Fit of a site."""
    return tiny_fit(tiny_site())


@cache
def run():
    drivers, latitude = weather()
    return run_numpy(drivers, latitude, FEASIBLE)


def saved(**given):
    """Names of the files of a figure."""
    plots.save_figure(**given)
    return sorted(path.suffix for path in Path(given["stem"]).parent.glob("?.p??"))


def calls(folder):
    """Function, right arguments and domains of the arguments, by name of the call."""
    fits = Kind((site_fit()["posterior"].to_dataset(), PARAMETERS))
    draws = site_fit()["posterior"].to_dataset()
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
        "fit_figure": (figure_of(plots.fit_figure), {"simulated": site_fit(), "names": ("lai",), "observed": {}}, {
            "simulated": fits, "names": Names(("lai", "gpp")),
            "observed": Kind(({"lai": 3}, {"lai": draws["initial_som"]}), optional=True)}),
        "parameter_figure": (figure_of(plots.parameter_figure), {"posterior": draws[["leaf_lifespan", "initial_som"]]}, {
            "posterior": Kind((site_fit(), site)), "prior": Kind((site_fit(), site), optional=True),
            "truth": Kind(({"leaf_life": 1.0}, draws), optional=True), "columns": Whole(1)}),
        "save_figure": (saved, {"figure": Figure(), "stem": folder / "drawn" / "a"},
                        {"figure": Kind((draws,)), "stem": Kind(("", "a\0b", b"a"))}),
        "seen_by": (physics.seen_by, {"stream": "lai", "trajectory": run()}, {"stream": Name(("lai",))}),
        "drivers_of": (physics.drivers_of, {"units": site}, {"units": units}),
    }  # fmt: skip
