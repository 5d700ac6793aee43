"""A truth for the synthetic region that DALEC itself has made (TWIN, section 5.6, tier C).

Every stratum has parameters of its own: those of a short calibration against its typical leaf area,
wood and soil carbon, with a long residence of wood in conifer and of soil carbon in heath. In each pixel
they are run with the pixel's weather and felling from the pixel's own stocks, and what a satellite would
see is the run plus the noise of the synthetic products. What the calibration gives can so be compared
with what is true: `pm_dalec.coverage`.
"""

import numpy as np
import xarray as xr
from scipy.stats import rankdata

from pm_dalec.constraints import forms, sets
from pm_dalec.constraints.case import case_of
from pm_dalec.landscape.twin.leaf_area import LOWEST, seasonal_leaf_area
from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.physics.records import drivers_of
from pm_dalec.physics.summaries import quantities_of
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.tables import dims
from pm_dalec.tables.constants import TRUTH
from pm_dalec.tables.parameters import PARAMETERS, Theta
from pm_dalec.tables.summaries import QUANTITIES

TYPICAL_LAI_SIGMA = 0.3  # m2 m-2
TYPICAL_RELATIVE_SIGMA = 0.1  # of wood and soil carbon [1]
CANDIDATES = 100
PROPOSALS = 40_000  # of each of eight chains
SLOW = {"conifer": "wood_turnover_rate", "heath": "som_mineralisation_rate"}
SLOW_PART = 0.2  # of the draws of a stratum that have a slower rate than its truth [1]


def typical_units(region):
    """Units dataset with one pixel for each stratum: area means of the region.

    Parameters
    ----------
    region : Dataset
        Stratified, as from `pm_dalec.landscape.twin.region.build_region`.

    Returns
    -------
    Dataset
        (time, pixel), the pixels in the order of the strata.
    """
    share = region["area_fraction"] * region["area"]
    strata = [str(name) for name in region[dims.STRATUM].values]
    found = {}
    for name, values in region.data_vars.items():
        if dims.PIXEL not in values.dims or name in ("area", "area_fraction"):
            continue
        mean = values.weighted(share.fillna(0.0)).mean(dims.PIXEL)
        found[name] = mean.rename({dims.STRATUM: dims.PIXEL}).assign_attrs(values.attrs)
    month = region[dims.TIME].dt.month.values
    curves = np.stack([seasonal_leaf_area(month, name) for name in strata], axis=-1)
    found["lai"] = found["lai"].copy(data=curves)
    found["lai_unc"] = xr.full_like(found["lai"], TYPICAL_LAI_SIGMA)
    for stream in ("cwood", "csom_prior"):
        found[f"{stream}_unc"] = (TYPICAL_RELATIVE_SIGMA * found[stream]).assign_attrs(
            found[stream].attrs
        )
    units = xr.Dataset(found).drop_vars(dims.STRATUM, errors="ignore")
    units = units.assign(step_days=region["step_days"], doy=region["doy"])
    places = {
        name: (dims.PIXEL, np.full(len(strata), float(region[name].mean())), region[name].attrs)
        for name in ("lat", "lon")
    }
    return units.assign_coords(
        {dims.PIXEL: np.arange(len(strata)), "time_bnds": region["time_bnds"], **places}
    )


def candidates(build, region, *, seed=0, progress=False):
    """Parameters that each stratum may have, the wanted first.

    Parameters
    ----------
    build : callable
        Gives the model of a units dataset with pixels: ``build`` of the baseline model.
    region : Dataset
        Stratified.
    seed : int
    progress : bool

    Returns
    -------
    dict of str to Theta
        By stratum; arrays of equal length.
    """
    fit = calibrate(
        build(typical_units(region)),
        chains=8,
        draws=250,
        proposals=PROPOSALS,
        random_seed=seed,
        progress=progress,
    )
    found = {}
    for pixel, stratum in enumerate(str(name) for name in region[dims.STRATUM].values):
        drawn = fit["posterior"].to_dataset().isel(pixel=pixel).stack(sample=("chain", "draw"))
        slow = SLOW.get(stratum, "wood_turnover_rate")
        part = SLOW_PART if stratum in SLOW else 0.5
        rank = rankdata(drawn[slow].values) / drawn.sizes["sample"]
        order = np.argsort(np.abs(rank - part), kind="stable")[:CANDIDATES]
        found[stratum] = Theta(*(drawn[name].values[order] for name in Theta._fields))
    return found


def add_truth(stratified, baseline, chosen):
    """Regions whose observations DALEC has made, with the truth in them.

    Parameters
    ----------
    stratified, baseline : Dataset
        The same pixels in both approaches.
    chosen : dict of str to Theta
        From `candidates`.

    Returns
    -------
    tuple of Dataset
        Stratified and baseline, with new ``lai`` and ``cwood`` and the true summaries as
        ``truth_{quantity}``; the stratified one also has ``truth_{parameter}``.

    Raises
    ------
    ValueError
        If a unit has no candidate that meets the constraints; names the unit.
    """
    strata = [str(name) for name in stratified[dims.STRATUM].values]
    shape = (len(strata), stratified.sizes[dims.PIXEL])
    month = stratified[dims.TIME].dt.month.values
    space = (dims.STRATUM, dims.PIXEL)
    leaves = np.full((month.size, *shape), np.nan)
    numbers = {name: np.full(shape, np.nan) for name in (*QUANTITIES, *Theta._fields)}
    share = stratified["area_fraction"].transpose(*space)
    for place in np.argwhere(share.values > 0):
        stratum, pixel = (int(at) for at in place)
        unit = stratified.isel(stratum=stratum, pixel=pixel)
        theta, run, held = _first_that_holds(unit, chosen[strata[stratum]])
        noise = unit["lai"].values - seasonal_leaf_area(month, strata[stratum])
        leaves[:, stratum, pixel] = np.maximum(run.fluxes.lai[:, held] + noise, LOWEST)
        found = quantities_of(run, unit["step_days"].values) | theta._asdict()
        for name, value in found.items():
            numbers[name][stratum, pixel] = value[held]
    made = stratified.assign(lai=stratified["lai"].copy(data=_ordered(stratified["lai"], leaves)))
    attributes = {name: {"units": QUANTITIES[name].units} for name in QUANTITIES}
    attributes |= {name: {"units": PARAMETERS[name].units} for name in Theta._fields}
    made = made.assign(
        {TRUTH + name: (space, values, attributes[name]) for name, values in numbers.items()}
    ).assign_attrs(truth="DALEC, parameters by stratum")
    return made, _averaged(made, baseline, share)


def _ordered(like, values):
    """Values (time, stratum, pixel) in the order of the dims of an array."""
    labelled = xr.DataArray(values, dims=(dims.TIME, dims.STRATUM, dims.PIXEL))
    return labelled.transpose(*like.dims).values


def _averaged(stratified, baseline, share):
    """The baseline sees area means of what the strata are."""

    def mean(values):
        return values.fillna(0.0).weighted(share).mean(dims.STRATUM)

    seen = mean(stratified["lai"]).transpose(*baseline["lai"].dims)
    wood = mean(stratified["cwood"]).transpose(*baseline["cwood"].dims)
    made = baseline.assign(
        lai=baseline["lai"].copy(data=seen.values),
        cwood=baseline["cwood"].copy(data=np.where(baseline["cwood"].isnull(), np.nan, wood)),
    )
    additive = [name for name in QUANTITIES if not name.startswith(("residence_", "npp_"))]
    for name in (*additive, "npp_wood"):
        made[TRUTH + name] = mean(stratified[TRUTH + name]).assign_attrs(
            stratified[TRUTH + name].attrs
        )
    return made.assign_attrs(truth="area means of the strata")


def _first_that_holds(unit, theta):
    """Candidates with a unit's stocks, their run, and the first that meets all constraints in it."""
    drivers, latitude = drivers_of(unit)
    seen = unit["cwood"].values
    when = np.isfinite(seen)
    wood, soil = np.full(len(theta[0]), seen[when].mean()), float(unit["csom_prior"])
    # wood is linear in its initial value, so that this ends where it is observed
    for _ in range(3):
        theta = theta._replace(initial_wood=wood, initial_som=np.full(len(wood), soil))
        run = run_numpy(drivers, latitude, theta)
        wood = wood + seen[when].mean() - run.pools.wood[:-1][when].mean(axis=0)
        wood = np.clip(wood, *PARAMETERS["initial_wood"].bounds)
    case = case_of(run, drivers, theta)
    with np.errstate(all="ignore"):
        margins = forms.margins(sets.EDCS["edinburgh2021"], case, np)
    holds = np.logical_and.reduce(
        [np.broadcast_to(forms.holds(margin), wood.shape) for margin in margins.values()]
    )
    if not holds.any():
        place = {name: str(unit[name].values) for name in (dims.STRATUM, dims.PIXEL)}
        raise ValueError(
            f"wanted parameters of the stratum that meet the constraints in unit {place}, got none "
            f"among {len(wood)} (truth of the twin); take another seed or more candidates"
        )
    return theta, run, int(np.argmax(holds))
