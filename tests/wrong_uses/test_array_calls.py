"""Arrays of results, regions and scenarios: kept otherwise they give the same numbers, wrong ones are refused.

The functions are those of `array_calls`, the changes those of `keeping`. Another order, other labels or other
numbers of a possible kind make another result, which is shown as it is.
"""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from . import array_calls, keeping
from .outcome import EQUAL, REFUSED, SILENT, TOLD, TRACEBACK, attempt, verdict
from .perturbations import EQUAL as SAME, WRONG

NAMES = array_calls.NAMES
DEAR = {
    "with_groups",
    "budget",
    "trajectories",
    "export",
    "edc_report",
    "write_region",
    "build_region",
}
ROUNDED = {("partition", "dimensions exchanged")}  # sums in another order
COUNTS = Counter()


@pytest.fixture(scope="module")
def called(tmp_path_factory):
    """A call by name, and what the right arguments give."""
    calls, right = array_calls.calls(tmp_path_factory.mktemp("arrays")), {}

    def of(name):
        call = calls[name]
        if name not in right:
            right[name] = attempt(lambda: keeping.in_one_order(call.function(**call.given)))
            assert right[name].fault is None, f"{name}\n{right[name]}"
        return call, right[name]

    return of


def check(called, name, label):
    """Refused in a sentence, the same, or another result of what may be."""
    call, right = called(name)
    found = keeping.change(call, label)
    if found is None or (name, label[1]) in ROUNDED:
        return
    changed, kind = found
    came = attempt(lambda: keeping.in_one_order(call.function(**changed)))
    made = verdict(right, came)
    COUNTS[made] += 1
    assert made != TRACEBACK, f"{name}, {label}\n{came}"
    if kind in (SAME, WRONG):
        assert made in (REFUSED, EQUAL, TOLD), f"{made}: {name}, {label}\n{came}"


@pytest.mark.parametrize("name", NAMES)
def test_an_array_is_the_same_or_refused_or_another_that_may_be(called, name):
    labels = keeping.labels(called(name)[0])

    @settings(
        max_examples=3 if name in DEAR else 12, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(label=st.sampled_from(labels))
    def drawn(label):
        check(called, name, label)

    drawn()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_so_is_every_array(called, name):
    for label in keeping.labels(called(name)[0]):
        check(called, name, label)


def test_there_were_enough_changed_arrays():
    assert COUNTS[SILENT] + COUNTS[REFUSED] + COUNTS[EQUAL] >= 80, COUNTS
    print(dict(COUNTS))
