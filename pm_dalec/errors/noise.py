"""Noise of an error model: observations drawn around what a model says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pm_dalec.errors.densities import median
from pm_dalec.errors.likelihood import LOGNORMAL, STUDENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pm_dalec.errors.likelihood import Likelihood
    from pm_dalec.tables.kinds import Array


def noisy(
    likelihood: Likelihood,
    modelled: Array,
    scale: Array,
    rng: np.random.Generator,
    *,
    time_axis: int = 0,
    size: Sequence[int] | None = None,
) -> np.ndarray:
    """Observations drawn from the error model of a stream.

    Parameters
    ----------
    likelihood : Likelihood
    modelled, scale : array
        What the model says and the uncertainty as `scale_for` gives it; they are broadcast together.
    rng : numpy.random.Generator
    time_axis : int
        Along which correlated errors are shared.
    size : tuple of int, optional
        Of what is drawn; that of the arrays by default.

    Returns
    -------
    ndarray
        In the units of the stream.
    """
    if likelihood.kind == STUDENT:
        size = np.broadcast_shapes(np.shape(modelled), np.shape(scale)) if size is None else size
        return modelled + scale * rng.standard_t(likelihood.degrees_of_freedom, size=size)
    if likelihood.kind != LOGNORMAL and not likelihood.correlation:
        return np.asarray(rng.normal(modelled, scale, size=size))
    shape = (
        np.broadcast_shapes(np.shape(modelled), np.shape(scale)) if size is None else tuple(size)
    )
    error = rng.normal(size=shape)
    if likelihood.correlation:
        once = [1 if axis == time_axis % len(shape) else n for axis, n in enumerate(shape)]
        common = rng.normal(size=once)
        error = (
            np.sqrt(likelihood.correlation) * common + np.sqrt(1 - likelihood.correlation) * error
        )
    if likelihood.kind == LOGNORMAL:
        return np.asarray(median(likelihood, modelled, np) * np.exp(np.log(scale) * error))
    return np.asarray(modelled + scale * error)
