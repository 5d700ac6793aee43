"""DALEC C6: one pure step of six carbon pools, for any array module.

`prepare` computes what depends on drivers and parameters but not on pools, once for all steps; `step`
advances the pools by one step. NumPy, PyTensor and JAX only repeat `step`.
Order within a step: photosynthesis with the leaf area at its start, fluxes and pools, harvest, fire
(MODEL, section 3).
"""

from pm_dalec.physics import canopy, disturbance, phenology, stomata, stomatal_search
from pm_dalec.physics.records import Allocation, Drivers, Flows, Fluxes, Forcing, Gas, Pools, Rates
from pm_dalec.tables.kinds import Array, ArrayModule, Solver
from pm_dalec.tables.parameters import Theta
from pm_dalec.tables.variables import POOLS

SOLVERS = {"converged": stomata.converged, "truncated": stomatal_search.truncated}


def check_solver(solver: object) -> None:
    """Refuse what is no name of a stomatal solver.

    Parameters
    ----------
    solver : {"converged", "truncated"}
    """
    if not isinstance(solver, str) or solver not in SOLVERS:
        raise ValueError(
            f"wanted the solver {' or '.join(map(repr, SOLVERS))}, got {solver!r} "
            "(stomatal optimum); choose one of them"
        )


def initial_pools(theta: Theta) -> Pools:
    """Pools before the first step [g m-2]."""
    return Pools(*(getattr(theta, f"initial_{pool}") for pool in POOLS))


def allocation(theta: Theta) -> Allocation:
    """Shares of GPP in the order in which DALEC hands it out (MODEL, section 7)."""
    foliage = (1 - theta.autotrophic_fraction) * theta.foliage_fraction
    labile = (1 - theta.autotrophic_fraction - foliage) * theta.labile_fraction
    roots = (1 - theta.autotrophic_fraction - foliage - labile) * theta.root_fraction
    wood = 1 - theta.autotrophic_fraction - foliage - labile - roots
    return Allocation(theta.autotrophic_fraction, foliage, labile, roots, wood)


def over_step(rate: Array, step_days: Array, xp: ArrayModule) -> Array:
    """Effective loss rate of a pool over a step: ``(1 - (1 - rate)**step_days) / step_days``.

    Parameters
    ----------
    rate : array [d-1]
        Share of the pool lost in one day. Above one the power is defined for whole days only.
    step_days : array [d]

    Returns
    -------
    array [d-1]
        NaN where ``rate`` exceeds one and the step is not a whole number of days.

    Examples
    --------
    A tenth a day is not three tenths of a pool in three days, because it is a tenth of what is left:

    >>> import numpy as np
    >>> round(float(3 * over_step(np.array(0.1), 3.0, np)), 12)
    0.271
    """
    # CARDAMOM: a daily share above one makes the base of the power negative; 1 + (rate - 2) is its size
    above = rate > 1
    change = xp.expm1(step_days * xp.log1p(xp.where(above, rate - 2, -rate)))
    half = step_days / 2  # whole for an even number of days
    even = half - xp.floor(half) <= 0
    odd = half + 0.5 - xp.floor(half + 0.5) <= 0
    oscillating = xp.where(even, -change, xp.where(odd, 2 + change, float("nan")))
    return xp.where(above, oscillating, -change) / step_days


def rates(drivers: Drivers, theta: Theta, xp: ArrayModule) -> Rates:
    """Phenology, decomposition and turnover of every step (MODEL, section 7).

    Parameters
    ----------
    drivers : Drivers
        Time in front.
    theta : Theta
        Broadcasts against the drivers.
    xp : module

    Returns
    -------
    Rates
    """
    days = drivers.step_days
    temperature = xp.exp(theta.temperature_exponent * (drivers.tmin + drivers.tmax) / 2)
    release = phenology.labile_release_rate(drivers.doy, theta, xp)
    fall = phenology.leaf_fall_rate(drivers.doy, theta, xp)
    return Rates(
        temperature_rate=temperature,
        leaf_fall_rate=fall,
        labile_release_rate=release,
        labile_release=over_step(release, days, xp),
        leaf_fall=over_step(fall, days, xp),
        wood_turnover=over_step(theta.wood_turnover_rate, days, xp),
        root_turnover=over_step(theta.root_turnover_rate, days, xp),
        litter_respiration=over_step(temperature * theta.litter_mineralisation_rate, days, xp),
        som_respiration=over_step(temperature * theta.som_mineralisation_rate, days, xp),
        litter_to_som=over_step(temperature * theta.litter_to_som_rate, days, xp),
    )


def prepare(drivers: Drivers, latitude: Array, theta: Theta, xp: ArrayModule) -> Forcing:
    """Forcing of all steps: everything that does not depend on the pools.

    Parameters
    ----------
    drivers : Drivers
        Time in front, other axes broadcast against ``theta``.
    latitude : array [degrees_north]
    theta : Theta
    xp : module

    Returns
    -------
    Forcing
    """
    return Forcing(
        canopy.weather(drivers, latitude, xp),
        rates(drivers, theta, xp),
        drivers.forest_loss_fraction,
        drivers.burned_fraction,
        drivers.step_days,
    )


def gas_exchange(
    pools: Pools,
    weather: canopy.Weather,
    theta: Theta,
    xp: ArrayModule,
    *,
    solver: Solver = "converged",
) -> Gas:
    """Photosynthesis with the leaves and roots at the start of the step (MODEL, sections 4 to 6).

    Parameters
    ----------
    pools : Pools [g m-2]
    weather : Weather
    theta : Theta
    xp : module
    solver : {"converged", "truncated"}

    Returns
    -------
    Gas
    """
    seen, boundary, supply = canopy_leaves(pools, weather, theta, xp)
    gpp, conductance, ratio = photosynthesis(seen, boundary, supply, solver, xp)
    return Gas(
        gpp=gpp,
        lai=seen.lai,
        stomatal_conductance=conductance,
        boundary_conductance=1000 * weather.molar_density * boundary,
        ci_ratio=ratio,
        apar=seen.light_limit / canopy.LIGHT_YIELD,
    )


def photosynthesis(
    leaves: stomata.Leaves, boundary: Array, supply: Array, solver: Solver, xp: ArrayModule
) -> tuple[Array, Array, Array]:
    """GPP, stomatal conductance and the ratio of internal to ambient CO2.

    Parameters
    ----------
    leaves : Leaves
    boundary : array [m s-1]
    supply : array [mmol m-2 s-1]
    solver : {"converged", "truncated"}

    Returns
    -------
    tuple of array
        gpp [g m-2 d-1], stomatal conductance [mmol m-2 s-1], ci/ca [1].
    """
    active = (boundary > canopy.SMALLEST_FLOW) & (supply > canopy.SMALLEST_FLOW)
    opened = SOLVERS[solver](leaves, xp)
    conductance = xp.where(active, opened, canopy.SMALLEST_FLOW)
    gain = stomata.assimilation(opened, leaves, xp)
    ratio = stomata.internal_co2(opened, leaves, xp)[0] / leaves.co2
    gpp = xp.where(active & (opened > canopy.SMALLEST_FLOW), gain, 0.0)
    return gpp, conductance, xp.where(active, ratio, 0.0)


def canopy_leaves(
    pools: Pools, weather: canopy.Weather, theta: Theta, xp: ArrayModule
) -> tuple[stomata.Leaves, Array, Array]:
    """Leaves, boundary-layer conductance [m s-1] and water supply [mmol m-2 s-1] of a state."""
    lai = pools.foliage / theta.leaf_carbon_per_area
    light = canopy.light(lai, weather, xp)
    boundary = canopy.boundary_conductance(lai, weather, xp)
    supply = canopy.water_supply(pools.roots, lai, weather, xp)
    potential = stomata.potential_conductance(lai, light, boundary, supply, weather, xp)
    seen = stomata.leaves(lai, theta.canopy_efficiency, light.apar, boundary, potential, weather)
    return seen, boundary, supply


def flows(pools: Pools, gpp: Array, rate: Rates, theta: Theta) -> Flows:
    """Allocation, turnover and decomposition of a step (MODEL, section 7).

    Parameters
    ----------
    pools : Pools [g m-2]
        At the start of the step.
    gpp : array [g m-2 d-1]
    rate : Rates
        Of this step.
    theta : Theta

    Returns
    -------
    Flows [g m-2 d-1]
    """
    share = allocation(theta)
    return Flows(
        autotrophic_respiration=gpp * share.respiration,
        npp_to_foliage=gpp * share.foliage,
        npp_to_labile=gpp * share.labile,
        npp_to_roots=gpp * share.roots,
        npp_to_wood=gpp * share.wood,
        labile_to_foliage=pools.labile * rate.labile_release,
        foliage_to_litter=pools.foliage * rate.leaf_fall,
        wood_to_som=pools.wood * rate.wood_turnover,
        roots_to_litter=pools.roots * rate.root_turnover,
        litter_respiration=pools.litter * rate.litter_respiration,
        litter_to_som=pools.litter * rate.litter_to_som,
        som_respiration=pools.som * rate.som_respiration,
    )


def advanced(pools: Pools, flow: Flows, days: Array) -> Pools:
    """Pools at the end of a step of some days, before harvest and fire [g m-2]."""
    fallen, dead_wood, dead_roots = flow.foliage_to_litter, flow.wood_to_som, flow.roots_to_litter
    released, litter_soil = flow.labile_to_foliage, flow.litter_to_som
    return Pools(
        labile=pools.labile + (flow.npp_to_labile - released) * days,
        foliage=pools.foliage + (flow.npp_to_foliage - fallen + released) * days,
        roots=pools.roots + (flow.npp_to_roots - dead_roots) * days,
        wood=pools.wood + (flow.npp_to_wood - dead_wood) * days,
        litter=pools.litter + (fallen + dead_roots - flow.litter_respiration - litter_soil) * days,
        som=pools.som + (litter_soil - flow.som_respiration + dead_wood) * days,
    )


def step(
    pools: Pools, forcing: Forcing, theta: Theta, xp: ArrayModule, *, solver: Solver = "converged"
) -> tuple[Pools, Fluxes]:
    """Advance the pools by one step.

    Parameters
    ----------
    pools : Pools [g m-2]
        At the start of the step.
    forcing : Forcing
        Of this step.
    theta : Theta
    xp : module
        numpy, pytensor.tensor or jax.numpy.
    solver : {"converged", "truncated"}
        Stomatal optimum: exact root, or CARDAMOM's search.

    Returns
    -------
    tuple
        Pools [g m-2] at the end of the step, and Fluxes.
    """
    gas = gas_exchange(pools, forcing.weather, theta, xp, solver=solver)
    flow, rate, days = flows(pools, gas.gpp, forcing.rates, theta), forcing.rates, forcing.step_days
    grown = advanced(pools, flow, days)
    cut, taken = disturbance.harvest(grown, forcing.forest_loss_fraction, days)
    after, burning = disturbance.fire(cut, forcing.burned_fraction, days)
    emitted = sum(burning[:6])
    reco = flow.autotrophic_respiration + flow.litter_respiration + flow.som_respiration
    return after, Fluxes(
        harvest=sum(taken),
        fire=emitted,
        reco=reco,
        nee=reco - gas.gpp,
        nbe=reco - gas.gpp + emitted,
        temperature_rate=rate.temperature_rate,
        leaf_fall_rate=rate.leaf_fall_rate,
        labile_release_rate=rate.labile_release_rate,
        **gas._asdict(),
        **flow._asdict(),
        **taken._asdict(),
        **burning._asdict(),
    )
