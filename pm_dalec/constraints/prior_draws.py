"""Draws from the prior, and what the constraints make of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from pm_dalec.constraints import forms
from pm_dalec.constraints.case import case_of
from pm_dalec.constraints.given import (
    expect_generator,
    expect_parameters,
    expect_theta,
    rules_given,
)
from pm_dalec.constraints.rules import Constraint
from pm_dalec.errors.scales import FACTOR, KIND
from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.physics.records import drivers_of, expect_drivers
from pm_dalec.tables.kinds import Array, ArrayModule, Era, Solver
from pm_dalec.tables.numbers import whole_number
from pm_dalec.tables.parameters import PARAMETERS, Theta
from pm_dalec.tables.priors import Fixed, FromData, Gaussian, LogUniform, Parameter
from pm_dalec.tables.table import Table

if TYPE_CHECKING:
    import xarray as xr

BATCH = 5_000


def draw_prior(
    units: xr.Dataset,
    count: int,
    *,
    parameters: Table[Parameter] = PARAMETERS,
    rng: np.random.Generator,
) -> Theta:
    """Draws from the priors of a site, without the constraints.

    Parameters
    ----------
    units : Dataset
        Site; read for priors that come from data.
    count : int
    parameters : Table of Parameter
    rng : numpy.random.Generator

    Returns
    -------
    Theta
        Arrays of length ``count``.
    """
    expect_drivers(units)
    expect_parameters(parameters)
    expect_generator(rng)
    whole_number("count", count, least=1, advice="how many are drawn")
    drawn = []
    for name in Theta._fields:
        parameter = parameters[name]
        if isinstance(parameter.prior, Fixed):
            drawn.append(np.full(count, float(parameter.prior.value)))
            continue
        mean, sigma, logarithmic = factor_of(parameter, units)
        drawn.append(
            draw_log_uniform(
                *parameter.bounds, mean, sigma, rng=rng, size=count, logarithmic=logarithmic
            )
        )
    return Theta(*drawn)


def judge(
    units: xr.Dataset,
    theta: Theta,
    *,
    constraints: Era | Table[Constraint] = "edinburgh2021",
    solver: Solver = "converged",
) -> dict[str, npt.NDArray[np.float64]]:
    """Margin of every rule for every parameter vector.

    Parameters
    ----------
    units : Dataset
        Site.
    theta : Theta
        Arrays of length n.
    constraints : {"edinburgh2021", "edinburgh2024", None} or Table of Constraint
    solver : {"converged", "truncated"}

    Returns
    -------
    dict of str to array (n,) [1]
    """
    expect_theta(theta)
    table = rules_given(constraints)
    drivers, latitude = drivers_of(units)
    trajectory = run_numpy(drivers, latitude, theta, solver=solver)
    case = case_of(trajectory, drivers, theta)
    with np.errstate(all="ignore"):
        found = forms.margins(table, case, np)
    size = np.shape(theta[0])
    return {name: np.broadcast_to(margin, size) for name, margin in found.items()}


def draw_constrained_prior(
    units: xr.Dataset,
    count: int,
    *,
    parameters: Table[Parameter] = PARAMETERS,
    constraints: Era | Table[Constraint] = "edinburgh2021",
    rng: np.random.Generator,
    most: int = 4_000_000,
) -> Theta:
    """Exact draws from the constrained prior by rejection.

    Parameters
    ----------
    units : Dataset
        Site.
    count : int
    parameters : Table of Parameter
    constraints : {"edinburgh2021", "edinburgh2024", None} or Table of Constraint
    rng : numpy.random.Generator
    most : int
        Prior draws after which the attempt ends.

    Returns
    -------
    Theta
        Arrays of length ``count``.

    Raises
    ------
    ValueError
        If ``most`` draws did not suffice; names the rule that fails most often.
    """
    rules = rules_given(constraints)
    whole_number("count", count, least=1, advice="how many are drawn")
    whole_number("most", most, least=1, advice="4000000 are usual")
    kept: list[tuple[Array, ...]] = []
    failures: dict[str, int] = {}
    tried = 0
    while sum(len(part[0]) for part in kept) < count and tried < most:
        theta = draw_prior(units, BATCH, parameters=parameters, rng=rng)
        tried += BATCH
        found = judge(units, theta, constraints=rules)
        good = np.ones(BATCH, bool)
        for name, margin in found.items():
            held = forms.holds(margin)
            failures[name] = failures.get(name, 0) + int((~held).sum())
            good &= held
        kept.append(tuple(value[good] for value in theta))
    got = sum(len(part[0]) for part in kept)
    if got < count:
        worst = max(failures, key=lambda name: failures[name])
        raise ValueError(
            f"wanted {count} draws of the constrained prior, got {got} in {tried} tries; "
            f"{worst!r} failed {failures[worst]} times: widen the bounds or drop that rule"
        )
    return Theta(*(np.concatenate(column)[:count] for column in zip(*kept, strict=True)))


def gaussian_log_factor(value: Array, mean: Array, sigma: Array) -> Array:
    """Logarithm of a Gaussian factor, without its normalisation (MODEL, section 10)."""
    return -0.5 * ((value - mean) / sigma) ** 2


def log_factor(
    value: Array, mean: Array, sigma: Array, xp: ArrayModule, *, logarithmic: bool
) -> Array:
    """Logarithm of the factor of a prior, without its normalisation.

    Parameters
    ----------
    value, mean : array
        Parameter, and mean of the factor, or its median.
    sigma : array
        In the same units; a factor [1] where it is logarithmic.
    xp : module
    logarithmic : bool
        Whether the Gaussian is one of the logarithm. Times the log-uniform prior it is a log-normal.
    """
    if logarithmic:
        value, mean, sigma = xp.log(value), xp.log(mean), xp.log(sigma)
    return gaussian_log_factor(value, mean, sigma)


def log_density(
    value: Array,
    lower: Array,
    upper: Array,
    mean: Array,
    sigma: Array,
    xp: ArrayModule,
    *,
    logarithmic: bool,
) -> Array:
    """Logarithm of the prior density inside the bounds: log-uniform, times its factor (`log_factor`)."""
    base = -xp.log(value) - xp.log(xp.log(upper) - xp.log(lower))
    return base + log_factor(value, mean, sigma, xp, logarithmic=logarithmic)


def draw_log_uniform(
    lower: Array,
    upper: Array,
    mean: Array,
    sigma: Array,
    rng: np.random.Generator,
    size: int | Sequence[int] | None = None,
    *,
    logarithmic: bool = False,
) -> npt.NDArray[np.float64]:
    """Draws from the prior by rejection: log-uniform proposals, thinned by its factor (`log_factor`)."""
    shape = np.broadcast_shapes(*map(np.shape, (lower, upper, mean, sigma)))
    shape = shape if size is None else tuple(np.atleast_1d(size))
    drawn, open_ = np.empty(shape), np.ones(shape, bool)
    mean, sigma = np.broadcast_to(mean, shape), np.broadcast_to(sigma, shape)
    for _ in range(10_000):
        proposal = lower * (upper / lower) ** rng.uniform(size=shape)
        term = log_factor(proposal, mean, sigma, np, logarithmic=logarithmic)
        kept = np.log(rng.uniform(size=shape)) < term
        drawn[open_ & kept] = proposal[open_ & kept]
        open_ &= ~kept
        if not open_.any():
            return drawn
    raise ValueError(
        f"wanted draws of a log-uniform prior on [{np.min(lower):g}, {np.max(upper):g}] times a "
        f"Gaussian, got none in 10000 tries for {open_.sum()} values; the Gaussian (mean "
        f"{np.min(mean):g} .. {np.max(mean):g}) lies far outside the bounds, change one of the two"
    )


class FactorOfPrior(NamedTuple):
    """Gaussian factor of the prior of a parameter, as the units have it.

    Parameters
    ----------
    mean, sigma : float or array
        In the units of the parameter, sigma infinite for no factor; median and factor [1] of a log-normal
        where it is logarithmic.
    logarithmic : bool
        Whether the data that it comes from say that its sigma is a factor.
    """

    mean: Array
    sigma: Array
    logarithmic: bool


def factor_of(parameter: Parameter, units: xr.Dataset) -> FactorOfPrior:
    """Factor of the prior of a parameter.

    Parameters
    ----------
    parameter : Parameter
    units : Dataset
        Where the factors that come from data are found; NaN there means no factor.

    Returns
    -------
    FactorOfPrior
    """
    factor = parameter.prior.factor if isinstance(parameter.prior, LogUniform) else None
    if isinstance(factor, Gaussian):
        return FactorOfPrior(factor.mean, factor.sigma, False)
    if isinstance(factor, FromData) and factor.mean in units:
        if factor.sigma not in units:
            raise ValueError(
                f"prior of {parameter.name!r} wants {factor.mean!r} and {factor.sigma!r} [g m-2], "
                f"got only the first in the dataset; add {factor.sigma!r}, or drop the first"
            )
        mean = np.asarray(units[factor.mean].values, float)
        sigma = np.asarray(units[factor.sigma].values, float)
        known = np.isfinite(mean) & np.isfinite(sigma)
        logarithmic = bool(units[factor.sigma].attrs.get(KIND) == FACTOR)
        return FactorOfPrior(
            np.where(known, mean, 1.0), np.where(known, sigma, np.inf), logarithmic
        )
    return FactorOfPrior(1.0, np.inf, False)
