"""What power scaling predicts against what true refits give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from arviz_stats.base import array_stats

from pm_dalec.constraints.prior_draws import factor_of
from pm_dalec.data.uncertainties import kind_of
from pm_dalec.errors.likelihood import LOGNORMAL, STUDENT, likelihood_of
from pm_dalec.errors.scales import FACTOR, KIND, scale_for
from pm_dalec.posterior.chain_statistics import quarters, rank_rhat
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.sampling.region_store import expect_build
from pm_dalec.sensitivity.draws.quantities import checked_quantities, quantities_of
from pm_dalec.sensitivity.draws.units import choices_of
from pm_dalec.sensitivity.scaling import factors_of, power_scaling, scalable
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import names_of, number
from pm_dalec.tables.priors import Gaussian, LogUniform

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pymc as pm

    from pm_dalec.graph.choices import Choices

REFITTED = ("prior factor", "likelihood")


def confirm_power_scaling(
    build: Callable[[xr.Dataset, Choices], pm.Model],
    fit: xr.DataTree,
    *,
    factors: Sequence[str] | None = None,
    power: float = 2.0,
    names: Sequence[str] = ("gpp", "nee", "change_live", "residence_wood"),
    **budget: object,
) -> xr.Dataset:
    """Shift of the posterior means that power scaling predicts, beside that of a true refit.

    Parameters
    ----------
    build : callable
        Of the model of the fit, such as ``pm_dalec.models.baseline.build``.
    fit : DataTree
        Of one unit; for one of a region give ``fit.isel(pixel=0)``.
    factors : sequence of str, optional
        Parameters with a Gaussian factor, and streams; all of them by default. A refit each.
    power : float
        To which each is raised. A prior or a Gaussian or log-normal likelihood is scaled by its sigma,
        over the root of the power.
    names : sequence of str
        As in `power_scaling`.
    **budget
        Of `pm_dalec.calibrate`: chains, proposals, random_seed and the like.

    Returns
    -------
    Dataset
        Dims (factor, quantity): ``mean`` of the fit, ``predicted`` and ``refitted`` mean, in the units of
        the quantity; ``error`` of the difference of the two; ``shift_predicted`` and ``shift_refitted``,
        in standard deviations of the fit [1], and ``score``, their difference over its error [1]. By
        factor ``khat``, and ``rhat`` of the refit.

    Raises
    ------
    ValueError
        If a factor has no refit: a Student-t cannot be scaled by its sigma.
    """
    expect_build(build)
    number("power", power, above=0.0, advice="2 makes a factor count twice")
    tree = scalable(fit, checked_quantities(names))
    possible = [name for name, (kind, _) in factors_of(fit, tree).items() if kind in REFITTED]
    possible = [name for name in possible if name != "likelihood"]
    chosen = _chosen(factors, possible)
    predicted = power_scaling(fit, names=names, powers=(power,)).sel(power=power)
    if not chosen:
        raise ValueError("wanted factors to refit, got none; leave factors out for all of them")
    rows = []
    for name in chosen:
        land, choices = raised(fit, name, power)
        again = calibrate(build(land, choices), **{"groups": (), "progress": False, **budget})
        rows.append(_compared(tree["posterior"].to_dataset(), predicted.sel(factor=name), again))
    return xr.concat(rows, "factor", coords="minimal", compat="override").assign_coords(
        factor=list(chosen)
    )


def _chosen(factors, possible):
    """Factors that are refitted, where they are such."""
    chosen = possible if factors is None else names_of("factors", factors)
    for name in chosen:
        if name not in possible:
            raise ValueError(
                f"wanted factors that a refit can scale ({', '.join(possible) or 'there are none'}), got "
                f"{name!r} in factors; hard constraints and the base prior have no power"
            )
    return chosen


def raised(fit: xr.DataTree, factor: str, power: float) -> tuple[xr.Dataset, Choices]:
    """Land and choices of the model in which one factor is raised to a power.

    Parameters
    ----------
    fit : DataTree
        Of one unit.
    factor : str
        Parameter with a Gaussian factor, or stream.
    power : float

    Returns
    -------
    tuple of Dataset and Choices
    """
    units, choices = fit["constant_data"].to_dataset(), choices_of(fit)
    if factor in choices.streams:
        return _stream_raised(units, factor, choices, power), choices
    parameter = choices.parameters[factor]
    mean, sigma, logarithmic = factor_of(parameter, units)
    given = parameter.prior.factor
    if isinstance(given, Gaussian):
        prior = LogUniform(Gaussian(mean, sigma / np.sqrt(power)))
        changed = choices.parameters.replace(factor, prior=prior)
        return units, choices.replace(parameters=changed)
    known = units[given.sigma]
    scaled = known ** (power**-0.5) if logarithmic else known * power**-0.5
    return units.assign({given.sigma: scaled.assign_attrs(known.attrs)}), choices


def _stream_raised(units, stream, choices, power):
    """Land whose uncertainty of a stream makes its likelihood the power of what it was."""
    likelihood = likelihood_of(choices.likelihoods[stream])
    if likelihood.kind == STUDENT:
        raise ValueError(
            f"wanted a Gaussian or log-normal likelihood to refit, got {likelihood} of {stream!r}; the "
            "power of a Student-t is none: name other factors"
        )
    known = units[f"{stream}_unc"]
    scale = scale_for(likelihood, units[stream], known, kind_of(units, stream))
    attrs = dict(known.attrs)
    if likelihood.kind == LOGNORMAL:
        scale, attrs = scale ** (power**-0.5), attrs | {KIND: FACTOR, "units": "1"}
    else:
        scale = scale * power**-0.5
        attrs.pop(KIND, None)
    return units.assign({f"{stream}_unc": (known.dims, scale.values, attrs)})


def _compared(drawn, predicted, again):
    """Row of one factor: what was predicted, what the refit gave, and how far they are apart."""
    refitted = quantities_of(again, list(drawn))
    mean, sd = predicted["mean"].values, predicted["sd"].values
    found = np.array([values.mean().item() for values in refitted.values()])
    wrong = [_mcse(values) for values in refitted.values()]
    error = np.hypot(predicted["predicted_error"].values, wrong)
    at = predicted["predicted"].values
    with np.errstate(invalid="ignore", divide="ignore"):
        columns = {
            "mean": mean,
            "predicted": at,
            "refitted": found,
            "error": error,
            "shift_predicted": (at - mean) / sd,
            "shift_refitted": (found - mean) / sd,
            "score": (at - found) / error,
        }
    rhat = max(_rhat(values) for values in refitted.values())
    return xr.Dataset(
        {name: ("quantity", values) for name, values in columns.items()}
        | {"khat": predicted["khat"].item(), "rhat": rhat},
        coords={"quantity": list(drawn)},
    )


def _mcse(values):
    """Monte Carlo error of the mean of a quantity, in its units."""
    return float(array_stats.mcse(_rows(values), method="mean", chain_axis=0, draw_axis=1))


def _rhat(values):
    """R-hat of a quantity among the quarters of the chains [1]."""
    return float(rank_rhat(quarters(_rows(values))))


def _rows(values):
    return np.ascontiguousarray(values.transpose(*dims.SAMPLE).values)
