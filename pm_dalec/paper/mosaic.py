"""The twin averaged over pixels: its fragmentation, and harvest beside theory."""

import numpy as np
import xarray as xr

from pm_dalec.landscape.grid import TICKS, edges_of, target_grid
from pm_dalec.landscape.overlap import aggregate, overlap_with, stratum_areas
from pm_dalec.landscape.twin.land_cover import stratum_correlation
from pm_dalec.landscape.twin.table import CELLS_PER_DEGREE, CLASSES, DOMAIN, PAPER_HARVEST
from pm_dalec.landscape.twin.twin import grid_spacing, make_twin, truth
from pm_dalec.paper.fragmentation import fragmentation_from_geometry, variance_ratio
from pm_dalec.paper.theory import PixelMeans, baseline_harvest, harvest_ratio, stratified_harvest
from pm_dalec.tables.strata import STRATA


def pixel_means(cells, resolution):
    """Means of loss and stock over pixels and strata, from the cells of the twin.

    Parameters
    ----------
    cells : xarray.Dataset
        From `truth`.
    resolution : float
        Width of a pixel [degree].

    Returns
    -------
    PixelMeans
        Pixels without unmasked land are left out.
    """
    grid = target_grid(resolution, **DOMAIN)
    weights = overlap_with(
        grid, latitude_edges=edges_of(cells["lat"]), longitude_edges=edges_of(cells["lon"])
    )
    strata = cells["stratum"].to_numpy()
    area = stratum_areas(strata, weights, stratum_count=len(STRATA)).reshape(len(STRATA), -1)
    kept = area.sum(axis=0) > 0
    fraction = area[:, kept] / area[:, kept].sum(axis=0)

    def means(values):
        mean = aggregate(values, strata, weights, stratum_count=len(STRATA)).mean
        return np.nan_to_num(mean.reshape(len(STRATA), -1)[:, kept])

    loss, stock = cells["loss_rate"].to_numpy(), cells["harvestable"].to_numpy()
    stratum_loss, stratum_stock = means(loss), means(stock)
    return PixelMeans(
        weight=area[:, kept].sum(axis=0) / area.sum(),
        fraction=fraction,
        loss=(fraction * stratum_loss).sum(axis=0),
        stock=(fraction * stratum_stock).sum(axis=0),
        stratum_loss=stratum_loss,
        stratum_stock=stratum_stock,
        stratum_removal=means(loss * stock),
    )


def twin_fragmentation(resolution):
    """F(r) to be expected of conifer in the twin without mask, eq. (7).

    Parameters
    ----------
    resolution : float
        Width of a pixel [degree].

    Returns
    -------
    float
    """
    cells = round(resolution * CELLS_PER_DEGREE)
    rows = round((DOMAIN["north"] - DOMAIN["south"]) * CELLS_PER_DEGREE)
    columns = round((DOMAIN["east"] - DOMAIN["west"]) * CELLS_PER_DEGREE)
    return fragmentation_from_geometry(
        (cells, cells),
        (rows, columns),
        spacing=grid_spacing(),
        correlation=stratum_correlation,
        fraction=CLASSES["conifer"].fraction,
    )


def harvest_table(seeds, *, mask=False, cv=0.0, gamma=0.0, leak=0.0):
    """Harvest of the twin by seed and resolution, beside formula, truth and paper.

    Parameters
    ----------
    seeds : sequence of int
        Seeds of the landscapes.
    mask, cv, gamma, leak : bool, float, float, float
        Switches of `pm_dalec.make_twin`; stocks are the paper's model medians.

    Returns
    -------
    xarray.Dataset
        baseline, stratified, formula (eq. 5 times stratified) (seed, resolution), truth (seed),
        paper_baseline, paper_stratified (resolution) [g m-2 d-1]; fragmentation
        (seed, resolution) and geometry (resolution) [1].
    """
    resolutions = list(TICKS)
    rows = {"baseline": [], "stratified": [], "formula": [], "fragmentation": []}
    true = []
    for seed in seeds:
        twin = make_twin(seed, mask=mask, cv=cv, gamma=gamma, leak=leak, biomass="model")
        cells = truth(twin)
        true.append(float(cells["harvest"]))
        for row in rows.values():
            row.append([])
        for resolution in resolutions:
            for name, value in _harvests(pixel_means(cells, resolution)).items():
                rows[name][-1].append(value)
    table = xr.Dataset(
        {name: (("seed", "resolution"), values) for name, values in rows.items()},
        coords={"seed": list(seeds), "resolution": resolutions},
    )
    table["truth"] = ("seed", true)
    for approach, printed in PAPER_HARVEST.items():
        table[f"paper_{approach}"] = ("resolution", [printed[r] for r in resolutions])
    table["geometry"] = ("resolution", [twin_fragmentation(r) for r in resolutions])
    return table


def _harvests(means):
    conifer, others = means.fraction[0], means.weight * means.fraction[1:]
    share = np.average(conifer, weights=means.weight)
    conifer_stock = np.average(means.stratum_stock[0], weights=means.weight * conifer)
    other_stock = np.average(means.stratum_stock[1:], weights=others)
    fragmentation = variance_ratio(conifer, means.weight)
    ratio = harvest_ratio(
        share, fragmentation=fragmentation, stock_ratio=other_stock / conifer_stock
    )
    stratified = stratified_harvest(means)
    return {
        "baseline": baseline_harvest(means),
        "stratified": stratified,
        "formula": ratio * stratified,
        "fragmentation": fragmentation,
    }
