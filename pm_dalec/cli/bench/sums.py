"""What a draw bank does to sums over a region: the error that its units share, measured on the twin.

Every unit is calibrated by the bank and from nothing. What differs between both is the Monte Carlo error of
both and what the bank does to all its units alike. The first is averaged out by a sum over units, the second
is not, and counts most where the posterior of a sum is narrowest: where pixels are added up as independent.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from pm_dalec.cli.cluster.land import BUILD
from pm_dalec.paper.experiments import domain_ensemble
from pm_dalec.paper.reduction import Experiment, reduce_fit
from pm_dalec.posterior.aggregation import PIXEL_RULES
from pm_dalec.sampling.bank.bank_unit import BANK
from pm_dalec.sampling.region_store import calibrate_region
from pm_dalec.tables import dims
from pm_dalec.tables.constants import SAMPLER_VERSION
from pm_dalec.tables.summaries import BUDGET

DRAWS = 8_000  # of a unit: all of them
COMMAND = "pm-dalec bench --banks FOLDER --sums FOLDER --page docs/bank_sums.md"
OF_SUMS = [f"sum_{rule}" for rule in PIXEL_RULES]


class Pair(NamedTuple):
    """Reductions of two fits of a region, and which units took draws of the bank over."""

    carried: Experiment
    begun: Experiment
    took: np.ndarray  # ([stratum,] pixel)


def calibrate_pair(name, land, bank, folder, **settings):
    """Fits of a region by a draw bank and from nothing, each in a store of its own.

    Parameters
    ----------
    name : {"baseline", "stratified"}
    land : DataTree
    bank : DrawBank
    folder : Path
        A store that is finished is read; one that was killed goes on.
    **settings
        As for `pm_dalec.calibrate_region`.

    Returns
    -------
    Pair
    """
    fits = {
        way: calibrate_region(BUILD[name], land, store=folder / way, groups=(), **how, **settings)
        for way, how in {"bank": {"bank": bank}, "nothing": {}}.items()
    }
    reduced = (reduce_fit(fit, draws=DRAWS) for fit in fits.values())
    return Pair(*reduced, (fits["bank"]["sample_stats"]["route"] == BANK).to_numpy())


def errors_of(pair):
    """How far units that took draws over are off, each by itself and all of a class together.

    Parameters
    ----------
    pair : Pair

    Returns
    -------
    pandas.DataFrame
        A row for each class of units and each quantity of the paper's budget, in standard deviations of the
        posterior of a unit: ``unit``, root mean square of the differences of posterior means; ``mean``, their
        mean over units; ``alone``, its standard error if units share nothing; ``units``, how many there are.
        ``narrower`` is the mean logarithm of the standard deviation by the bank over the other one, and
        ``narrower_alone`` its standard error.
    """
    columns = ["kind", "quantity", "units", "unit", "mean", "alone", "narrower", "narrower_alone"]
    rows = []
    for quantity in BUDGET:
        ours, theirs = (one.budget[quantity] for one in (pair.carried, pair.begun))
        spread = theirs.std(dims.POOLED).to_numpy()
        with np.errstate(invalid="ignore", divide="ignore"):
            apart = (ours.mean(dims.POOLED) - theirs.mean(dims.POOLED)).to_numpy() / spread
            narrower = np.log(ours.std(dims.POOLED).to_numpy() / spread)
        known = pair.took & (spread > 0)  # nothing is felled in some units
        for kind, places in _kinds(pair.carried):
            chosen = known[places]
            if (count := chosen.sum()) > 1:
                off, widths = apart[places][chosen], narrower[places][chosen]
                rows.append((kind, quantity, count, _root(off), *_mean(off), *_mean(widths)))
    return pd.DataFrame(rows, columns=columns)


def _mean(values):
    """Mean, and its standard error where values have nothing in common."""
    return values.mean(), values.std(ddof=1) / np.sqrt(values.size)


def _kinds(experiment):
    """Classes of units, and where they are."""
    if dims.STRATUM not in experiment.budget.dims:
        return [(experiment.approach, ...)]
    return [(str(name), place) for place, name in enumerate(experiment.units[dims.STRATUM].values)]


def shared_error(errors):
    """Error that the units of a class share, in standard deviations of the posterior of a unit.

    Parameters
    ----------
    errors : DataFrame
        From `errors_of`, any rows.

    Returns
    -------
    float
        Root mean square over rows of the mean differences, without what they would have if units shared
        nothing; 0.0 where that is more than there is.
    """
    return float(np.sqrt(max(0.0, (errors["mean"] ** 2 - errors["alone"] ** 2).mean())))


def errors_of_sums(pair):
    """How far sums over the whole region are off, whatever the route of its units.

    Parameters
    ----------
    pair : Pair

    Returns
    -------
    pandas.DataFrame
        By quantity of the paper's budget: differences of posterior means in standard deviations of the
        posterior of the sum, ``sum_correlated`` (the paper's rule A3) and ``sum_independent``.
    """
    rows = {}
    for quantity in BUDGET:
        for rule, column in zip(PIXEL_RULES, OF_SUMS, strict=True):
            ours, theirs = (
                domain_ensemble(one, quantity, across_pixels=rule).to_numpy() for one in pair[:2]
            )
            rows.setdefault(quantity, {})[column] = (ours.mean() - theirs.mean()) / theirs.std()
    return pd.DataFrame.from_dict(rows, orient="index")


def compare_sums(banks, lands, folder, *, progress=None, **settings):
    """Errors of units and of sums at several resolutions.

    Parameters
    ----------
    banks : dict of str to DrawBank
        By approach.
    lands : dict of float to DataTree
        By resolution [degree].
    folder : Path
        For the stores of the fits.
    progress : callable, optional
        Called with a sentence.
    **settings
        As for `pm_dalec.calibrate_region`.

    Returns
    -------
    units, sums : pandas.DataFrame
        As from `errors_of` and `errors_of_sums`, with a column ``model``.
    """
    tell, units, sums = progress or (lambda words: None), [], []
    for resolution, land in lands.items():
        for name, bank in banks.items():
            model = f"{name}, {resolution:g} degree"
            tell(f"{model}, by the bank and from nothing")
            pair = calibrate_pair(name, land, bank, folder / f"{name}_{resolution:g}", **settings)
            units.append(errors_of(pair).assign(model=model))
            sums.append(errors_of_sums(pair).assign(model=model))
    units = pd.concat(units, ignore_index=True)
    if units.empty:
        raise ValueError(
            "wanted two units of a class that take draws of the bank over, got none; give banks of more pilots"
        )
    return units, pd.concat(sums).rename_axis("quantity").reset_index()


def sums_page(units, sums, resolutions):
    """Page of the documentation with what units of a bank share.

    Parameters
    ----------
    units, sums : DataFrame
        From `compare_sums`.
    resolutions : sequence of float
        Of the lands [degree].
    """
    resolutions, rows = " and ".join(f"{place:g}" for place in resolutions), []
    for (model, kind), part in units.groupby(["model", "kind"], sort=False):
        row = {"model": model, "class": kind, "units": part["units"].max()}
        row |= {"one unit": _root(part["unit"]), "their mean": _root(part["mean"])}
        row |= {"if nothing is shared": _root(part["alone"]), "shared": shared_error(part)}
        widths = np.exp([part["narrower"].mean(), _root(part["narrower_alone"])]) - 1
        row["spread by the bank"] = "{:+.1%} ± {:.1%}".format(*widths)
        rows.append(row)
    whole = sums.groupby("model", sort=False)[OF_SUMS].agg([_root, lambda part: part.abs().max()])
    whole.columns = [
        f"{rule}, {what}" for rule in PIXEL_RULES for what in ("of five quantities", "the worst")
    ]
    return f"""# Sums over regions whose units take draws of a bank over

Made by `{COMMAND}`; every number is measured, with version {SAMPLER_VERSION} of the sampler.
All units of the twin at {resolutions} degree are calibrated twice, with the [draw bank](draw_bank.md) of the twin and from nothing,
with 8 chains to default targets. Numbers are differences of posterior means of the paper's budget ({", ".join(BUDGET)}), root
mean squares over these five. They hold the Monte Carlo error of both fits (an ESS of 400 alone gives 1/20 of a standard
deviation).

## What units share

In standard deviations of the posterior of one unit, for units that took draws over: the difference of one unit, the mean
difference over all units of a class, what that mean would be if the errors of units had nothing in common (their scatter
over the root of their number), and the root of the difference of both squares, which is what the bank does to all units alike. All
classes together share **{shared_error(units):.3f}** standard deviations. Last by how much the standard deviation of a posterior
is larger by the bank, mean over units and quantities with the standard error of one quantity: over all classes **{np.expm1(units["narrower"].mean()):+.2%}**.

{pd.DataFrame(rows).to_markdown(index=False, floatfmt=".3f")}

## What that does to a sum

All units count here; those that began by themselves are the same in both. In standard
deviations of the posterior of the sum over the whole region, strata of a pixel as independent, pixels added up as
fully correlated (the paper's rule) and as independent, where the standard deviation of a sum is least and a shared error
counts the more the more pixels there are.

{whole.reset_index().to_markdown(index=False, floatfmt=".3f")}
"""


def _root(values):
    """Root mean square."""
    return float(np.sqrt((values**2).mean()))
