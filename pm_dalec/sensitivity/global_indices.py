"""Global sensitivity of outputs to parameters, from draws whose parameters depend on each other.

Under the constraints parameters are dependent, so the designs of Sobol and Saltelli do not apply: nobody may draw
one parameter without the others. Everything here is estimated from draws as they are, by regression on orthogonal
polynomials of the parameters, whose explained variance stands for a conditional expectation.
"""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr
from numpy.polynomial import legendre
from scipy.linalg import cholesky, solve_triangular
from threadpoolctl import threadpool_limits

from pm_dalec.posterior.groups.priors import parameters_of
from pm_dalec.sensitivity.draws.quantities import (
    QUANTITIES,
    checked_quantities,
    quantities_of,
)
from pm_dalec.sensitivity.draws.units import gathered, parts_of
from pm_dalec.tables.numbers import seed_of, whole_number
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import Fixed, to_unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pm_dalec.tables.kinds import Array

DRAWS_PER_TERM = 6  # of a polynomial, at least
MOST_TERMS = 400
HIGHEST_DEGREE = 12
RIDGE = 1e-9  # of the mean square of a term, so that terms that depend on others do no harm
PIECES = 16  # of draws, that are taken at random for the errors


class Basis(NamedTuple):
    """Polynomials of parameters under their draws.

    Parameters
    ----------
    values : array (draw, term)
        The first term is 1.
    inputs : array of bool (term, parameter)
        Which parameters a term is of.
    """

    values: Array
    inputs: Array


def sensitivity_indices(
    fit: xr.DataTree,
    *,
    names: Sequence[str] = QUANTITIES,
    orders: int = 40,
    repeats: int = 12,
    random_seed: int = 0,
) -> xr.Dataset:
    """Which parameters the spread of an output comes from, under the distribution that a fit is of.

    Parameters
    ----------
    fit : DataTree
        Of a site or a region. Give a fit of `pm_dalec.models.constrained_prior` for the sensitivity under
        the constrained prior; that of a posterior says what is left uncertain.
    names : sequence of str
        Quantities of `pm_dalec.budget`.
    orders : int
        Orders of the parameters that Shapley effects are averaged over, half of them the others reversed.
    repeats : int
        Resamples of chains that the errors are made of.
    random_seed : int

    Returns
    -------
    Dataset
        Dims (parameter, output) and those of the units, and ``*_error`` of each, shares of the variance of
        the output [1]:

        ``first``
            Variance that would go if this parameter alone were known. With dependent inputs it includes
            what is known of others through it, so the sum may be above 1.
        ``total``
            Variance that would stay if all others were known. With dependent inputs it may be below
            ``first``: what a parameter shares with others is not its own.
        ``shapley``
            Share of the variance when what parameters have in common is divided fairly between them
            (Owen and Prieur 2017, doi:10.1137/16M1097717): never negative but for the error, and they
            add up to ``explained``.

        By output: ``explained``, the share that the polynomials explain [1]; where it is far below 1 the
        indices are of that part alone. ``first`` and ``total`` of independent inputs are Sobol's.

    Notes
    -----
    Given-data estimators: a conditional expectation is the projection onto Legendre polynomials of the
    parameters (in the unit interval of their priors), of the highest degree that the draws allow; shares
    are corrected for the number of terms. Errors are those over resampled chains.
    """
    for name, count in (("orders", orders), ("repeats", repeats)):
        whole_number(name, count, least=2, advice="leave it out for the default")
    found, names, random_seed = {}, checked_quantities(names), seed_of(random_seed)
    for place, part in parts_of(fit):
        inputs, outputs = inputs_of(part), quantities_of(part, names)
        drawn = np.stack([values.values for values in inputs.values()], axis=-1)
        said = np.stack([values.values for values in outputs.values()], axis=-1)
        rng = np.random.default_rng(random_seed)
        found[tuple(place.values())] = indices(drawn, said, orders, repeats, rng).assign_coords(
            parameter=list(inputs), output=list(outputs)
        )
    return gathered(fit, found, {})


def inputs_of(part: xr.DataTree) -> xr.Dataset:
    """Sampled parameters of a unit where their prior is flat; days as distances from their mean."""
    table = parameters_of(part["posterior"].to_dataset())
    sampled = [name for name, parameter in table.items() if not isinstance(parameter.prior, Fixed)]
    found = quantities_of(part, sampled)
    for name in sampled:
        if not PARAMETERS[name].circular:
            lower, upper = table[name].bounds
            found[name] = to_unit(found[name], lower, np.log(upper / lower), np)
    return found


def indices(
    inputs: Array, outputs: Array, orders: int, repeats: int, rng: np.random.Generator
) -> xr.Dataset:
    """Indices of any draws of inputs and outputs.

    Parameters
    ----------
    inputs : array (chain, draw, parameter)
    outputs : array (chain, draw, output)
        One that does not vary has NaN.
    orders, repeats : int
        As in `sensitivity_indices`.
    rng : numpy.random.Generator

    Returns
    -------
    Dataset
        As of `sensitivity_indices`, without labels.
    """
    count = inputs.shape[-1]
    basis = basis_of(inputs.reshape(-1, count))
    flat = outputs.reshape(-1, outputs.shape[-1])
    spread = flat.std(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        flat = np.where(
            spread > 1e-12 * abs(flat).max(axis=0), (flat - flat.mean(axis=0)) / spread, np.nan
        )
    pieces = np.array_split(np.arange(len(flat)), max(PIECES, inputs.shape[0]))
    moments = [_moments(basis.values[piece], flat[piece]) for piece in pieces]
    permutations = _orders(count, orders, rng)
    with threadpool_limits(1, "blas"):  # many small factorisations
        return _with_errors(moments, basis.inputs, permutations, repeats, rng)


def _with_errors(moments, used, permutations, repeats, rng):
    """Indices from the moments of pieces of the draws, and their spread over pieces taken at random."""
    whole = _shares(moments, used, permutations)
    again = [
        _shares(
            [moments[n] for n in rng.integers(len(moments), size=len(moments))],
            used,
            permutations,
        )
        for _ in range(repeats)
    ]
    by = {name: ("parameter", "output") for name in ("first", "total", "shapley")}
    by["explained"] = ("output",)
    values = {name: (where, whole[name]) for name, where in by.items()}
    errors = {
        f"{name}_error": (where, np.std([each[name] for each in again], axis=0, ddof=1))
        for name, where in by.items()
    }
    return xr.Dataset(values | errors)


def basis_of(inputs: Array) -> Basis:
    """Products of Legendre polynomials up to the total degree that the draws allow, and higher powers of one.

    Parameters
    ----------
    inputs : array (draw, parameter)
    """
    draws, count = inputs.shape
    low, high = inputs.min(axis=0), inputs.max(axis=0)
    scaled = 2 * (inputs - low) / np.where(high > low, high - low, 1.0) - 1
    single = np.stack(
        [legendre.legvander(column, HIGHEST_DEGREE) for column in scaled.T], axis=-1
    )  # draw, degree, parameter
    most = max(count + 1, min(MOST_TERMS, draws // DRAWS_PER_TERM))
    powers = _powers(count, most)
    columns = np.ones((draws, len(powers)))
    for place, term in enumerate(powers):
        for parameter, degree in term.items():
            columns[:, place] *= single[:, degree, parameter]
    used = np.array([[parameter in term for parameter in range(count)] for term in powers])
    return Basis(columns, used)


def _powers(count, most):
    """Degrees by parameter of every term: a total degree as high as fits, then powers of one parameter."""
    found, degree = [{}], 0
    while degree < HIGHEST_DEGREE:
        degree += 1
        more = [
            {p: combination.count(p) for p in set(combination)}
            for combination in combinations_with_replacement(range(count), degree)
        ]
        if len(found) + len(more) > most:
            break
        found += more
    else:
        return found
    for higher in range(degree, HIGHEST_DEGREE + 1):
        if len(found) + count > most:
            break
        found += [{p: higher} for p in range(count)]
    return found


def _moments(terms, outputs):
    """Sums over draws: of products of terms, of terms and outputs, of squared outputs, and their number."""
    return terms.T @ terms, terms.T @ outputs, (outputs**2).sum(axis=0), len(outputs)


def _shares(moments, used, permutations):
    """Indices from the moments of pieces of the draws."""
    gram, with_output, squares, draws = (sum(parts) for parts in zip(*moments, strict=True))
    variance = squares - with_output[0] ** 2 / draws
    count = used.shape[1]

    def explained(inputs):
        allowed = np.flatnonzero(~used[:, [n for n in range(count) if n not in inputs]].any(axis=1))
        return _explained(gram, with_output, allowed, draws, variance)[-1]

    every = set(range(count))
    whole = explained(every)
    first = np.stack([explained({n}) for n in range(count)])
    total = np.stack([whole - explained(every - {n}) for n in range(count)])
    shapley = np.zeros_like(first)
    for order in permutations:
        # a term enters when the last of its parameters does
        entered = np.where(used, np.argsort(order), -1).max(axis=1)
        terms = np.argsort(entered, kind="stable")
        known = _explained(gram, with_output, terms, draws, variance)
        ends = np.searchsorted(entered[terms], np.arange(count), side="right") - 1
        shapley[order] += np.diff(known[ends], axis=0, prepend=0.0) / len(permutations)
    return {"first": first, "total": total, "shapley": shapley, "explained": whole}


def _explained(gram, with_output, terms, draws, variance):
    """Share of the variance explained by the first one, two, ... of some terms, corrected for their number.

    One Cholesky factor gives all of them, because what a term adds is its part that the ones before lack.
    """
    part = gram[np.ix_(terms, terms)]
    factor = cholesky(part + RIDGE * np.diag(np.diag(part)), lower=True, check_finite=False)
    added = solve_triangular(factor, with_output[terms], lower=True, check_finite=False) ** 2
    added[0] = 0.0  # the mean, which is no variance
    left = variance - np.cumsum(added, axis=0)
    freedom = (draws - 1) / (draws - 1 - np.arange(len(terms)))
    return 1.0 - left / variance * freedom[:, None]


def _orders(count, wanted, rng):
    """Orders of parameters at random, each followed by its reverse."""
    half = [rng.permutation(count) for _ in range(-(-wanted // 2))]
    return [order for each in half for order in (each, each[::-1])]
