"""Pools under constant weather go where theory says, and as fast."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pm_dalec.physics.records import Drivers, drivers_of
from pm_dalec.physics.step import over_step
from pm_dalec.posterior.compiled import STATE, Stretch, after, compiled_dalec
from pm_dalec.tables.variables import GAINS, LOSSES, POOLS
from pm_dalec.testing.parameters import FEASIBLE, near_feasible

from .conftest import constant_site

FLUXES = tuple(
    sorted({name for table in (GAINS, LOSSES) for names in table.values() for name in names})
)
WOOD = STATE.start + list(POOLS).index("wood")


@pytest.fixture(scope="module")
def century():
    """Drivers of a hundred years without any change, and the compiled run of them."""
    drivers, latitude = drivers_of(constant_site(4))
    drivers = Drivers(*(np.tile(values, 25) for values in drivers))
    return drivers, float(latitude), compiled_dalec(1200, FLUXES, "converged")


@pytest.fixture(scope="module")
def settled(century):
    """Draws at their equilibrium, and the last century of their way there."""
    drivers, latitude, run = century
    rows = np.stack(near_feasible((16,), np.random.default_rng(0), spread=0.05), axis=1)
    for _ in range(40):
        made = run.run(rows, drivers, latitude)
        rows = rows.copy()
        rows[:, STATE] = after(made)
    living = rows[:, WOOD] > 100  # a stand that died says nothing
    assert living.sum() >= 4
    pools, fluxes = ({n: v[:, living] for n, v in part.items()} for part in made)
    return rows[living], Stretch(pools, fluxes)


def cycle(inputs, kept):
    """Where a linear pool returns to after 48 months of inputs of which a share is kept a month."""
    total = np.zeros(inputs.shape[1:])
    for gain, left in zip(inputs, kept, strict=True):
        total = total * left + gain
    return total / (1 - np.prod(kept, axis=0))


@pytest.mark.parametrize("pool", ["roots", "wood", "litter", "som", "labile", "foliage"])
def test_every_pool_goes_to_its_input_times_its_residence(pool, settled, century):
    _, made = settled
    days = century[0].step_days[:48, None]
    pools = made.pools[pool]
    inputs = sum(made.fluxes[name] for name in GAINS[pool])[-48:] * days
    lost = sum(made.fluxes[name] for name in LOSSES[pool])[-48:] * days
    kept = 1 - lost / pools[-49:-1]
    assert_allclose(pools[-1], cycle(inputs, kept), rtol=1e-3)


def test_wood_settles_at_input_over_rate_but_for_the_length_of_a_step(settled, century):
    """A step's input is not lost within it: half a step of turnover more than in continuous time."""
    rows, made = settled
    days = century[0].step_days[-48:, None]
    rate = -np.log1p(-rows[:, FEASIBLE._fields.index("wood_turnover_rate")])
    mean = (made.fluxes["npp_to_wood"][-48:] * days).sum(0) / days.sum()
    stock = (made.pools["wood"][-49:-1] * days).sum(0) / days.sum()
    assert_allclose(stock, mean / rate, rtol=2e-3)
    assert_allclose(stock, mean / rate * (1 + rate * days.mean() / 2), rtol=2e-4)


def test_the_e_folding_time_of_a_disturbance_is_the_turnover_time(settled, century):
    drivers, latitude, run = century
    rows = settled[0]
    felled = rows.copy()
    felled[:, WOOD] *= 0.5
    whole, less = (run.run(start, drivers, latitude).pools["wood"] for start in (rows, felled))
    left = (whole - less) / (rows[:, WOOD] - felled[:, WOOD])
    time = np.cumsum(drivers.step_days)
    for lane, rate in enumerate(rows[:, FEASIBLE._fields.index("wood_turnover_rate")]):
        folded = np.interp(1.0, -np.log(left[:, lane]), time)
        assert_allclose(folded, 1 / rate, rtol=1e-3)


def test_wood_recovers_exponentially_when_felling_stops(settled, century):
    """C* - (C* - C0) exp(-k t), C* and the constant input being those of the settled run."""
    drivers, latitude, run = century
    rows = settled[0].copy()
    settled_wood = rows[:, WOOD].copy()
    rows[:, WOOD] *= 0.3
    wood = run.run(rows, drivers, latitude).pools["wood"]
    years = np.cumsum(drivers.step_days)[47::48]
    rate = rows[:, FEASIBLE._fields.index("wood_turnover_rate")]
    wanted = settled_wood - 0.7 * settled_wood * np.exp(np.log1p(-rate) * years[:, None])
    assert_allclose(wood[47::48], wanted, rtol=1e-3)


def test_wood_under_felling_is_smaller_by_what_theory_says(settled, century):
    """Discrete closed form of a pool with a loss: F2 and F4 of the research."""
    drivers, latitude, run = century
    monthly = 0.0227 / 12
    rows = settled[0].copy()
    felled = drivers._replace(forest_loss_fraction=np.full(len(drivers.doy), monthly))
    for _ in range(12):
        made = run.run(rows, felled, latitude)
        rows[:, STATE] = after(made)
    rate = rows[:, FEASIBLE._fields.index("wood_turnover_rate")]
    days = drivers.step_days[-48:, None]
    kept = (1 - over_step(rate, days, np) * days) * (1 - monthly)
    inputs = made.fluxes["npp_to_wood"][-48:] * days * (1 - monthly)
    assert_allclose(made.pools["wood"][-1], cycle(inputs, kept), rtol=1e-5)
