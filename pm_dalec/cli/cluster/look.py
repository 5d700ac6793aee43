"""The commands `pm-dalec status` and `pm-dalec plan`."""

from pathlib import Path

from pm_dalec.cli.cluster.land import Model, Settings, land_and_build
from pm_dalec.cli.console import console
from pm_dalec.sampling.cluster.planning import plan as plan_region
from pm_dalec.sampling.cluster.reading import status as status_of, store_hash

GB = 1e9


def status(store: Path, /):
    """Print what a store of a region holds.

    Units that are done, running and failed with their reasons, the rate and the time left; the hash of the fit
    when it is written.

    Parameters
    ----------
    store
        Folder of `pm-dalec calibrate-region` or of pm_dalec.calibrate_region.
    """
    told = status_of(store)
    print_status(told)
    if told.closed:
        console.print(f"fit written, hash {store_hash(store)}")


def print_status(told):
    """Print the status of a store.

    Parameters
    ----------
    told : Status
    """
    phases = ", ".join(f"{count} {phase}" for phase, count in sorted(told.phases.items()))
    console.print(f"{told.done} of {told.units} units done{f': {phases}' if phases else ''}")
    if told.blocks:
        mean = f", {told.core_seconds:.3g} s of one core a unit" if told.done else ""
        console.print(f"{told.blocks_done} of {told.blocks} blocks done{mean}")
    if told.left is not None:
        left = "" if told.blocks == told.blocks_done else f", {told.left} left"
        console.print(f"{told.rate:,.0f} units an hour{left}")
    for number, where in told.running.items():
        console.print(f"block {number} is running on {where}", markup=False)
    for number, reason in told.failed.items():
        console.print(f"block {number} failed: {reason}", markup=False)
    if told.blocks and told.blocks == told.blocks_done and not told.closed:
        console.print(
            "all blocks are done; run any part or calibrate-region again to write the fit"
        )


def plan(
    region: Path,
    /,
    *,
    model: Model = "stratified",
    settings: Settings = None,
    pilot: int = 4,
    hours: float = 24.0,
    threads: int | None = None,
):
    """Estimate core-hours, memory, disk and workers of a region by a pilot.

    Parameters
    ----------
    region
        File of a region, .nc or .zarr.
    model
        baseline: one DALEC for each pixel; stratified: one for each stratum.
    settings
        Of the sampler.
    pilot
        Units of every stratum that are calibrated and timed.
    hours
        In which the region is to be done.
    threads
        In which the pilot runs; all processors by default, for a core is slower where its neighbours work.
    """
    land, build = land_and_build(region, model)
    asked = {} if settings is None else settings.as_arguments()
    made = plan_region(build, land, pilot=pilot, hours=hours, threads=threads, **asked)
    print(made.seconds.to_string(index=False, float_format="{:.4g}".format))
    console.print(
        f"{made.units} units: {made.core_hours:.3g} core-hours, standard error {made.error:.2g}; "
        f"{made.start_seconds:.0f} s for every worker to begin"
    )
    console.print(
        f"memory {made.worker_bytes / GB:.2g} GB a worker; disk {made.state_bytes / GB:.3g} GB of states, "
        f"{made.draws_bytes / GB:.3g} GB of draws, twice while the fit is written"
    )
    console.print(
        f"{made.workers} workers of one core end in {made.hours:.2g} h; "
        f"more than {made.blocks} have nothing to do"
    )
