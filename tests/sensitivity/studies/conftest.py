"""A study of one year in a tiny budget; every variant is built and compiled once for all tests."""

from functools import cache

import pytest

from pm_dalec.constraints.sets import EDCS
from pm_dalec.graph.choices import Choices
from pm_dalec.models import baseline
from pm_dalec.sampling import calibration
from pm_dalec.sampling.target import compile_target
from pm_dalec.sensitivity.studies.study import Study
from pm_dalec.testing.tiny import tiny_site

TINY = {"chains": 4, "draws": 8, "proposals": 600, "ess": 0, "threads": 1, "progress": False}
TINY |= {"pilot": 0}
RULES = EDCS["edinburgh2021"].only("wood_outlives_leaves", "photosynthesis_happens", "steady_wood")
CHOICES = Choices(constraints=RULES)
VARIANTS = {
    "base": {},
    "no rules": {"constraints": None},
    "LAI doubled": {"sigma": {"lai": 2.0}},
}
DOUBT = "ignore:wanted 3 variants that converged"


@pytest.fixture(scope="session")
def site():
    return tiny_site().isel(time=slice(0, 24))


@pytest.fixture(scope="session", autouse=True)
def compiled_once():
    """A model is compiled once, however many calibrations there are of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration, "compile_target", cache(compile_target))
        yield


BUILT = {}


def remembered(land, choices):
    """Model of a land, the same one for the same choices; workers of this process find it too."""
    key = (choices, float(land["lai_unc"].sum()))
    if key not in BUILT:
        BUILT[key] = baseline.build(land, choices)
    return BUILT[key]


@pytest.fixture(scope="session")
def build():
    """Builder of models that remembers them."""
    return remembered


@pytest.fixture(scope="session")
def study(build, site):
    return Study(build, site, VARIANTS, choices=CHOICES)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="session")
def result(study, folder):
    with pytest.warns(UserWarning, match="wanted 3 variants that converged, got 3"):
        return study.run(folder, **TINY)
