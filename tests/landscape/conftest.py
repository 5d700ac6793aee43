"""Landscapes that several tests look at; each is made once."""

import pytest

from pm_dalec.landscape.twin.twin import make_twin, truth
from pm_dalec.paper.mosaic import harvest_table

SEEDS = tuple(range(6))


@pytest.fixture(scope="session")
def twin():
    """Landscape of seed 1 with sea and towns, stocks as observed."""
    return make_twin(1)


@pytest.fixture(scope="session")
def plain_cells():
    """Cells of a landscape without mask and without variation within strata."""
    return truth(make_twin(0, mask=False, cv=0.0, biomass="model"))


@pytest.fixture(scope="session")
def harvests():
    """Harvest of six landscapes without mask and without variation within strata."""
    return harvest_table(SEEDS)
