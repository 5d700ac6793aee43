"""Cases of the constraints that are made by hand, and priors without Gaussian factors."""

from typing import NamedTuple

import numpy as np

from pm_dalec.constraints import forms
from pm_dalec.constraints.case import Case, windows
from pm_dalec.constraints.sets import EDCS
from pm_dalec.physics import records
from pm_dalec.tables.parameters import PARAMETERS, THREE_YEARS
from pm_dalec.tables.priors import LogUniform
from pm_dalec.tables.variables import POOLS
from pm_dalec.testing.parameters import FEASIBLE

PAPER, LATER = EDCS["edinburgh2021"], EDCS["edinburgh2024"]
NUMBERED = {rule.number: rule for rule in PAPER.values()}
MONTHS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], float)


def holds(rule, case):
    return bool(np.all(forms.holds(rule.margin(case, np))))


class Made(NamedTuple):
    """A hand-made case of whole years of months, everything one unless it is said otherwise."""

    years: int = 3

    def case(self, *, pools=None, fluxes=None):
        days = np.tile(MONTHS, self.years)
        count = days.size
        flat = {name: np.ones(count + 1) for name in POOLS} | (pools or {})
        fluxes = {name: np.ones(count) for name in records.Fluxes._fields} | (fluxes or {})
        return Case(
            FEASIBLE,
            9.0,
            records.Pools(**{name: np.asarray(value, float) for name, value in flat.items()}),
            records.Fluxes(**{name: np.asarray(value, float) for name, value in fluxes.items()}),
            days,
            windows(days),
        )


def plain(parameters=PARAMETERS):
    """Log-uniform priors without Gaussian factors, days in the three-year box."""
    for name, record in parameters.items():
        bounds = THREE_YEARS if record.circular else record.bounds
        parameters = parameters.replace(name, prior=LogUniform(), bounds=bounds)
    return parameters
