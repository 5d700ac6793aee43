"""A small region, its model and its fit in short rounds; a model is compiled once for all tests."""

from functools import cache

import numpy as np
import pytest

from pm_dalec.cli.bench.case import region as invented_region
from pm_dalec.models import baseline
from pm_dalec.sampling import calibration, state as unit_state, unit
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.sampling.target import compile_target
from pm_dalec.tables.parameters import PARAMETERS

SHORT = {"chains": 8, "draws": 40, "proposals": 1500, "progress": False}


@pytest.fixture(scope="session")
def compiled():
    """Target of a model, which is compiled once."""
    return cache(compile_target)


@pytest.fixture(scope="module")
def short_rounds(compiled):
    """Rounds so short that a few thousand proposals go through several of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration, "compile_target", compiled)
        for module in (unit, unit_state):
            patch.setattr(module, "FIRST_ROUND", 1)
        yield


@pytest.fixture(scope="session")
def units():
    return invented_region(3, 24)


@pytest.fixture(scope="session")
def model(units):
    return baseline.build(units)


@pytest.fixture(scope="session")
def site(units):
    """Model of the first pixel alone."""
    return baseline.build(units.isel(pixel=[0]))


@pytest.fixture(scope="module")
def fit(model, short_rounds):
    return calibrate(model, **SHORT)


def draws_of(fit):
    return np.stack([fit["posterior"][name].values for name in PARAMETERS])
