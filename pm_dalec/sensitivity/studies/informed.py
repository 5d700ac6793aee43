"""More of the first variant of a study: streams in turn, indices, powers, and these beside refits."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import xarray as xr

from pm_dalec.sensitivity.confirmation import confirm_power_scaling
from pm_dalec.sensitivity.draws.quantities import QUANTITIES
from pm_dalec.sensitivity.draws.units import parts_of
from pm_dalec.sensitivity.global_indices import sensitivity_indices
from pm_dalec.sensitivity.information import CONSTRAINED, information_gain, stream_by_stream
from pm_dalec.sensitivity.scaling import power_scaling
from pm_dalec.sensitivity.studies.fleet import CORE_SECONDS
from pm_dalec.sensitivity.studies.kept import keep_result, open_result

if TYPE_CHECKING:
    from pathlib import Path

    from pm_dalec.sensitivity.studies.study import Study

MADE_FROM = "made_from"
"""Attribute of what is kept: folder of the fit, whose name has its hash, and settings of the refits."""


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
    return {
        "information": information_gain(steps),
        "indices": sensitivity_indices(steps[CONSTRAINED], names=QUANTITIES),
        "power_scaling": power_scaling(last),
    }


def confirmation_of(study: Study, folder: Path, **settings: object) -> xr.Dataset:
    """Power scaling of the first variant of a study beside true refits, read where it was kept.

    Its attribute ``core_seconds`` [s] is the processor time of the refits.

    Parameters
    ----------
    study : Study
        That was run; of a region, its first unit is looked at.
    folder : Path
    **settings
        Of `pm_dalec.calibrate`, for each refit.
    """
    name = next(iter(study.variants))
    made_from = f"{study.places[name]}, {settings}"
    if (folder / "confirmation.nc").exists():
        found = open_result(folder, "confirmation")
        if found.attrs.get(MADE_FROM) == made_from:
            return found
    _, one = next(iter(parts_of(study.fit(name))))
    began = time.process_time()
    found = confirm_power_scaling(study.build, one, **settings)
    took = {CORE_SECONDS: time.process_time() - began}
    found = found.assign_attrs({MADE_FROM: made_from} | took)
    keep_result(found, folder, "confirmation")
    return found
