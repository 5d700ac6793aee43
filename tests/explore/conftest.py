"""One site on the workbench for all tests of the room, and a fit of it in form."""

import pytest

from pm_dalec.explore.explorer import Explorer
from pm_dalec.explore.workbench import Workbench
from pm_dalec.models import baseline
from pm_dalec.testing.parameters import FEASIBLE
from pm_dalec.testing.tiny import tiny_fit, tiny_site


@pytest.fixture(scope="session")
def model():
    return baseline.build(tiny_site())


@pytest.fixture(scope="session")
def bench(model):
    return Workbench(model)


@pytest.fixture(scope="session")
def fit():
    """Draws around the truth, two of them alike in no parameter."""
    return tiny_fit(chains=4, draws=16)


@pytest.fixture
def explorer(bench):
    """A person's play that begins at the truth of the site, where all rules hold."""
    begun = Explorer(bench)
    begun.put(FEASIBLE._asdict())
    return begun
