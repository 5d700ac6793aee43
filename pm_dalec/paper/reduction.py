"""Reduction of the fit of an experiment: what tables and figures of the paper need, and no more.

Trajectories of all draws of a region do not fit in memory. A fit is therefore run in blocks of
pixels, and what remains are scalar budgets of every draw, quantiles of the domain's series under the
paper's rules (A2, A3, A5), and medians at the times of the observations.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from pm_dalec.data.land import averages_of
from pm_dalec.data.uncertainties import absolute_sigma
from pm_dalec.physics.observation_operators import averaged, seen_by
from pm_dalec.physics.summaries import quantities_of
from pm_dalec.posterior.aggregation import combine_strata, comonotone_sum
from pm_dalec.posterior.chain_statistics import circular_mean
from pm_dalec.posterior.convergence import unit_diagnostics
from pm_dalec.posterior.ensembles import finite_units, summarise
from pm_dalec.posterior.metrics import stratum_areas
from pm_dalec.posterior.runs import evenly, run_of
from pm_dalec.tables import dims
from pm_dalec.tables.constants import DAYS_PER_YEAR, REPRESENTED, TRUTH
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.summaries import QUANTITIES
from pm_dalec.tables.variables import DEAD, LIVE

LANE_RUNS = 6_000  # runs of the model held at a time: some 30 kB each
STREAM_NAMES = ("lai", "cwood")
LOWER, UPPER = "_lower", "_upper"  # ends of the 5-95 % interval, which the paper prints


@dataclass(frozen=True)
class Experiment:
    """Reduction of the fit of one approach at one resolution.

    Attributes
    ----------
    units : Dataset
        ``area`` (of a sample: what the pixel stands for), ``lat``, ``lon``, ``loss_rate`` [yr-1],
        ``area_fraction`` for strata, ``truth_*`` of a twin whose truth is known, convergence of each
        unit as `unit_diagnostics` gives it; the approach, resolution [degree],
        whether the pixels are a sample and what the fit says of itself in the attributes.
    budget : Dataset
        (sample[, stratum], pixel), names and units of `pm_dalec.tables.QUANTITIES`.
    series : Dataset
        (quantile, time) of the domain: ``gpp``, ``reco``, ``change_live``, ``change_dead``,
        ``lai``, ``wood``.
    strata_series : Dataset
        (quantile, time, stratum), the same names; empty for the baseline.
    matched : Dataset
        (time[, stratum], pixel) ``{stream}_modelled`` (posterior median), ``{stream}_observed``,
        ``{stream}_sigma``.
    traits : Dataset
        ([stratum,] pixel) posterior medians of parameters, and under their names with `LOWER` and
        `UPPER` the 5 and 95 %; of days circular means alone.
    """

    units: xr.Dataset
    budget: xr.Dataset
    series: xr.Dataset
    strata_series: xr.Dataset
    matched: xr.Dataset
    traits: xr.Dataset

    @property
    def approach(self):
        """Baseline or stratified."""
        return str(self.units.attrs["approach"])

    @property
    def resolution(self):
        """Width of a pixel [degree]."""
        return float(self.units.attrs["resolution"])

    @property
    def key(self):
        """Approach and resolution [degree]."""
        return (self.approach, self.resolution)


def reduce_fit(fit, *, draws=1000, seed=0, progress=None):
    """Reduction of one fit of a region.

    Parameters
    ----------
    fit : DataTree
        With ``posterior`` (chain, draw[, stratum], pixel), ``constant_data`` and, where only some of
        the streams were assimilated, ``observed_data``.
    draws : int
        Use about this many draws of all chains together, evenly spaced.
    seed : int
        Of the pairing of strata.
    progress : callable, optional
        Called with a sentence.

    Returns
    -------
    Experiment
    """
    posterior = fit["posterior"].to_dataset()
    a_chain = max(2, draws // posterior.sizes[dims.CHAIN])
    posterior = posterior.isel({dims.DRAW: evenly(posterior.sizes[dims.DRAW], a_chain)})
    observed = fit["constant_data"].to_dataset()
    if "observed_data" in fit.children:
        left_out = [name for name in STREAM_NAMES if name not in fit["observed_data"].data_vars]
        observed = observed.drop_vars(left_out, errors="ignore")
    units, whole = _described(fit, seed), _Totals(seed)
    blocks = list(_blocks(posterior))
    for number, block in enumerate(blocks):
        if progress is not None and len(blocks) > 1:
            progress(
                f"{units.attrs['approach']} {units.attrs['resolution']}: block {number + 1} "
                f"of {len(blocks)}"
            )
        part = {dims.PIXEL: block}
        whole.add(observed.isel(part), posterior.isel(part), units.isel(part), _solver(fit))
    return whole.experiment(units, observed)


def _solver(fit):
    return str(fit.attrs.get("solver", "converged"))


def _described(fit, seed):
    """What tables and figures need of the units."""
    source = fit["constant_data"].to_dataset()
    wanted = [name for name in ("area", "area_fraction", "masked_fraction") if name in source]
    wanted += [name for name in source.data_vars if name.startswith(TRUTH)]
    units = (
        source[wanted]
        .reset_coords(drop=True)
        .assign_coords(
            {name: source[name] for name in ("lat", "lon", *dims.SPACE) if name in source.variables}
        )
    )
    if REPRESENTED in source:
        units["area"] = source[REPRESENTED].reset_coords(drop=True)
    years = float(source["step_days"].sum()) / DAYS_PER_YEAR
    units["loss_rate"] = source["forest_loss_fraction"].sum(dims.TIME) / years
    units["loss_rate"].attrs.update(units="yr-1", long_name="share of the area felled in a year")
    units["days"] = ((), float(source["step_days"].sum()), {"units": "d"})
    kept = {
        name: value
        for name, value in fit.attrs.items()
        if isinstance(value, str | int | float | np.integer | np.floating)
    }
    resolution = fit.attrs.get("resolution", source.attrs.get("resolution_degree"))
    approach = fit.attrs.get("approach", source.attrs.get("approach"))
    if resolution is None or approach not in ("baseline", "stratified"):
        raise ValueError(
            "wanted a fit with the attributes 'approach' (baseline or stratified) and 'resolution' "
            f"[degree], got {approach!r} and {resolution!r}; set fit.attrs before you reduce it"
        )
    return units.assign(unit_diagnostics(fit)).assign_attrs(
        kept
        | {
            "approach": approach,
            "resolution": float(resolution),
            "pairing_seed": seed,
            "sampled": int(REPRESENTED in source),
        }
    )


def _blocks(posterior):
    """Places of the pixels, a block at a time."""
    sizes = posterior.sizes
    lanes = sizes[dims.CHAIN] * sizes[dims.DRAW] * sizes.get(dims.STRATUM, 1)
    step = max(1, LANE_RUNS // lanes)
    for start in range(0, sizes[dims.PIXEL], step):
        yield np.arange(start, min(start + step, sizes[dims.PIXEL]))


class _Totals:
    """Sums over blocks of pixels: the comonotone sum of a domain may be added up block by block."""

    def __init__(self, seed):
        self.seed = seed
        self.budgets, self.matched, self.traits = [], [], []
        self.domain, self.strata = {}, {}
        self.area, self.stratum_area = 0.0, 0.0

    def add(self, drivers, posterior, units, solver):
        """Run the pixels of one block and keep what is wanted of them."""
        space = dims.space_of(posterior)
        run = run_of(posterior, drivers, solver)
        coords = {name: posterior[name] for name in space if name in posterior.coords}
        alive = _calibrated(posterior, space)

        def labelled(array, *front):
            """(..., chain, draw, space) -> (sample, ..., space); NaN where a unit failed."""
            front_shape = array.shape[: len(front)]
            joined = array.reshape(*front_shape, -1, *array.shape[len(front) + 2 :])
            found = xr.DataArray(
                np.where(alive, joined, np.nan), coords, (*front, dims.POOLED, *space)
            )
            return found.transpose(dims.POOLED, *front, *space)

        self.budgets.append(_budget(run, drivers["step_days"].values, labelled))
        self.matched.append(_matched(run, drivers, labelled))
        self.traits.append(_traits(posterior))
        for name, array in _series(run).items():
            self._add_series(name, labelled(array, dims.TIME).rename(name), units)
        self._add_areas(units, alive)

    def _add_series(self, name, values, units):
        if dims.STRATUM in values.dims:
            share = np.where(finite_units(values), stratum_areas(units), 0.0)
            parts = [
                comonotone_sum(_zeros_for_nan(values.isel({dims.STRATUM: k})), share[k])
                for k in range(len(share))
            ]
            self.strata[name] = self.strata.get(name, 0.0) + np.stack(parts, axis=-1)
            values = combine_strata(values, units["area_fraction"], seed=self.seed)
        area = np.where(finite_units(values), units["area"], 0.0)
        total = comonotone_sum(_zeros_for_nan(values), area)
        self.domain[name] = self.domain.get(name, 0.0) + total

    def _add_areas(self, units, alive):
        if "area_fraction" in units:
            share = np.where(alive, stratum_areas(units), 0.0)
            self.stratum_area = self.stratum_area + share.sum(axis=-1)
            alive = share.sum(axis=0) > 0
        self.area += float(units["area"].to_numpy()[alive].sum())

    def experiment(self, units, observed):
        """Finished reduction."""
        time = {dims.TIME: observed[dims.TIME]}
        series = {
            name: summarise(xr.DataArray(total / self.area, time, (dims.POOLED, dims.TIME)))
            for name, total in self.domain.items()
        }
        strata = {}
        for name, total in self.strata.items():
            with np.errstate(invalid="ignore"):
                mean = total / self.stratum_area
            coords = time | {dims.STRATUM: units[dims.STRATUM]}
            strata[name] = summarise(
                xr.DataArray(mean, coords, (dims.POOLED, dims.TIME, dims.STRATUM))
            )
        budget = xr.concat(self.budgets, dims.PIXEL)
        for name in budget:
            budget[name].attrs["units"] = QUANTITIES[name].units
        live = np.isfinite(budget["gpp"]).all(dims.POOLED)
        share = units.get("area_fraction", xr.ones_like(units["area"]))
        units.attrs["missing_units"] = int(((share > 0) & ~live).sum())
        return Experiment(
            units,
            budget,
            xr.Dataset(series),
            xr.Dataset(strata),
            xr.concat(self.matched, dims.PIXEL),
            xr.concat(self.traits, dims.PIXEL),
        )


def _calibrated(posterior, space):
    """Units all of whose parameters are finite: DALEC gives finite GPP even without parameters."""
    finite = [np.isfinite(posterior[name]).all((dims.CHAIN, dims.DRAW)) for name in PARAMETERS]
    return np.logical_and.reduce([one.transpose(*space).to_numpy() for one in finite])


def _zeros_for_nan(values):
    values = values.to_numpy()
    return np.where(np.isfinite(values), values, 0.0)


def _budget(run, step_days, labelled):
    found = quantities_of(run, step_days)
    return xr.Dataset({name: labelled(value) for name, value in found.items()})


def _series(run):
    """Series of the domain, (time, chain, draw, ...); stocks at the end of the step."""

    def change(pools):
        total = sum(getattr(run.pools, pool) for pool in pools)
        return total[1:] - total[0]

    return {
        "gpp": run.fluxes.gpp,
        "reco": run.fluxes.reco,
        "change_live": change(LIVE),
        "change_dead": change(DEAD),
        "lai": run.fluxes.lai,
        "wood": run.pools.wood[1:],
    }


def _matched(run, units, labelled):
    """Posterior medians of what the streams observe, beside the observations."""
    found = {}
    for stream in (name for name in STREAM_NAMES if name in units):
        values = labelled(averaged(seen_by(stream, run), averages_of(units, stream), np), dims.TIME)
        found[f"{stream}_modelled"] = values.median(dims.POOLED).assign_coords(
            {dims.TIME: units[dims.TIME]}
        )
        found[f"{stream}_observed"] = units[stream]
        found[f"{stream}_sigma"] = absolute_sigma(units, stream)
    return xr.Dataset(found).reset_coords(drop=True)


def _traits(posterior):
    sample = (dims.CHAIN, dims.DRAW)
    found = {}
    for name in PARAMETERS:
        values = posterior[name].transpose(*sample, ...)
        if PARAMETERS[name].circular:
            middle = circular_mean(values.to_numpy(), axes=(0, 1))
            found[name] = values.isel(dict.fromkeys(sample, 0), drop=True).copy(data=middle)
        else:
            found[name] = values.median(sample)
            ends = values.quantile([0.05, 0.95], dim=sample, skipna=False)
            for place, end in enumerate((LOWER, UPPER)):
                found[f"{name}{end}"] = ends.isel(quantile=place, drop=True)
    return xr.Dataset(found)
