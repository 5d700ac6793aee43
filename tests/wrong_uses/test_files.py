"""Files that are cut, changed, exchanged or of another kind are refused by name, or read as they were."""

from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import pm_dalec as pmd
from pm_dalec.data.synthetic_sites import synthetic_site
from pm_dalec.testing.tiny import tiny_fit, tiny_region

from .damage import CHANGED, WHOLE, site_file, spoilt
from .outcome import REFUSED, Tally, attempt

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")

TALLY = Tally()
OPENED = {
    "fit.nc": pmd.load,
    "fit.zarr": pmd.load,
    "site.nc": pmd.open_site,
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Folder with the right files, and those of another fit and site."""
    folder = tmp_path_factory.mktemp("files")
    for seed, at in ((0, "ours"), (1, "theirs")):
        (folder / at).mkdir()
        fit = tiny_fit(tiny_region(pixels=2, seed=seed), seed=seed)
        fit.attrs |= {"seed": 7 + seed, "solver": "converged"}
        pmd.save(fit, folder / at / "fit.zarr")
        pmd.save(fit, folder / at / "fit.nc")
        site_file(synthetic_site(seed, years=5), folder / at / "site.nc")
    return folder


@cache
def right(path):
    return attempt(lambda: OPENED[path.name](path))


CASES = st.tuples(
    st.sampled_from(sorted(OPENED)),
    st.sampled_from((*WHOLE, *CHANGED)),
    st.floats(0.0, 0.9999),
    st.integers(0, 7),
)


def check(home, case):
    """Refused by its name, or read bit for bit as it was."""
    name, how, at, bit = case
    if how in CHANGED and name == "site.nc":
        return  # a site file has no checksum: a byte that makes a possible number makes another site
    if how == "another's" and name == "fit.nc":
        return  # a whole fit is a fit
    right_one = right(home / "ours" / name)
    assert right_one.fault is None, right_one
    with spoilt(home, name, how, at, bit) as path:
        came = attempt(lambda: OPENED[name](path))
    found = TALLY.note(case, right_one, came)
    if found == REFUSED:
        assert name.split(".")[0] in str(came.fault.args[0]), came


def budget(examples, **more):
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        **more,
    )


@budget(75, derandomize=True)
@given(case=CASES)
def test_a_spoilt_file_is_refused_by_its_name_or_read_as_it_was(home, case):
    check(home, case)


@pytest.mark.slow
@budget(3000)
@given(case=CASES)
def test_no_spoilt_file_of_many_is_read_as_another(home, case):
    check(home, case)


def test_there_were_enough_spoilt_files():
    TALLY.expect(50)
