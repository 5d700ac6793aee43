"""Windows of years that the constraints look at."""

import numpy as np
import pytest

from pm_dalec.constraints.case import windows

from .cases import MONTHS, PAPER, Made, holds


@pytest.mark.parametrize(
    ("years", "first", "second", "steady"),
    [
        (1, slice(0, 12), slice(12, 12), slice(0, None)),
        (2, slice(0, 12), slice(12, 24), slice(0, None)),
        (3, slice(0, 12), slice(12, 24), slice(24, None)),
        (16, slice(0, 12), slice(12, 24), slice(24, None)),
    ],
)
def test_windows_of_whole_years(years, first, second, steady):
    assert windows(np.tile(MONTHS, years)) == (first, second, steady)


def test_years_are_rounded_and_steps_a_year_are_cut_off():
    # 40 months are 3.33 years: 3, and 40 // 3 = 13 steps a year
    window = windows(np.tile(MONTHS, 4)[:40])
    assert window == (slice(0, 13), slice(13, 26), slice(26, None))


def test_in_a_run_of_one_year_the_change_of_years_is_not_judged():
    case = Made(years=1).case(fluxes={"npp_to_wood": np.full(12, 100.0)})
    assert holds(PAPER["slow_change_wood"], case)


def test_a_run_below_a_year_is_refused():
    with pytest.raises(ValueError, match=r"at least 12 months, got 334 days in 11 steps; use a l"):
        windows(MONTHS[:11])
    assert windows(MONTHS[:12]).first_year == slice(0, 12)
