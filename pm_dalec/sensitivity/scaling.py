"""Power scaling: how a posterior answers when one of its factors is made stronger or weaker.

Kallioinen, Paananen, Bürkner and Vehtari (2024, doi:10.1007/s11222-023-10366-5) raise a factor of the density
to a power alpha and weigh the draws anew instead of sampling again.
"""

from __future__ import annotations

from collections.abc import Sequence

import arviz as az
import numpy as np
import xarray as xr

from pm_dalec.constraints.forms import Soft
from pm_dalec.posterior.runs import expect_fit
from pm_dalec.sensitivity.draws.quantities import quantities_of
from pm_dalec.sensitivity.draws.terms import (
    BASE,
    constraint_term,
    likelihood_terms,
    prior_terms,
)
from pm_dalec.sensitivity.draws.units import CONSTRAINTS, constraints_of, gathered, parts_of
from pm_dalec.sensitivity.draws.weights import (
    LARGEST_KHAT,
    effective_share,
    smoothed,
    weighted_mean,
)
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import number

NEAR = (0.99, 1.01)  # powers between which ArviZ takes its derivative
PRIOR, LIKELIHOOD = "prior", "likelihood"
THRESHOLD = 0.05
"""Sensitivity from which Kallioinen et al. (2024) call a posterior sensitive [1]."""

NOTES = {
    "prior factor": "Gaussian factor of the prior",
    "prior": "all factors of the prior together, without the base",
    "likelihood": "observations",
    "base prior": (
        "log-uniform: flat in the logarithm of the parameters, where scaling it changes nothing; the value "
        "is that in natural units"
    ),
    "soft constraints": "potential of the soft constraints, part of the prior",
    "hard constraints": (
        "no power scaling: a hard rule is 0 or minus infinity at any power; tighten it with reweight, or "
        "leave rules out and calibrate again"
    ),
    "no constraints": "there are none",
}
"""What a kind of factor is, and what its numbers mean."""

CONFLICT = "prior and data both matter"
STRONG = "strong prior, weak data"
DATA = "data decide"
NEITHER = "neither decides: bounds, base prior or constraints do"
CONSTANT = "the same in every draw"


def scalable(fit: xr.DataTree, names: Sequence[str] | None = None) -> xr.DataTree:
    """Fit of one unit as power scaling wants it, for `arviz.psense` and ArviZ's figures of it.

    Parameters
    ----------
    fit : DataTree
        Of a site, or of a unit that was selected, such as ``fit.sel(pixel=7)``.
    names : sequence of str, optional
        Parameters and quantities of `pm_dalec.budget` that are asked about.

    Returns
    -------
    DataTree
        ``posterior`` with them; ``log_prior`` by factor: Gaussian factors by parameter, and soft
        constraints, which are part of the prior; ``log_likelihood`` by stream. The log-uniform base is
        not in it, for it has a density only in some coordinate, and hard constraints have none.

    Raises
    ------
    ValueError
        If the fit has several units: ArviZ would add up their densities.
    """
    expect_fit(fit, "constant_data", "observed_data")
    space = dims.space_of(fit["posterior"].to_dataset())
    if space:
        raise ValueError(
            f"wanted a fit of one unit, got one with {' and '.join(space)}; select a unit: "
            "fit.isel(pixel=0)"
        )
    groups = {
        "posterior": quantities_of(fit, names),
        "log_prior": prior_terms(fit).drop_vars(BASE),
        "log_likelihood": likelihood_terms(fit),
    }
    constraints = constraints_of(fit)
    if isinstance(constraints, Soft):
        groups["log_prior"][CONSTRAINTS] = constraint_term(fit, constraints)
    return xr.DataTree.from_dict({name: values for name, values in groups.items() if len(values)})


def power_scaling(
    fit: xr.DataTree,
    *,
    names: Sequence[str] | None = None,
    powers: Sequence[float] = (0.5, 2.0),
) -> xr.Dataset:
    """Sensitivity of every parameter and quantity to every factor of the posterior, without a refit.

    Parameters
    ----------
    fit : DataTree
        Of a site or a region; each unit is looked at by itself.
    names : sequence of str, optional
        Parameters and quantities of `pm_dalec.budget`; all sampled parameters and eight quantities by
        default.
    powers : sequence of float
        To which a factor is raised for ``predicted``.

    Returns
    -------
    Dataset
        Dims (factor, quantity) and those of the units: ``sensitivity``, that of `arviz.psense` [1], and
        ``gradient``, change of the mean per doubling of the power, in posterior standard deviations [1].
        With ``power`` too: ``predicted`` mean in the units of the quantity and its ``predicted_error``,
        and by factor ``khat`` and ``ess`` of the weights; above a k-hat of 0.7 do not use ``predicted``.
        By quantity: ``mean``, ``sd``, ``units``, and ``verdict`` in words, out of the sensitivities to all
        prior factors and to all streams. By factor: ``kind`` and ``note``.

        Factors are the Gaussian ones of the prior by parameter, ``prior`` (all of them), ``base``, the
        streams, ``likelihood`` (all of them), and ``constraints``. Hard constraints cannot be scaled:
        their row is NaN and says so, and no verdict calls them harmless.

    Notes
    -----
    The sensitivity to the base prior depends on the coordinate. Compare ``predicted`` with refits by
    `confirm_power_scaling`.
    """
    powers = _checked_powers(powers)
    found = {}
    for place, part in parts_of(fit):
        found[tuple(place.values())] = _of_unit(part, names, powers)
    attrs = {"threshold": THRESHOLD, "largest_khat": LARGEST_KHAT}
    return gathered(fit, found, attrs | {CONSTRAINTS: str(fit.attrs.get(CONSTRAINTS, None))})


def _checked_powers(powers):
    """Powers as numbers above zero, each once."""
    if isinstance(powers, str | bytes) or not isinstance(powers, Sequence | np.ndarray):
        raise TypeError(
            f"wanted powers as a sequence of numbers, got powers={powers!r:.80}; write powers=(0.5, 2.0)"
        )
    found = [
        number("powers", power, above=0.0, advice="1 leaves a factor as it is")
        for power in np.atleast_1d(np.asarray(powers, object))
    ]
    if not found or len(set(found)) < len(found):
        raise ValueError(f"wanted powers, each once, got {found}; write powers=(0.5, 2.0)")
    return found


def _of_unit(part, names, powers):
    tree = scalable(part, names)
    factors = factors_of(part, tree)
    draws = tree["posterior"].to_dataset()
    rows = [_row(tree, kind, density, draws, powers) for kind, density in factors.values()]
    whole = xr.concat(rows, "factor").assign_coords(
        factor=list(factors), power=powers, quantity=list(draws)
    )
    kinds = [kind for kind, _ in factors.values()]
    spread = {name: values.std(ddof=1).item() for name, values in draws.items()}
    whole = whole.assign(
        kind=("factor", kinds),
        note=("factor", [NOTES[kind] for kind in kinds]),
        mean=("quantity", [values.mean().item() for values in draws.values()]),
        sd=("quantity", list(spread.values())),
        units=("quantity", [values.attrs["units"] for values in draws.values()]),
    )
    return whole.assign(verdict=_verdicts(whole))


def factors_of(part: xr.DataTree, tree: xr.DataTree) -> dict[str, tuple[str, xr.DataArray | None]]:
    """Kind and log-density of every factor of the posterior of a unit.

    Parameters
    ----------
    part : DataTree
        Fit of a unit.
    tree : DataTree
        From `scalable`, of the same.

    Returns
    -------
    dict of str to tuple
        The density (chain, draw) is None where there is none that a power could scale.
    """
    prior, data = (
        tree[name].to_dataset() if name in tree.children else xr.Dataset()
        for name in ("log_prior", "log_likelihood")
    )
    found = {name: ("prior factor", prior[name]) for name in prior if name != CONSTRAINTS}
    found[PRIOR] = ("prior", _total(prior))
    found[BASE] = ("base prior", prior_terms(part)[BASE])
    found |= {name: ("likelihood", data[name]) for name in data}
    found[LIKELIHOOD] = ("likelihood", _total(data))
    constraints = constraints_of(part)
    if isinstance(constraints, Soft):
        found[CONSTRAINTS] = ("soft constraints", prior[CONSTRAINTS])
    else:
        kind = "no constraints" if constraints is None else "hard constraints"
        found[CONSTRAINTS] = (kind, None)
    return found


def _total(densities):
    """Sum of log-densities; None of none."""
    return sum(densities.values()) if len(densities) else None


def _row(tree, kind, density, draws, powers):
    """Numbers of one factor: of all quantities, NaN where it has no density that varies."""
    size, empty = len(draws), np.full((len(powers), len(draws)), np.nan)
    sensitivity, gradient = np.full(size, np.nan), np.full(size, np.nan)
    predicted, error = empty, empty.copy()
    khat, ess = np.full(len(powers), np.nan), np.full(len(powers), np.nan)
    if density is not None and float(np.ptp(density.values)) > 0:
        density = density.transpose(*dims.SAMPLE)
        sensitivity = _sensitivity(draws, density)
        gradient = np.array([_gradient(values, density) for values in draws.values()])
        share = effective_share(density.values)
        for place, power in enumerate(powers):
            weights = smoothed((power - 1.0) * density.values, share)
            khat[place], ess[place] = weights.khat, weights.ess
            for column, values in enumerate(draws.values()):
                mean, _, wrong = weighted_mean(values, weights.weight)
                predicted[place, column], error[place, column] = mean, wrong
    by = ("power", "quantity")
    return xr.Dataset(
        {
            "sensitivity": ("quantity", sensitivity),
            "gradient": ("quantity", gradient),
            "predicted": (by, predicted),
            "predicted_error": (by, error),
            "khat": ("power", khat),
            "ess": ("power", ess),
        }
    )


def _sensitivity(draws, density):
    """Sensitivity of `arviz.psense` of every quantity to one factor; NaN of what is the same in every draw."""
    varying = [name for name, values in draws.items() if float(np.ptp(values.values)) > 0]
    if not varying:
        return np.full(len(draws), np.nan)
    one = {"posterior": draws[varying], "log_prior": density.to_dataset(name="factor")}
    found = az.psense(xr.DataTree.from_dict(one), alphas=NEAR)
    return np.array([float(found[name]) if name in varying else np.nan for name in draws])


def _gradient(values, density):
    """Change of the mean of a quantity per doubling of the power, in its standard deviations [1].

    The derivative of the mean by the power is the covariance with the log-density.
    """
    spread = float(values.std(ddof=1))
    if not spread > 0:
        return np.nan
    return np.log(2.0) * float(xr.cov(values, density, dims.SAMPLE)) / spread


def _verdicts(found):
    """What decides each quantity, in words."""
    by_prior, by_data = (
        found["sensitivity"].sel(factor=name).values >= THRESHOLD for name in (PRIOR, LIKELIHOOD)
    )
    words = np.where(
        by_data, np.where(by_prior, CONFLICT, DATA), np.where(by_prior, STRONG, NEITHER)
    )
    return "quantity", np.where(found["sd"].values > 0, words, CONSTANT)
