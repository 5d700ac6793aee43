"""What figures of a fit are given: refused in a sentence where it is something else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import xarray as xr

from pm_dalec.tables import dims
from pm_dalec.tables.parameters import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Sequence


def expect_bands(simulated: object, observed: object) -> None:
    """Refuse what are no quantiles in time, or no observations by name.

    Parameters
    ----------
    simulated : Dataset
    observed : mapping of str to tuple of DataArray, optional
    """
    there = simulated.dims if isinstance(simulated, xr.Dataset) else ()
    if not {"quantile", dims.TIME} <= set(there) or not len(simulated):
        raise TypeError(
            f"wanted a fit (DataTree), or quantiles of it by quantile and time, got "
            f"{type(simulated).__name__}; give what calibrate returns"
        )
    pairs = isinstance(observed, Mapping) and not isinstance(observed, xr.Dataset)
    if observed is not None and not (
        pairs and all(isinstance(each, tuple) and len(each) == 2 for each in observed.values())
    ):
        raise TypeError(
            f"wanted observed as pairs of observation and sigma by name, got {observed!r:.80}; leave it out "
            "for those of the fit"
        )


def expect_draws(name: str, draws: object, needed: Sequence[str]) -> list[str]:
    """Names of the parameters in draws, or the sentence that says that they are none.

    Parameters
    ----------
    name : str
        Of the argument.
    draws : Dataset
    needed : sequence of str
        Parameters that it must have.
    """
    there = [each for each in PARAMETERS if each in draws] if isinstance(draws, xr.Dataset) else []
    missing = [each for each in needed if each not in there]
    if not there or missing:
        raise TypeError(
            f"wanted {name} as the draws of parameters (Dataset), got {type(draws).__name__} without "
            f"{', '.join(missing) or 'any'}; give fit[{name!r}].to_dataset()"
        )
    return there


def expect_truth(truth: object) -> None:
    """Refuse what are no values by name of a parameter.

    Parameters
    ----------
    truth : mapping of str to float, optional
    """
    known = isinstance(truth, Mapping) and not isinstance(truth, xr.Dataset)
    if truth is not None and not (known and set(truth) <= set(PARAMETERS)):
        raise TypeError(
            f"wanted truth as values by name of a parameter, got {truth!r:.80}; write "
            "{'leaf_lifespan': 2.0}"
        )
