"""Where the information of the first variant of a study comes from: streams in turn, indices, powers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xarray as xr

from pm_dalec.sensitivity.draws.quantities import QUANTITIES
from pm_dalec.sensitivity.global_indices import sensitivity_indices
from pm_dalec.sensitivity.information import CONSTRAINED, information_gain, stream_by_stream
from pm_dalec.sensitivity.scaling import power_scaling

if TYPE_CHECKING:
    from pm_dalec.sensitivity.studies.study import Study

INPUTS = ("canopy_efficiency", "autotrophic_fraction", "wood_turnover_rate", "initial_som")
"""Parameters that are shown beside the quantities."""


def information_of(study: Study, **settings: object) -> dict[str, xr.Dataset]:
    """Bits by stream, indices under the constrained prior, and power scaling of the first variant.

    Parameters
    ----------
    study : Study
        Of a site.
    **settings
        Of `pm_dalec.calibrate`, for the prior and each stream.

    Returns
    -------
    dict of str to Dataset
        ``information`` from `information_gain`, ``indices`` from `sensitivity_indices`, and
        ``power_scaling``; see `keep_result`.
    """
    if not isinstance(study.land, xr.Dataset):
        raise TypeError(
            "wanted the study of a site, got that of a region; select a unit of it, or write its site file"
        )
    name = next(iter(study.variants))
    land, choices = study.variants[name].land(study.land), study.choices[name]
    steps = stream_by_stream(study.build, land, choices, **settings)
    last = steps[list(steps)[-1]]
    shown = (*QUANTITIES, *INPUTS)
    return {
        "information": information_gain(steps, names=shown),
        "indices": sensitivity_indices(steps[CONSTRAINED], names=QUANTITIES),
        "power_scaling": power_scaling(last),
    }
