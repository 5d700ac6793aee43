"""What the constraints are worth where the truth is known (Bloom and Williams, 2015)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pm_dalec.data.land import NODES
from pm_dalec.sensitivity.studies.results import CONVERGED, HIGH, LOW, MIDDLE, VARIANT
from pm_dalec.tables import dims
from pm_dalec.tables.constants import TRUTH
from pm_dalec.tables.parameters import PARAMETERS

if TYPE_CHECKING:
    import xarray as xr

COUNTED = "units with and without rules"
ERROR, RANGE = "parameter error cut (%)", "NEE range cut (%)"
PUBLISHED = {ERROR: 34.0, RANGE: 65.0}
"""By the rules of Bloom and Williams (2015, doi:10.5194/bg-12-1299-2015): 40 synthetic sites, and the 90 % range of NEE
over three years."""


def worth_of_rules(
    study: xr.DataTree, region: xr.DataTree, *, within: str, without: str
) -> dict[str, float]:
    """How much less the error of parameters, and the range of NEE, are with the constraints than without.

    Parameters
    ----------
    study : DataTree
        From `pm_dalec.sensitivity.Study.run`.
    region : DataTree
        Of the study, with the truth of its units (``truth_leaf_lifespan`` and so on).
    within, without : str
        Variants with the constraints and without.

    Returns
    -------
    dict of str to float
        `COUNTED`, the units that have converged under both and whose truth is known. Over them, `ERROR`
        [%] of the distance of a median from the truth, relative to the width of the prior in logarithms
        and as a mean over parameters, and `RANGE` [%] of the 5-95 % interval of NEE. Days that are
        circular are left out. `ERROR` is NaN where only strata have a truth of their parameters.
    """
    status = study["units"]["status"].sel({VARIANT: [within, without]})
    found = study["quantiles"].to_dataset().sel({VARIANT: [within, without]})
    units = region[NODES[tuple(name for name in dims.SPACE if name in status.dims)]].to_dataset()
    counted = (status == CONVERGED).all(VARIANT) & units[f"{TRUTH}nee"].notnull()
    names = [
        name
        for name, parameter in PARAMETERS.items()
        if not parameter.circular and TRUTH + name in units
    ]
    errors = [_off(found[name], units[TRUTH + name], name).where(counted) for name in names]
    nee = found["nee"].where(counted)
    cut = {
        ERROR: _cut(sum(errors) / len(errors), within, without) if errors else np.nan,
        RANGE: _cut(nee.sel(quantile=HIGH) - nee.sel(quantile=LOW), within, without),
    }
    return {COUNTED: int(counted.sum())} | cut


def _cut(values, within, without):
    """How much less a mean over units is with the constraints [%]."""
    mean = values.mean([name for name in values.dims if name != VARIANT])
    return 100.0 * float(1.0 - mean.sel({VARIANT: within}) / mean.sel({VARIANT: without}))


def _off(quantiles, truth, name):
    """Distance of a median from the truth, in widths of the prior."""
    low, high = PARAMETERS[name].bounds
    middle = quantiles.sel(quantile=MIDDLE, drop=True)
    return abs(np.log(middle / truth)) / np.log(high / low)
