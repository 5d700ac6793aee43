"""Where information comes from: what rules and streams, one after the other, add to the prior.

The information that a distribution has gained over another is their Kullback-Leibler divergence, in bits. Of all
parameters together, a posterior has gained over the base prior what it has gained over the constrained prior
plus ``-log2 P(pass)``, the bits of the rules; of one parameter or quantity the two are not exactly additive.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr
from arviz_stats.base import array_stats

from pm_dalec.constraints.prior_draws import draw_prior
from pm_dalec.posterior.groups.priors import parameters_of
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.sampling.region_store import expect_build
from pm_dalec.sensitivity.draws.expected import expect_choices, expect_site
from pm_dalec.sensitivity.draws.quantities import quantities_of
from pm_dalec.sensitivity.draws.units import CONSTRAINTS, parts_of
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import seed_of, text_of, whole_number
from pm_dalec.tables.parameters import PARAMETERS, Theta
from pm_dalec.tables.priors import day_of_year, to_unit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pymc as pm

    from pm_dalec.graph.choices import Choices
    from pm_dalec.tables.kinds import Array

FREE, CONSTRAINED = "base prior", "constrained prior"
ADDED = "+ "  # before the name of a stream that a step adds
GRID = 4096  # places of a density between 0 and 1
REPEATS = 40  # of the resampling that errors are made of
FEWEST_PARTS = 8  # that are resampled: chains, or pieces of them where chains are fewer


def stream_by_stream(
    build: Callable[[xr.Dataset, Choices], pm.Model],
    land: xr.Dataset,
    choices: Choices,
    *,
    free: int = 4000,
    random_seed: int = 0,
    **budget: object,
) -> dict[str, xr.DataTree]:
    """Fits of one unit for `information_gain`: the prior without rules, with them, and stream by stream.

    Parameters
    ----------
    build : callable
        Of the model, such as ``pm_dalec.models.baseline.build``.
    land : Dataset
        Of a site.
    choices : Choices
        Its streams are added in their order.
    free : int
        Draws of the prior without rules.
    random_seed : int
    **budget
        Of `pm_dalec.calibrate`.

    Returns
    -------
    dict of str to DataTree
        By name of the step: "base prior", "constrained prior", and the streams, each as "+ lai".
    """
    expect_build(build)
    expect_site(land)
    expect_choices("choices", choices)
    whole_number("free", free, least=100, advice="4000 are usual")
    random_seed = seed_of(random_seed)
    streams, found = choices.names_in(land), {}
    budget = {"groups": (), "progress": False, **budget}
    for count in range(len(streams) + 1):
        model = build(land, choices.replace(streams=streams[:count]))
        name = f"{ADDED}{streams[count - 1]}" if count else CONSTRAINED
        found[name] = calibrate(model, random_seed=random_seed, **budget)
    return {FREE: free_prior(found[CONSTRAINED], free, random_seed=random_seed), **found}


def free_prior(fit: xr.DataTree, count: int, *, random_seed: int = 0) -> xr.DataTree:
    """Prior of a fit without any rule, in the form of a fit of one unit.

    Parameters
    ----------
    fit : DataTree
        Of one unit.
    count : int
        Draws.
    random_seed : int
    """
    units, rng = fit["constant_data"].to_dataset(), np.random.default_rng(random_seed)
    known = fit["posterior"].to_dataset()
    theta = draw_prior(units, count, parameters=parameters_of(known), rng=rng)
    drawn = {
        name: (dims.SAMPLE, getattr(theta, name)[:count].reshape(1, -1), known[name].attrs)
        for name in Theta._fields
    }
    tree = xr.DataTree.from_dict(
        {"posterior": xr.Dataset(drawn), "constant_data": units, "observed_data": xr.Dataset()}
    )
    tree.attrs = {**fit.attrs, CONSTRAINTS: str(None)}
    return tree


def information_gain(
    steps: Mapping[str, xr.DataTree],
    *,
    names: Sequence[str] | None = None,
    reference: str = CONSTRAINED,
    random_seed: int = 0,
) -> xr.Dataset:
    """What every step knows more than the constrained prior, by parameter and quantity.

    Parameters
    ----------
    steps : mapping of str to DataTree
        Fits of one unit by name, in the order in which things were added, as from `stream_by_stream`.
    names : sequence of str, optional
        Parameters and quantities of `pm_dalec.budget`; all sampled parameters and eight quantities by
        default.
    reference : str
        Step that the others are compared with. Steps before it are compared the other way round: what the
        reference has gained over them.
    random_seed : int
        Of the resampling that gives the errors.

    Returns
    -------
    Dataset
        Dims (step, quantity): ``bits``, the Kullback-Leibler divergence from the reference, of one
        parameter or quantity by itself, and ``bits_error``; ``contraction``, 1 less the variance over that of the
        reference [1], parameters in the unit interval of their prior; ``beyond``, the share of the draws
        outside those of the reference [1]: where it is not small, ``bits`` is a lower bound. Attribute
        ``reference``.

    Notes
    -----
    A divergence is the same in any coordinate; here it is the rank among the draws of the other one, in
    which that is uniform and heavy tails do no harm. The density in it is ArviZ's kernel estimate with
    corrected bounds. The error is the spread over resampled chains and their bias together. The number of
    draws limits what can be told: with 4000, not more than about 9 bits, and not less than 0.03.
    """
    if not isinstance(steps, Mapping) or not steps:
        raise TypeError(
            f"wanted fits by the name of the step, got {type(steps).__name__} as steps; give what "
            "stream_by_stream returns"
        )
    if text_of("reference", reference) not in steps:
        raise KeyError(f"no step {reference!r} in steps; there are {', '.join(map(repr, steps))}")
    rng, drawn = np.random.default_rng(seed_of(random_seed)), {}
    for step, fit in steps.items():
        [(_, part)] = parts_of(fit)
        held = quantities_of(part, names)
        names = list(held)
        drawn[step] = {name: _coordinates(part, name, values) for name, values in held.items()}
    at, order, rows = drawn[reference], list(steps), []
    for number, step in enumerate(order):
        one, other = (at, drawn[step]) if number < order.index(reference) else (drawn[step], at)
        rows.append([_gained(one[name], other[name], rng) for name in names])
    labels = ("bits", "bits_error", "contraction", "beyond")
    numbers = np.moveaxis(np.array(rows, float), -1, 0)
    by = ("step", "quantity")
    return xr.Dataset(
        {label: (by, values) for label, values in zip(labels, numbers, strict=True)},
        {"step": order, "quantity": names},
        {"reference": reference},
    )


class Drawn(NamedTuple):
    """Draws of one parameter or quantity.

    Parameters
    ----------
    placed : array (chain, draw)
        In a coordinate that two fits have in common: a day is a day of the year.
    spread : array (chain, draw)
        In one whose variance makes sense: of a day, the distance from its mean; of another parameter, its
        place in the unit interval of its prior.
    """

    placed: Array
    spread: Array


def _coordinates(part, name, values):
    """Draws of a parameter or quantity of a unit, as bits and variances want them."""
    if name not in PARAMETERS:
        return Drawn(values.values, values.values)
    raw = part["posterior"][name].transpose(*dims.SAMPLE).values
    if PARAMETERS[name].circular:
        return Drawn(day_of_year(raw), values.values)
    lower, upper = parameters_of(part["posterior"].to_dataset())[name].bounds
    return Drawn(raw, to_unit(raw, lower, np.log(upper / lower), np))


def _gained(one, other, rng):
    """Bits that draws have gained over others, their error, contraction, and share beyond the others."""
    spread, before = (float(np.var(drawn.spread)) for drawn in (one, other))
    if not (spread > 0 and before > 0):
        return np.nan, np.nan, np.nan, 0.0
    if one is other:
        return 0.0, 0.0, 0.0, 0.0
    one, other = one.placed, other.placed
    found = divergence(one.ravel(), other.ravel())
    again = np.array(
        [divergence(_resampled(one, rng), _resampled(other, rng)) for _ in range(REPEATS)]
    )
    error = np.hypot(again.std(ddof=1), again.mean() - found)
    beyond = np.mean((one < other.min()) | (one > other.max()))
    return found, error, 1.0 - spread / before, beyond


def divergence(one: Array, other: Array) -> float:
    """Kullback-Leibler divergence of one distribution from another, of draws in one dimension [bit].

    Parameters
    ----------
    one, other : array (draw)

    Returns
    -------
    float
    """
    known = np.sort(other)
    below, up_to = (np.searchsorted(known, one, side=side) for side in ("left", "right"))
    rank = (below + up_to) / (2 * known.size)
    if np.ptp(rank) == 0:
        return float(np.log2(known.size))
    with np.errstate(divide="ignore"):  # of regular ranks ArviZ finds no width, and takes another
        _, density, _ = array_stats.kde(
            rank, grid_len=GRID, custom_lims=(0.0, 1.0), bound_correction=True
        )
    density = density / density.mean()
    filled = density[density > 0]
    return float((filled * np.log2(filled)).sum() / density.size)


def _resampled(values, rng):
    """Draws with chains, or pieces of chains where these are few, taken at random."""
    chains, draws = values.shape
    pieces = -(-FEWEST_PARTS * 5 // chains) if chains < FEWEST_PARTS else 1
    parts = values[:, : draws - draws % pieces].reshape(chains * pieces, -1)
    return parts[rng.integers(len(parts), size=len(parts))].ravel()
