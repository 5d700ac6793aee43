"""The model itself on the twin: wood pools under harvest, and GPP at four resolutions."""

import numpy as np
import pytest

from pm_dalec.data.land import units_of
from pm_dalec.landscape.twin.region import build_region
from pm_dalec.landscape.twin.twin import make_twin
from pm_dalec.paper.theory import mean_depletion
from pm_dalec.physics import records, step
from pm_dalec.physics.canopy import weather
from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.physics.records import aligned, drivers_of
from pm_dalec.tables.parameters import PARAMETERS, Theta

ROOTS = 150.0  # g m-2
LEAF_CARBON = 60.0  # g m-2 per leaf area
TYPICAL = Theta(*(np.sqrt(p.bounds[0] * p.bounds[1]) for p in PARAMETERS.values()))._replace(
    autotrophic_fraction=0.46, canopy_efficiency=21.15, leaf_carbon_per_area=LEAF_CARBON
)


@pytest.fixture(scope="module")
def twin():
    return make_twin(1)


@pytest.mark.parametrize(("loss", "turnover"), [(0.0227, 1 / 60), (0.005, 1 / 60)])
def test_the_wood_pool_of_dalec_is_depleted_as_the_linear_pool(twin, loss, turnover):
    """T13: eq. (9) within 1 %, harvested against not harvested so that young leaves cancel."""
    region = units_of(build_region(twin, resolution=1.0), ("pixel",)).isel(pixel=[1])
    calm, latitude = drivers_of(region, ("pixel",))
    days = region["step_days"].values
    felled = calm._replace(forest_loss_fraction=(loss * days / 365.25)[:, None])
    calm = calm._replace(forest_loss_fraction=np.zeros((days.size, 1)))
    rate = 1 - (1 - turnover) ** (1 / 365.25)
    theta = Theta(*(np.full(1, value) for value in TYPICAL._replace(wood_turnover_rate=rate)))
    growth = np.average(run_numpy(calm, latitude, theta).fluxes.npp_to_wood, weights=days, axis=0)
    balanced = theta._replace(initial_wood=growth * 365.25 / turnover)
    kept, left = (run_numpy(d, latitude, balanced).pools.wood.mean() for d in (calm, felled))
    assert left / kept == pytest.approx(float(mean_depletion(loss, turnover, years=6)), rel=0.01)


def domain_gpp(twin, resolution):
    """Area-weighted mean GPP of the observed leaf area of a baseline region [g m-2 d-1]."""
    region = units_of(build_region(twin, resolution=resolution), ("pixel",))
    drivers, latitude = drivers_of(region, ("pixel",))
    lai = region["lai"].transpose("time", "pixel").values
    drivers = aligned(drivers, 1, np)
    pools = records.Pools(*([np.float64(ROOTS)] * 6))._replace(foliage=lai * LEAF_CARBON)
    with np.errstate(all="ignore"):
        gas = step.gas_exchange(pools, weather(drivers, latitude, np), TYPICAL, np)
    pixels = np.average(gas.gpp, axis=0, weights=region["step_days"].values)
    return np.average(pixels, weights=region["area"].values)


def test_gpp_of_the_mean_canopy_hardly_depends_on_resolution(twin):
    """T14: scale variance of GPP below 2 % with the model's own photosynthesis (H1a)."""
    found = np.array([domain_gpp(twin, resolution) for resolution in (1.0, 0.5, 0.25, 0.05)])
    assert 1.0 < found.mean() < 10.0
    assert np.ptp(found) / found.mean() < 0.02
