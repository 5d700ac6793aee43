"""Families of samplers side by side: what agrees is said to agree, in days of the year as well."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.testing.samplers.families import (
    TITLE,
    apart,
    centres_of,
    families_section,
    summarised,
)


def posterior(shift=0.0, width=1.0, seed=0):
    """Draws of all parameters, each about 1 with an sd of .1; days about the turn of the year."""
    rng, found = np.random.default_rng(seed), {}
    for name in PARAMETERS:
        values = shift + width * rng.normal(size=(4, 5000))
        circular = PARAMETERS[name].circular
        values = np.mod(365.25 + 5 * values, 365.25) if circular else 1 + 0.1 * values
        found[name] = (("chain", "draw"), values)
    return xr.Dataset(found)


def compared(one, weight=None):
    reference = posterior()
    centres = centres_of(reference)
    found = summarised(one, centres, weight), summarised(reference, centres)
    return apart(*found, list(centres))


def test_draws_of_one_posterior_agree_round_the_turn_of_the_year_as_well():
    found = compared(posterior(seed=1))
    assert found["within"] == f"{len(PARAMETERS)} of {len(PARAMETERS)}"
    assert found["median"] < 0.1
    assert found["width"] < 0.05


@pytest.mark.parametrize(("shift", "width"), [(0.2, 1.0), (0.0, 1.1)])
def test_draws_that_are_shifted_or_wider_do_not(shift, width):
    found = compared(posterior(shift, width, seed=1))
    assert found["within"] == f"0 of {len(PARAMETERS)}"
    assert found["median"] == pytest.approx(shift, abs=0.08)
    assert found["width"] == pytest.approx(width - 1, abs=0.06)


def test_weights_take_off_what_was_added():
    one = posterior(seed=1)
    middle = one["initial_wood"].values
    weight = np.where(middle > 1, 0.0, 1.0)
    found = compared(one, weight / weight.sum())
    assert found["of_median"] == "initial_wood"
    assert found["median"] == pytest.approx(0.674, abs=0.05)


def test_a_section_leaves_out_what_a_family_does_not_have():
    rows = [
        {"constraints": "hard", "family": "lanes", "status": "converged", "runs": 1_234_567},
        {"constraints": "hard", "family": "smc", "status": "budget", "log_evidence": -65.179},
    ]
    table = pd.DataFrame(rows).set_index(["constraints", "family"])
    told = families_section(table, "FI-Hyy")
    assert told.startswith("\n## FI-Hyy\n")
    assert "1,234,567" in told
    assert "-65.18" in told
    assert "nan" not in told
    assert "k-hat is below 0.7" in TITLE.replace("\n", " ")
