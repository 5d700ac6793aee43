"""Experiments of the paper: the reduced fits of two approaches at several resolutions, on disk.

A set of experiments is a mapping from (approach, resolution [degree]) to `Experiment`.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from pm_dalec.data import storage
from pm_dalec.data.formats import trees
from pm_dalec.paper.reduction import Experiment, reduce_fit
from pm_dalec.posterior import fit_file
from pm_dalec.posterior.aggregation import combine_strata, domain_sample
from pm_dalec.tables import dims
from pm_dalec.tables.summaries import QUANTITIES

if TYPE_CHECKING:
    from collections.abc import Callable

STACKED = "quantity"
CONTENTS = "diagnostics of units, intervals of traits"  # reductions kept before they held these are made anew


def experiments_of(fits, *, draws=1000, seed=0, progress=None):
    """Set of experiments from a folder of fits, or from fits or reductions in memory.

    Parameters
    ----------
    fits : str, Path, or mapping of tuple to DataTree or Experiment
        Folder as for `open_experiments`, or keys (approach, resolution [degree]).
    draws, seed, progress
        As for `reduce_fit`.

    Returns
    -------
    dict of tuple to Experiment
    """
    if isinstance(fits, str | Path):
        return open_experiments(fits, draws=draws, seed=seed, progress=progress)
    return reduce_fits(fits, draws=draws, seed=seed, progress=progress)


def reduce_fits(fits, *, draws=1000, seed=0, progress=None):
    """Reductions of a set of experiments; those that are reduced already pass through.

    Parameters
    ----------
    fits : mapping of tuple to DataTree or Experiment
        Keys are (approach, resolution [degree]).
    draws, seed, progress
        As for `reduce_fit`.

    Returns
    -------
    dict of tuple to Experiment
        Baseline first, coarse first.
    """
    found = {}
    for key, fit in sorted(fits.items(), key=lambda item: (item[0][0], -item[0][1])):
        if isinstance(fit, Experiment):
            found[key] = fit
            continue
        if progress is not None:
            progress(f"reducing the {key[0]} fit of {key[1]:g} degree")
        found[key] = reduce_fit(fit, draws=draws, seed=seed, progress=progress)
    return found


def save_experiment(experiment, path):
    """Write a reduction to NetCDF, whole or not at all."""
    path = Path(path)
    parts = {field.name: getattr(experiment, field.name) for field in fields(experiment)}
    tree = xr.DataTree.from_dict(
        {name: part if name == "units" else _stacked(part) for name, part in parts.items()}
    )
    with storage.whole(path) as draft:
        trees.write_netcdf(tree, draft)
    return path


def load_experiment(path):
    """Reduction from a NetCDF file, in memory."""
    tree = trees.read_tree(
        path, what="a reduced experiment", group="budget", writer="`pm-dalec paper`"
    )
    parts = {name: tree[name].to_dataset(inherit=False) for name in tree.children}
    units = parts.pop("units")
    parts = {name: _unstacked(part) for name, part in parts.items()}
    for name in parts["budget"]:
        parts["budget"][name].attrs["units"] = QUANTITIES[name].units
    return Experiment(units, **parts)


def _stacked(part):
    """Variables of one shape as one array: a file of many small ones is slow to open."""
    if not part.data_vars:
        return part
    return part.to_dataarray(STACKED).to_dataset(name="values")


def _unstacked(part):
    return part["values"].to_dataset(STACKED) if "values" in part else part


def open_experiments(
    folder: str | Path,
    *,
    draws: int = 1000,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> dict[tuple[str, float], Experiment]:
    """Reductions of all fits in a folder, made once and kept in its subfolder ``reduced``.

    Parameters
    ----------
    folder : str or Path
        With fits of regions, NetCDF or zarr with a group ``posterior``: ``*.nc``, ``*.zarr``,
        ``*/fit.nc``, or ``*/fit.zarr`` as `pm_dalec.calibrate_region` keeps them.
    draws, seed, progress
        As for `reduce_fit`; a kept reduction made with others, or of an older fit, is made anew.

    Returns
    -------
    dict of tuple to Experiment
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(
            f"wanted a folder with fits of regions, got '{folder}', which is none; give the folder "
            "that `pm-dalec paper` filled, or fits by (approach, resolution)"
        )
    found = {}
    for name, path in _fit_paths(folder).items():
        experiment = _kept_or_reduced(path, name, folder, draws, seed, progress)
        if experiment is not None:
            found[experiment.key] = experiment
    if not found:
        raise ValueError(
            f"wanted fits of regions (*.nc, *.zarr, */fit.nc or */fit.zarr with a group 'posterior') "
            f"in '{folder}', got none; make them with `pm-dalec paper` or pm_dalec.save"
        )
    return reduce_fits(found)


def _kept_or_reduced(path, name, folder, draws, seed, progress):
    """Reduction of one file or folder, from the disk where it is fresh; None if that is no fit."""
    kept = folder / "reduced" / f"{name}.nc"
    stamp = f"{fit_file.changed_at(path)}, {draws} draws, seed {seed}, {CONTENTS}"
    if kept.exists():
        experiment = load_experiment(kept)
        if experiment.units.attrs.get("made_from") == stamp:
            return experiment
    if not fit_file.holds_fit(path):
        return None
    if progress is not None:
        progress(f"reducing {name}")
    experiment = reduce_fit(fit_file.load(path), draws=draws, seed=seed, progress=progress)
    experiment.units.attrs["made_from"] = stamp
    kept.parent.mkdir(exist_ok=True)
    save_experiment(experiment, kept)
    return experiment


def _fit_paths(folder):
    """Files and folders that may hold fits, by name; of two formats of one name zarr is taken."""
    paths = [*folder.glob("*.nc"), *folder.glob("*.zarr")]
    found = {path.stem: path for path in sorted(paths)}
    stores = sorted([*folder.glob("*/fit.nc"), *folder.glob("*/fit.zarr")])
    return found | {path.parent.name: path for path in stores}


def domain_ensemble(
    experiment,
    name,
    *,
    across_strata="independent",
    across_pixels="correlated",
    order="pixel_first",
):
    """Ensemble of one quantity over the domain of an experiment.

    Parameters
    ----------
    experiment : Experiment
    name : str
        In `pm_dalec.tables.QUANTITIES`.
    across_strata, across_pixels, order
        As for `pm_dalec.posterior.domain_sample`; the paper's rules by default.

    Returns
    -------
    DataArray
        Dims (sample), in the unit of the quantity.
    """
    return domain_sample(
        experiment.budget[QUANTITIES[name].name].rename(name),
        experiment.units,
        across_strata=across_strata,
        across_pixels=across_pixels,
        order=order,
        seed=int(experiment.units.attrs["pairing_seed"]),
    )


def pixel_ensemble(experiment, name):
    """Ensemble of one quantity in every pixel, strata combined as independent (A2).

    Returns
    -------
    DataArray
        Dims (sample, pixel).
    """
    seed = int(experiment.units.attrs["pairing_seed"])
    values = experiment.budget[QUANTITIES[name].name].rename(name)
    return combine_strata(values, experiment.units.get("area_fraction"), seed=seed)


def pixel_medians(experiment, name):
    """Median of one quantity in every pixel, with ``lat`` and ``lon``.

    Returns
    -------
    DataArray
        Dims (pixel).
    """
    places = {name: experiment.units[name] for name in ("lat", "lon")}
    return pixel_ensemble(experiment, name).median(dims.POOLED).assign_coords(places)


def pairs(experiments):
    """Resolutions at which there is a baseline and a stratified experiment, coarse first.

    Returns
    -------
    dict of float to tuple of Experiment
        Baseline and stratified, of the same pixels.
    """
    resolutions = sorted({resolution for _, resolution in experiments}, reverse=True)
    found = {}
    for resolution in resolutions:
        both = [experiments.get((name, resolution)) for name in ("baseline", "stratified")]
        if None not in both:
            _check_same_pixels(*both)
            found[resolution] = tuple(both)
    return found


def _check_same_pixels(baseline, stratified):
    ours, theirs = (set(e.units[dims.PIXEL].to_numpy().tolist()) for e in (baseline, stratified))
    if ours != theirs:
        raise ValueError(
            f"wanted the same pixels in both approaches at {baseline.resolution:g} degree, got "
            f"{len(ours - theirs)} only in the baseline and {len(theirs - ours)} only in the "
            "stratified fit; calibrate both on the same subset"
        )
