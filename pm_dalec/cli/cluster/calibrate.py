"""The command `pm-dalec calibrate-region`."""

from pathlib import Path

from pm_dalec.cli.cluster.land import Model, Settings, land_and_build
from pm_dalec.cli.cluster.look import print_status
from pm_dalec.cli.console import NOT_CONVERGED, console, tell
from pm_dalec.data.storage import WriteError, folder_to_write
from pm_dalec.sampling.cluster.blocks import part_of
from pm_dalec.sampling.cluster.client import LOCAL
from pm_dalec.sampling.cluster.reading import status
from pm_dalec.sampling.cluster.region import calibrate_part
from pm_dalec.sampling.region_store import calibrate_region as calibrate_units, is_finished


def calibrate_region(
    region: Path,
    /,
    *,
    store: Path,
    model: Model = "stratified",
    settings: Settings = None,
    seed: int = 0,
    threads: int | None = None,
    part: str | None = None,
    dask: str | None = None,
    bank: Path | None = None,
):
    """Calibrate every unit of a region; resumable.

    Parameters
    ----------
    region
        File of a region, .nc or .zarr, as `pm-dalec landscape` and `pm-dalec region` write it.
    store
        Folder for states and fit; what is finished there is not done again.
    model
        baseline: one DALEC for each pixel; stratified: one for each stratum.
    settings
        Of the sampler.
    seed
        Of the sampler.
    threads
        Of this process, or processes of --dask local; all processors by default.
    part
        i/n: this process does part i of n of the units, as a task of a job array; all parts name the
        same store, and the last one writes the fit.
    dask
        local, or the address of a scheduler whose workers calibrate.
    bank
        Draw bank from `pm-dalec bank`, whose draws the units take over where weights allow.
    """
    if part is not None and dask is not None:
        raise ValueError("wanted --part or --dask, got both; a part runs by itself")
    asked = ({} if settings is None else settings.as_arguments()) | {"random_seed": seed}
    asked |= {} if bank is None else {"bank": bank}
    share = None if part is None else part_of(part)
    folder_to_write(store)
    land, build = land_and_build(region, model)
    if share is None:
        calibrate_units(build, land, store=store, client=dask, threads=threads, **asked)
    elif not is_finished(store, **asked):
        left = calibrate_part(build, land, store=store, part=share, threads=threads, **asked)
        if left:
            console.print(f"part {part} is done; {left} blocks of other parts are not")
            return None
        try:
            calibrate_units(build, land, store=store, client=LOCAL, threads=threads, **asked)
        except WriteError as fault:
            tell(f"another part writes the fit, or this one cannot: {fault}")
            return None
    told = status(store)
    print_status(told)
    return 0 if set(told.phases) <= {"converged"} else NOT_CONVERGED
