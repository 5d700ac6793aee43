"""Synthetic sites."""

import pytest

from pm_dalec.data import synthetic_sites
from pm_dalec.tables.streams import STREAMS


def test_synthetic_drivers_are_six_years_of_months_with_harvest_and_without_fire():
    units = synthetic_sites.synthetic_drivers(seed=1)
    assert units.sizes["time"] == 72
    assert float(units["step_days"].sum()) == 2191.0
    assert int((units["forest_loss_fraction"] > 0).sum()) == 3
    assert float(units["burned_fraction"].max()) == 0.0
    assert not set(STREAMS) & set(units.data_vars)


def test_synthetic_drivers_repeat_with_their_seed_and_differ_between_seeds():
    made = synthetic_sites.synthetic_drivers.__wrapped__  # none is remembered
    first, again, other = (made(seed=seed) for seed in (1, 1, 2))
    assert first.identical(again)
    assert not first["tmin"].equals(other["tmin"])


def test_more_harvests_than_months_are_refused():
    with pytest.raises(ValueError, match="0 to 12 harvests, got 1 years and 13 harvests"):
        synthetic_sites.synthetic_drivers(years=1, harvests=13)
