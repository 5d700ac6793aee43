"""Fluxes and pools of forward runs beside those of the reference."""

import numpy as np

from pm_dalec.physics import records, step, stomata
from pm_dalec.physics.canopy import weather
from pm_dalec.tables.variables import POOLS
from pm_dalec.testing.comparison import Line, relative_error

SEEN_GPP = 1e-6  # g m-2 d-1; stomatal quantities are rounding noise below it

_FIRE = {f"flux_fire_{pool}": f"{pool}_combustion" for pool in POOLS}
_MORTALITY = {f"flux_firelitter_{pool}": f"{pool}_fire_litter" for pool in (*POOLS,)[:5]}
FLUX_NAMES = {
    "lai": "lai",
    "nee": "nee",
    "flux_GPP": "gpp",
    "flux_temprate": "temperature_rate",
    "flux_Ra": "autotrophic_respiration",
    "flux_NPP_to_foliage": "npp_to_foliage",
    "flux_NPP_to_labile": "npp_to_labile",
    "flux_NPP_to_roots": "npp_to_roots",
    "flux_NPP_to_wood": "npp_to_wood",
    "flux_labile_to_foliage": "labile_to_foliage",
    "flux_leaf_fall_factor": "leaf_fall_rate",
    "flux_foliage_to_litter": "foliage_to_litter",
    "flux_wood_to_som": "wood_to_som",
    "flux_roots_to_litter": "roots_to_litter",
    "flux_Rh_litter": "litter_respiration",
    "flux_Rh_som": "som_respiration",
    "flux_litter_to_som": "litter_to_som",
    "flux_labile_release_factor": "labile_release_rate",
    "flux_fire_total": "fire",
    **_FIRE,
    **_MORTALITY,
    "stomatal_conductance": "stomatal_conductance",
    "boundary_layer_conductance": "boundary_conductance",
    "ci_over_ca": "ci_ratio",
    "canopy_apar": "apar",
}


def _stored(group):
    """Positions along time, and along the instants between steps, that a group stores."""
    steps, bounds = slice(None), slice(None)
    if "stored_step" in group:
        steps = group["stored_step"].values.astype(int) - 1
        bounds = group["stored_bound"].values.astype(int)
    return steps, bounds


def forward_lines(name, group, case, execute, rtol):
    """Lines of the report: largest relative error of pools and fluxes against the reference."""
    steps, bounds = _stored(group)
    for position, solver in enumerate(_solvers(group)):
        ours = execute(case.drivers, case.latitude, case.theta, solver)
        loose = _unbracketed(case, ours) if solver == "converged" else None
        spread = _spread(group, position)
        visible = ours.fluxes.gpp.T > SEEN_GPP
        for theirs_name, our_name in FLUX_NAMES.items():
            if theirs_name not in group:
                continue
            theirs = _of_solver(group[theirs_name], position)
            value = getattr(ours.fluxes, our_name).T[:, steps]
            seen = visible[:, steps] if our_name in _STOMATAL else None
            error = relative_error(value, theirs, rtol)
            yield _line(f"{name} {solver}", our_name, error, rtol, spread, loose, steps, seen)
        for pool in POOLS:
            if f"pool_{pool}" not in group:
                continue
            theirs = _of_solver(group[f"pool_{pool}"], position)
            error = relative_error(getattr(ours.pools, pool).T[:, bounds], theirs, rtol)
            after = None if loose is None else np.pad(loose, ((0, 0), (1, 0)))
            yield _line(f"{name} {solver}", pool, error, rtol, spread, after, bounds)
        if "mean_gpp" in group:
            theirs = _of_solver(group["mean_gpp"], position)[:, None]
            error = relative_error(ours.fluxes.gpp.mean(axis=0)[:, None], theirs, rtol)
            whole = None if loose is None else loose.any(axis=1, keepdims=True)
            yield _line(f"{name} {solver}", "mean_gpp", error, rtol, spread, whole, slice(None))


_STOMATAL = ("stomatal_conductance", "ci_ratio")


def _solvers(group):
    if "solver" not in group.dims:
        return ("truncated",)
    if "solver" in group.variables:
        return tuple(str(value) for value in group["solver"].values)
    return ("truncated", "converged")


def _of_solver(array, position):
    return (array.isel(solver=position) if "solver" in array.dims else array).values


def _spread(group, position):
    """Relative change of the reference itself between compiler settings, for each sample [1]."""
    names = [name for name in ("max_rel_diff_O0", "max_rel_diff_O3native") if name in group]
    return np.max([_of_solver(group[name], position) for name in names], axis=0) if names else 0.0


def _unbracketed(case, ours):
    """Steps at or after which the reference's search was not bracketed (sample, time)."""
    drivers = records.aligned(case.drivers, 1, np)
    with np.errstate(all="ignore"):
        seen, boundary, supply = step.canopy_leaves(
            records.Pools(*(pool[:-1] for pool in ours.pools)),
            weather(drivers, case.latitude, np),
            case.theta,
            np,
        )
        here = stomata.unbracketed(seen, np) & (boundary > 0) & (supply > 0)
    return np.logical_or.accumulate(here, axis=0).T


def _line(group, quantity, error, rtol, spread, loose, places, seen=None):
    """Worst error of a quantity, leaving out noise and what follows an unbracketed search."""
    tolerance = np.maximum(rtol, 2 * np.broadcast_to(spread, error.shape[:1]))[:, None]
    counted = np.ones(error.shape, bool) if seen is None else seen
    over = counted & (error > tolerance)
    excused = over & loose[:, places] if loose is not None else np.zeros_like(over)
    noisy = counted & (error > rtol) & (error <= tolerance)
    kept = np.where(counted & ~excused & ~noisy, error, 0.0)
    sample, time = np.unravel_index(np.argmax(kept), kept.shape)
    remarks = []
    if loose is not None and loose.any():
        remarks.append(f"{int(excused.sum())} values left out after unbracketed searches")
    if noisy.any():
        remarks.append(f"{int(noisy.sum())} values within the reference's own rounding")
    return Line(
        group,
        quantity,
        float(kept.max()),
        f"sample {sample}, time {time}",
        not (over & ~excused).any(),
        "; ".join(remarks),
    )
