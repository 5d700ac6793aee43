"""Regions of the twin that several files look at."""

import pytest

from pm_dalec.data.land import units_of
from pm_dalec.landscape.twin.region import build_region

RESOLUTION = 0.25
PIXEL, STRATUM = ("pixel",), ("stratum", "pixel")


@pytest.fixture(scope="session")
def region(twin):
    return build_region(twin, resolution=RESOLUTION)


@pytest.fixture(scope="session")
def baseline(region):
    return units_of(region, PIXEL)


@pytest.fixture(scope="session")
def stratified(region):
    return units_of(region, STRATUM)
