"""The paper's experiment on the synthetic twin, from the landscape to the tables."""

import time
from functools import cache, partial
from typing import NamedTuple

import numpy as np
import xarray as xr
from scipy.stats import rankdata

from pm_dalec.data.land import units_of
from pm_dalec.graph.choices import PAPER
from pm_dalec.landscape.pixel_sample import sample_region
from pm_dalec.landscape.twin.leaf_area import seasonal_leaf_area
from pm_dalec.landscape.twin.region import build_region
from pm_dalec.landscape.twin.truth import add_truth
from pm_dalec.landscape.twin.twin import make_twin
from pm_dalec.paper.forecasts.runs import APPROACHES, RESOLUTION, run_forecasts
from pm_dalec.paper.items import make_all
from pm_dalec.paper.landscape_file import save_landscape
from pm_dalec.posterior.convergence import NOT_RUN, RHAT_LIMIT, converged_share, unit_report
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.sampling.region_store import calibrate_region, is_finished
from pm_dalec.tables import dims
from pm_dalec.tables.constants import RESOLUTIONS
from pm_dalec.tables.parameters import Theta

STOP = {"draws": 250, "rhat": 1.045, "ess": 80}
QUICK = {
    "resolutions": (1.0, RESOLUTION),
    "proposals": 120_000,
    "forecast_draws": 25,
    "other_constraints": (),
    **STOP,
}
FULL = {
    "resolutions": RESOLUTIONS,
    "proposals": 600_000,
    "forecast_draws": None,
    "other_constraints": ("edinburgh2024",),  # refits of the forecasts' resolution
    **STOP,
}
REFITS = "constraints"  # folder, beside the fits, of those under other sets
FINEST_COMPLETE = 0.1  # degree; below it the pixels are sampled
FINE_PIXELS = 60  # random pixels that stand for the 0.05 degree grid


def experiment_region(twin, resolution, seed, chosen=None):
    """Region of the twin, some random pixels of it where the grid is fine.

    Parameters
    ----------
    twin : Twin
    resolution : float [degree]
    seed : int
        Of the choice of pixels; the sample carries the areas that it stands for.
    chosen : dict of str to Theta, optional
        True parameters by stratum, from `candidates`: DALEC then makes the observations. Otherwise
        they are those of the landscape's tables.

    Returns
    -------
    DataTree
    """
    region = build_region(twin, resolution=resolution)
    if resolution <= FINEST_COMPLETE:
        region = sample_region(region, FINE_PIXELS, seed=seed)
    return region if chosen is None else add_truth(region, chosen)


class Done(NamedTuple):
    """What a run of the experiment has made.

    Attributes
    ----------
    units : int
        Calibrated, or read from a finished store.
    seconds, processor_seconds : float
        Of calibration [s].
    doubtful : dict of Path to int
        Number of units in doubt by the file that lists them, one file an experiment.
    items : dict of str to list of Path or str
        As from `make_all`.
    """

    units: int
    seconds: float
    processor_seconds: float
    doubtful: dict
    items: dict


def repeat(models, out, *, plan=FULL, seed=1, tell=None):
    """Landscape, truth, calibration, aggregation, tables and figures; resumable.

    Parameters
    ----------
    models : dict of str to callable
        ``build`` of the model of each approach, "baseline" and "stratified".
    out : Path
        Folder for fits, tables and figures; made if it does not exist.
    plan : dict
        `QUICK` or `FULL`. Units of the forecasts' resolution are also fitted under each of the sets in
        ``other_constraints``, so that the causes of the spread have it.
    seed : int
    tell : callable, optional
        Called with a sentence before each stage.

    Returns
    -------
    Done
    """
    tell, stores = tell or (lambda sentence: None), out / "fits"
    tell(f"synthetic landscape of seed {seed}")
    twin = make_twin(seed)
    stores.mkdir(parents=True, exist_ok=True)
    save_landscape(twin, stores)
    region = _regions(models["baseline"], twin, seed, tell)
    started, processor = time.perf_counter(), time.process_time()
    fits = _fits(models, region, stores, plan, seed, tell)
    at = {a: fit for (a, resolution), fit in fits.items() if resolution == RESOLUTION}
    refits = {
        name: _refits(name, models, region, stores, plan, seed, tell)
        for name in plan["other_constraints"]
    }
    spent = time.perf_counter() - started, time.process_time() - processor
    draws = plan["forecast_draws"]
    run_forecasts(at, stores, others=refits, draws=draws, seed=seed, progress=tell)
    items = make_all(stores, out, landscape=twin, seed=seed, progress=tell)
    named = {f"{approach}_{resolution:g}": fit for (approach, resolution), fit in fits.items()}
    for name, both in refits.items():
        named |= {f"{approach}_{RESOLUTION:g}_{name}": fit for approach, fit in both.items()}
    statuses = [fit["sample_stats"]["status"].values for fit in named.values()]
    units = sum(int((status != NOT_RUN).sum()) for status in statuses)
    return Done(units, *spent, _doubtful(named, out), items)


def _regions(build, twin, seed, tell):
    """The regions of the experiment by resolution, made where they are asked for, with one truth."""

    @cache
    def truth():
        return true_parameters(build, twin, seed, tell)

    @cache
    def region(resolution):
        chosen = truth()
        tell(f"truth and observations at {resolution:g} degree")
        return experiment_region(twin, resolution, seed, chosen)

    return region


def _fits(models, region, stores, plan, seed, tell, under=""):
    """Fits of both approaches at every resolution, from their stores where they are finished."""
    fits = {}
    settings = {"random_seed": seed, **{name: plan[name] for name in ("proposals", *STOP)}}
    for resolution in plan["resolutions"]:
        kept = {approach: stores / f"{approach}_{resolution:g}" for approach in APPROACHES}
        finished = all(is_finished(store, **settings) for store in kept.values())
        land = None if finished else region(resolution)
        for approach in APPROACHES:
            tell(f"{approach} at {resolution:g} degree{under}")
            fit = calibrate_region(models[approach], land, store=kept[approach], **settings)
            tell(f"  {converged_share(fit):.0%} of the units with rank R-hat below {RHAT_LIMIT}")
            fits[approach, resolution] = fit
    return fits


def _refits(constraints, models, region, stores, plan, seed, tell):
    """Fits of both approaches under another set of constraints, at the resolution of the forecasts.

    The observations are the same: their truth met the constraints of the paper.
    """
    choices = PAPER.replace(constraints=constraints)
    others = {name: partial(build, choices=choices) for name, build in models.items()}
    here, plan = stores / REFITS / constraints, plan | {"resolutions": (RESOLUTION,)}
    fits = _fits(others, region, here, plan, seed, tell, f" under {constraints}")
    return {approach: fit for (approach, _), fit in fits.items()}


def true_parameters(build, twin, seed, tell=lambda sentence: None):
    """True parameters of the strata, from their typical units at the coarsest resolution.

    Parameters
    ----------
    build : callable
        Of the baseline model.
    twin : Twin
    seed : int
    tell : callable
        Called with a sentence.

    Returns
    -------
    dict of str to Theta
        As from `candidates`.
    """
    tell("true parameters of the strata")
    coarse = units_of(experiment_region(twin, max(RESOLUTIONS), seed), dims.SPACE)
    return candidates(build, coarse, seed=seed)


def _doubtful(fits, out):
    """Number of units in doubt by the file that lists them."""
    counts = {}
    for name, fit in fits.items():
        report, path = unit_report(fit), out / f"units_{name}.csv"
        report.to_csv(path, index=False)
        counts[path] = len(report)
    return counts


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
        Stratified, as from `pm_dalec.build_region`.

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
