"""The paper's experiment on the synthetic twin in one command: ``pm-dalec paper``."""

import time
from importlib import import_module

import pandas as pd
from rich.console import Console

from pm_dalec.data.land import units_of
from pm_dalec.landscape.pixel_sample import sample_region
from pm_dalec.landscape.twin.region import build_region
from pm_dalec.landscape.twin.truth import add_truth
from pm_dalec.landscape.twin.twin import make_twin
from pm_dalec.paper.items import make_all, save_landscape
from pm_dalec.paper.truth import candidates
from pm_dalec.posterior.convergence import converged_share, unit_report
from pm_dalec.sampling.region_store import FIT, calibrate_region
from pm_dalec.tables import dims

console = Console()

RESOLUTIONS = (1.0, 0.5, 0.25, 0.05)
STOP = {"draws": 250, "rhat": 1.045, "ess": 80}
QUICK = {"resolutions": (1.0, 0.5), "proposals": 120_000, **STOP}
FULL = {"resolutions": RESOLUTIONS, "proposals": 600_000, **STOP}
FINEST_COMPLETE = 0.1  # degree; below it the pixels are sampled
FINE_PIXELS = 60  # random pixels that stand for the 0.05 degree grid
APPROACHES = ("baseline", "stratified")


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


def paper(options):
    """Landscape, truth, calibration, aggregation, tables and figures; resumable."""
    plan = QUICK if options.quick else FULL
    out, stores = options.out, options.out / "fits"
    stores.mkdir(parents=True, exist_ok=True)
    console.print(f"synthetic landscape of seed {options.seed}", style="dim")
    twin = make_twin(options.seed)
    save_landscape(twin, stores)
    started, processor = time.perf_counter(), time.process_time()
    fits, chosen = {}, None
    for resolution in plan["resolutions"]:
        kept = {approach: stores / f"{approach}_{resolution:g}" for approach in APPROACHES}
        if all((store / FIT).exists() for store in kept.values()):
            region = None
        else:
            chosen = chosen or _truth(twin, options.seed)
            console.print(f"truth and observations at {resolution:g} degree", style="dim")
            region = experiment_region(twin, resolution, options.seed, chosen)
        for approach in APPROACHES:
            console.print(f"{approach} at {resolution:g} degree", style="bold")
            fits[approach, resolution] = _calibrated(
                region, approach, kept[approach], plan, options
            )
    sampled, core = time.perf_counter() - started, time.process_time() - processor
    made = make_all(
        stores, out, landscape=twin, seed=options.seed,
        progress=lambda words: console.print(words, style="dim"),
    )  # fmt: skip
    units = sum(int((f["sample_stats"]["status"].values != "not run").sum()) for f in fits.values())
    console.print(
        f"{units} units calibrated or read in {sampled:.0f} s wall, {core:.0f} s of processor time"
    )
    _tell(fits, made, out)
    return 0


def _truth(twin, seed):
    """True parameters of the strata, from their typical units at the coarsest resolution."""
    console.print("true parameters of the strata", style="dim")
    coarse = units_of(experiment_region(twin, max(RESOLUTIONS), seed), dims.SPACE)
    return candidates(import_module("pm_dalec.models.baseline").build, coarse, seed=seed)


def _calibrated(region, approach, store, plan, options):
    """Fit of one experiment, from its store where it is finished."""
    fit = calibrate_region(
        import_module(f"pm_dalec.models.{approach}").build, region, store=store,
        proposals=plan["proposals"], draws=plan["draws"], rhat=plan["rhat"], ess=plan["ess"],
        random_seed=options.seed,
    )  # fmt: skip
    console.print(f"  {converged_share(fit):.0%} of the units with rank R-hat below 1.05")
    return fit


def _tell(fits, made, out):
    """Print what was made, which units are in doubt, and the hypotheses."""
    for (approach, resolution), fit in fits.items():
        doubtful = unit_report(fit)
        doubtful.to_csv(out / f"units_{approach}_{resolution:g}.csv", index=False)
        if len(doubtful):
            console.print(
                f"{approach} {resolution:g}: {len(doubtful)} units in doubt, listed in "
                f"units_{approach}_{resolution:g}.csv"
            )
    left_out = [name for name, files in made.items() if isinstance(files, str)]
    console.print(f"{len(made) - len(left_out)} tables and figures in {out}")
    verdicts = out / "hypotheses.csv"
    if verdicts.exists():
        console.print(pd.read_csv(verdicts).to_string(index=False))
