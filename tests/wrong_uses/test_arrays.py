"""A changed array is refused in a sentence, gives equal numbers, or all of the change is in what comes.

What a change may end in is said where it is declared (`perturbations`): a site that no place could be is
refused, other ways to keep the same numbers are equal, another site or period is shown as it is.
"""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from . import doors
from .outcome import EQUAL, REFUSED, SILENT, TOLD, attempt, verdict
from .perturbations import EQUAL as SAME, WRONG

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")

COUNTS = {}
SHOWN = "shown"
EXAMPLES = {"build": 6, "forecast": 4}  # a model takes two seconds to build


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("arrays")


@pytest.fixture(scope="module")
def right(folder):
    """What each door gives of the right data, made when it is asked for."""
    known = {}

    def of(door, place):
        if (door, place) not in known:
            call, change = doors.DOORS[door], doors.right(place)
            known[door, place] = attempt(lambda: call(change, place, folder))
        return known[door, place]

    return of


def judged(door, place, label, right, folder):
    """Verdict on a change at a door, and what came; None where it cannot be made for it."""
    change = doors.change_of(door, place, label)
    if change is None:
        return None
    made = []

    def call():
        made.append(doors.DOORS[door](change, place, folder))
        return made[0]

    before = {name: np.array(np.asarray(held), copy=True) for name, held in change.values.items()
              if np.ndim(held)}  # fmt: skip
    came = attempt(call)
    untouched = all(equal(before[name], change.values[name]) for name in before)
    assert untouched, f"{door} has written to what it was given: {label}"
    found = verdict(right(door, place), came)
    if found == SILENT and doors.shown(door, place, change, made[0]):
        found = SHOWN
    return found, came, change.kind


def equal(left, right):
    """Whether two arrays are equal, whatever they hold."""
    right = np.asarray(right)
    return left.shape == right.shape and left.astype(str).tolist() == right.astype(str).tolist()


def check(door, place, label, right, folder):
    """Refused, equal, told or shown; and what no site could be is not shown."""
    found = judged(door, place, label, right, folder)
    if found is None:
        return
    found, came, kind = found
    COUNTS[door, place, label] = found
    assert found in (REFUSED, EQUAL, TOLD, SHOWN), f"{found}: {door}, {place}, {label}\n{came}"
    if kind == WRONG:
        assert found in (REFUSED, EQUAL, TOLD), f"taken: {door}, {place}, {label}\n{came}"
    if kind == SAME:  # or a kind of array that is not taken at all
        assert found in (EQUAL, REFUSED), f"changed: {door}, {place}, {label}\n{came}"


def budget(examples, **more):
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        **more,
    )


def check_all(place, door, settings_of_all, right, folder):
    """Draw changes for one door."""

    @settings_of_all
    @given(label=st.sampled_from(doors.labels(place)))
    def drawn(label):
        check(door, place, label, right, folder)

    drawn()


@pytest.mark.parametrize(("door", "place"), doors.PLACES)
def test_a_changed_array_is_refused_or_equal_or_all_of_the_change_is_shown(
    door, place, right, folder
):
    check_all(place, door, budget(EXAMPLES.get(door, 30), derandomize=True), right, folder)


@pytest.mark.slow
@pytest.mark.parametrize(("door", "place"), doors.PLACES)
def test_so_is_every_change(door, place, right, folder):
    for label in doors.labels(place):
        check(door, place, label, right, folder)


def test_there_were_enough_changed_arrays():
    counts = {found: list(COUNTS.values()).count(found) for found in (REFUSED, EQUAL, TOLD, SHOWN)}
    assert len(COUNTS) >= 150, counts
    print(f"{len(COUNTS)} changed arrays: {counts}")
