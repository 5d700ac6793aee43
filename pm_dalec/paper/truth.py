"""A truth for the synthetic region that DALEC itself has made (TWIN, section 5.6, tier C).

Every stratum has parameters of its own: those of a short calibration against its typical leaf area,
wood and soil carbon, with a long residence of wood in conifer and of soil carbon in heath. In each pixel
they are run with the pixel's weather and felling from the pixel's own stocks, and what a satellite would
see is the run plus the noise of the synthetic products. What the calibration gives can so be compared
with what is true, in the table of coverage.
"""

import numpy as np
import xarray as xr
from scipy.stats import rankdata

from pm_dalec.landscape.twin.leaf_area import seasonal_leaf_area
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.tables import dims
from pm_dalec.tables.parameters import Theta

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
