"""Parity with reference files: forward runs, constraints and likelihoods, recomputed and compared.

A file has one group per set of drivers. What is in a group tells its kind: pools and fluxes (forward),
``edc_pass`` (edc) or ``log_likelihood_stream`` (likelihood). The parameter vectors are in the order of
`Parameter.number`.
"""

from typing import NamedTuple

import numpy as np
import xarray as xr

from pm_dalec.constraints import forms, sets
from pm_dalec.constraints.case import case_of
from pm_dalec.constraints.prior_draws import gaussian_log_factor
from pm_dalec.physics import records, step, stomata
from pm_dalec.physics.canopy import weather
from pm_dalec.physics.observation_operators import misfit, seen_by
from pm_dalec.reference_site import from_reference
from pm_dalec.runners import RUNNERS
from pm_dalec.tables.parameters import PARAMETERS, Theta
from pm_dalec.tables.streams import STREAMS
from pm_dalec.tables.variables import DRIVERS, POOLS

ABSOLUTE_FLOOR = 1e-9  # of the largest value of a series, added to the relative tolerance
UNDECIDED_MARGIN = 1e-9  # constraints this close to their threshold are not compared
JUMP_REACH = (1e-12, 1e-9)  # relative changes of parameters within which a flag may jump
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
STREAM_NAMES = {
    "LAI": "lai",
    "Cwood_stock": "cwood",
    "GPP": "gpp",
    "NEE": "nee",
    "NBE": "nbe",
    "Reco": "reco",
    "Cfol_stock": "cfol",
    "Croots_stock": "croots",
    "Csom_stock": "csom",
}


class Line(NamedTuple):
    """Comparison of one quantity of one group."""

    group: str
    quantity: str
    worst: float  # relative error, or the number of flags that differ
    where: str
    passed: bool
    remark: str = ""


def groups_of(path):
    """Names of the groups of a reference file that hold parameter vectors and drivers."""
    with xr.open_datatree(path, engine="h5netcdf", decode_timedelta=False) as tree:
        named = [name.lstrip("/") for name in tree.groups]
        found = [name for name in named if name and "driver_run_day" in tree[name].variables]
    if not found:
        raise ValueError(
            f"wanted a reference file with a group per driver set, got none in {path}; the schema is "
            "that of the files in reference/ (driver_*, parameter, outputs)"
        )
    return found


def parity(path, *, runner="numpy", rtol=1e-6):
    """Recompute a reference file and compare.

    Parameters
    ----------
    path : str or path
    runner : {"numpy", "pytensor", "jax", "lanes"}
    rtol : float
        Relative tolerance, beside the absolute floor of 1e-9 of the largest value of a series.

    Yields
    ------
    Line
        One per group and quantity.
    """
    for name in groups_of(path):
        with xr.open_dataset(path, group=name, engine="h5netcdf", decode_timedelta=False) as held:
            group = held.load()
        case = _case(path, name, group)
        execute = RUNNERS[runner]
        known = False
        if "flux_GPP" in group or "pool_wood" in group:
            known = True
            yield from _forward(name, group, case, execute, rtol)
        if "edc_pass" in group and "edc_margin" in group:
            known = True
            yield from _flags(name, group, case, execute)
        if "log_likelihood_stream" in group:
            known = True
            yield from _likelihood(name, group, case, execute, rtol)
        if not known:
            raise ValueError(
                f"wanted forward runs, edc_pass or log_likelihood_stream in a group, got none in "
                f"{name!r} of {path}; leave this file out"
            )


class _Case(NamedTuple):
    """Inputs of a group."""

    units: xr.Dataset
    drivers: records.Drivers
    latitude: float
    theta: Theta


def _case(path, name, group):
    units = from_reference(path, name)
    drivers = records.Drivers(*(units[driver].values for driver in DRIVERS))
    numbers = {int(number): place for place, number in enumerate(group["parameter_index"].values)}
    vectors = group["parameter"].transpose(..., "parameter_index").values
    theta = Theta(*(vectors[:, numbers[PARAMETERS[name].number]] for name in Theta._fields))
    return _Case(units, drivers, float(units["lat"]), theta)


def relative_error(ours, theirs, rtol):
    """Error in units in which the tolerance is ``rtol``: with the floor of each series.

    Parameters
    ----------
    ours, theirs : array (..., time)
    rtol : float

    Returns
    -------
    array
        ``|a - b| / (|b| + floor / rtol)``; zero where both are NaN, infinite where one is.
    """
    largest = np.nanmax(np.abs(theirs), axis=-1, keepdims=True, initial=0.0)
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(ours - theirs) / (
            np.abs(theirs) + ABSOLUTE_FLOOR / rtol * largest + np.finfo(float).tiny
        )
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    return np.where(same, 0.0, np.where(np.isnan(error), np.inf, error))


def _stored(group):
    """Positions along time, and along the instants between steps, that a group stores."""
    steps, bounds = slice(None), slice(None)
    if "stored_step" in group:
        steps = group["stored_step"].values.astype(int) - 1
        bounds = group["stored_bound"].values.astype(int)
    return steps, bounds


def _forward(name, group, case, execute, rtol):
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


def _margins(case, ours):
    with np.errstate(all="ignore"):
        return forms.margins(
            sets.EDCS["edinburgh2021"], case_of(ours, case.drivers, case.theta), np
        )


def _flags(name, group, case, execute):
    margins = _margins(case, execute(case.drivers, case.latitude, case.theta, "truncated"))
    place = {int(number): index for index, number in enumerate(group["edc_number"].values)}
    wrong, remarks = {}, {}
    for rule in sets.EDCS["edinburgh2021"].values():
        if rule.number not in place:
            continue
        theirs = group["edc_pass"].isel(edc=place[rule.number]).values.astype(bool)
        slack = group["edc_margin"].isel(edc=place[rule.number]).values
        passed = np.broadcast_to(forms.holds(margins[rule.name]), theirs.shape)
        close = np.abs(slack) < UNDECIDED_MARGIN
        wrong[rule.name] = (passed != theirs) & ~close
        remarks[rule.name] = f"{int((~theirs).sum())} fail, {int(close.sum())} undecided"
    suspects = np.flatnonzero(np.any(list(wrong.values()), axis=0))
    jumps = _on_a_jump(case, execute, suspects)
    for rule_name, differs in wrong.items():
        jumping = differs.copy()
        jumping[suspects] &= jumps[rule_name]
        differs = differs & ~jumping
        remark = remarks[rule_name]
        if jumping.any():
            remark += f", {int(jumping.sum())} on a jump of the truncated search"
        where = f"sample {np.argmax(differs)}" if differs.any() else f"{differs.size} samples"
        count = float(differs.sum())
        yield Line(name, f"edc {rule_name}", count, where, not differs.any(), remark)


def _on_a_jump(case, execute, suspects):
    """Whether a rule passes and fails within a hair of these vectors.

    The truncated search is discontinuous: vectors bisected to a threshold may sit on one of its jumps,
    where rounding decides. Every parameter is moved by 1e-12 to 1e-9 of itself.
    """
    tries = 48
    random = np.random.default_rng(0)
    size = np.tile(np.geomspace(*JUMP_REACH, tries), suspects.size)
    moved = Theta(
        *(
            np.repeat(value[suspects], tries) * (1 + size * random.uniform(-1, 1, size.size))
            for value in case.theta
        )
    )
    if not suspects.size:
        return dict.fromkeys(sets.EDCS["edinburgh2021"], np.zeros(0, bool))
    ours = execute(case.drivers, case.latitude, moved, "truncated")
    found = {}
    for name, margin in _margins(case._replace(theta=moved), ours).items():
        passed = forms.holds(np.broadcast_to(margin, moved[0].shape)).reshape(-1, tries)
        found[name] = passed.any(axis=1) & ~passed.all(axis=1)
    return found


def _likelihood(name, group, case, execute, rtol):
    ours = execute(case.drivers, case.latitude, case.theta, "truncated")
    streams = [str(value) for value in group["stream"].values]
    parts = np.stack([stream_log_likelihood(ours, case.units, STREAM_NAMES[s]) for s in streams])
    counts = np.array([np.isfinite(case.units[STREAM_NAMES[s]].values).sum() for s in streams])
    with np.errstate(all="ignore"):
        holds = np.stack([forms.holds(m) for m in _spread_out(_margins(case, ours), parts)])
    barrier = np.where(holds.all(axis=0), 0.0, -np.inf)
    for position, variant in enumerate(str(value) for value in group["variant"].values):
        scaled = parts / counts[:, None] if variant == "divided_by_n" else parts
        label = f"{name} {variant}"
        at = group.isel(variant=position)
        for index, stream in enumerate(streams):
            theirs = at["log_likelihood_stream"].isel(stream=index).values
            yield _scalars(label, f"log_likelihood {STREAM_NAMES[stream]}", scaled[index], theirs,
                           rtol)  # fmt: skip
        total = scaled.sum(axis=0)
        yield _scalars(label, "log_likelihood", total, at["log_likelihood_obs"].values, rtol)
        if "log_likelihood_obs_with_edc" in at:
            theirs = at["log_likelihood_obs_with_edc"].values
            yield _scalars(label, "log_likelihood with constraints", total + barrier, theirs, rtol)
    for index, number in enumerate(group["prior_parameter"].values.astype(int)):
        parameter = next(p for p in PARAMETERS.values() if p.number == number)
        value = getattr(case.theta, parameter.name)
        mean = float(group["prior_mean"].values[index])
        sigma = float(group["prior_uncertainty"].values[index])
        theirs = group["log_prior_term"].isel(prior=index).values
        ours_term = gaussian_log_factor(value, mean, sigma)
        yield _scalars(name, f"log_prior {parameter.name}", ours_term, theirs, rtol)


def _spread_out(margins, parts):
    return [np.broadcast_to(margin, parts.shape[1:]) for margin in margins.values()]


def stream_log_likelihood(trajectory, units, stream):
    """Log-likelihood of a stream as CARDAMOM counts it: no normalisation, -inf for negative LAI.

    Parameters
    ----------
    trajectory : Trajectory
        Arrays (time, sample).
    units : Dataset
        Site.
    stream : str
        Name in `pm_dalec.tables.streams.STREAMS`.

    Returns
    -------
    array (sample)
    """
    STREAMS[stream]
    modelled = seen_by(stream, trajectory)
    observed = units[stream].values[:, None]
    with np.errstate(all="ignore"):
        total = -0.5 * misfit(modelled, observed, units[f"{stream}_unc"].values[:, None]).sum(0)
    if stream == "lai":
        negative = (modelled < 0) & np.isfinite(observed)
        total = np.where(negative.any(axis=0), -np.inf, total)
    return np.where(np.isnan(total), -np.inf, total)


def _scalars(group, quantity, ours, theirs, rtol):
    """Compare one number a sample, each its own series."""
    error = relative_error(ours[:, None], theirs[:, None], rtol)[:, 0]
    worst = int(np.argmax(error))
    return Line(group, quantity, float(error[worst]), f"sample {worst}", bool(error[worst] <= rtol))
