"""What a draw bank saves: runs, core-seconds and errors of units of the twin, with it and without.

Both begin from nothing and end at the same targets, with the same chains, in one thread. A unit without a
bank is the reference for the draws of the same unit with one, so that differences hold the errors of both.
"""

import time

import numpy as np
import pandas as pd

from pm_dalec.graph import notes
from pm_dalec.sampling.bank.bank_unit import BANK, FULL, BankUnit
from pm_dalec.sampling.bank.pilots import classes_of
from pm_dalec.sampling.cluster.blocks import present
from pm_dalec.sampling.identity import identities
from pm_dalec.sampling.state import OF_A_BANK, Settings, new_state
from pm_dalec.sampling.target import bound_to, compile_target, natural
from pm_dalec.sampling.unit import Unit
from pm_dalec.tables.numbers import whole_number

CHAINS = 8
PILOTS = {"baseline": 32, "stratified": 24}  # of each class of a model
PILOT_RESOLUTION = 0.05  # degree: units of coarser ones lie within their range
PAPER_UNITS = 6315  # of both approaches at all resolutions
HOUR = 3600.0  # s
GOOD_RHAT = 1.01  # worst R-hat of a unit that counts as converged
WHEN = ("before", "after")  # a bank was there
APART = ("median_shift", "width_least", "width_most", "close")
NO_BANK = "none"  # route of a site, which has no neighbours to take draws from


def compare_banks(models, banks, *, units=10, references=2, settings=None, seed=1, progress=None):
    """Table of units, with a draw bank and without.

    Parameters
    ----------
    models : dict of str to pm.Model
        By what is said of them.
    banks : dict of str to DrawBank
        By the same names.
    units : int
        Of each class and model at most, drawn at random; no pilots.
    references : int
        As many of them are calibrated without a bank as well; two or more, for their spread is the error.
    settings : Settings, optional
        Those of `pm_dalec.calibrate` by default.
    seed : int
    progress : callable, optional
        Called with a sentence.

    Returns
    -------
    pandas.DataFrame
        A row a unit: model, kind, unit, how many the model has of its kind (``of``), route; R-hat, ESS
        (that of the weights, where it is less), runs, proposals, share of them in the round that gives the
        draws (``kept``) and core-seconds before and after; of units that took draws over, largest
        difference of medians in standard deviations, least and largest ratio of the widths of the
        central 90 %, and the share of parameters within .1 and 5 %. Units that began by themselves are
        the same twice, and say nothing of draws that were taken over.
    """
    whole_number("references", references, least=2, advice="the spread of two gives an error")
    tell, settings = progress or (lambda words: None), settings or Settings()
    rows = []
    for name, model in models.items():
        target, numbers, kinds = compile_target(model), identities(model), classes_of(model)
        there = present(notes.of(model).units)
        random = np.random.default_rng(seed)
        for kind, share in banks[name].classes.items():
            places = there[kinds[there] == kind]
            others = places[~np.isin(numbers[places], share.pilots)]
            for rank, place in enumerate(random.permutation(others)[:units]):
                tell(f"{name}: {kind}, unit {numbers[place] % 10**9}")
                common = {"model": name, "kind": kind, "of": len(places)}
                common |= {"unit": int(numbers[place])}
                key, twice = (seed, int(numbers[place])), rank < references
                rows.append(common | _unit(target, share, settings, place, key, twice=twice))
    return pd.DataFrame(rows)


def _unit(target, share, settings, place, key, *, twice):
    """What one unit costs and gives with a bank and, where it is run twice, without."""
    bound = bound_to(target, CHAINS, place)

    def state():
        return _begun(target, bound, settings, key)

    unit = BankUnit(bound, target, state(), settings, share=share, key=key)
    after, found = _run(unit, "after")
    found |= {name: getattr(after.state, name) for name in OF_A_BANK}
    if not twice:
        return found
    before, reference = _run(Unit(bound, target, state(), settings), "before")
    carried = after.state.route == BANK
    apart = _apart(target, after, before) if carried else dict.fromkeys(APART, np.nan)
    return found | reference | apart


def cost_of_sites(models, *, settings=None, seed=1, progress=None):
    """Rows of models of one site, as those of `compare_banks` for units without a bank.

    Parameters
    ----------
    models : dict of str to pm.Model
        By the name of the site.
    settings, seed, progress
        As for `compare_banks`.

    Returns
    -------
    pandas.DataFrame
    """
    tell, settings, rows = progress or (lambda words: None), settings or Settings(), []
    for name, model in models.items():
        tell(name)
        target = compile_target(model)
        bound, number = bound_to(target, CHAINS, 0), int(identities(model)[0])
        state = _begun(target, bound, settings, (seed, number))
        row = {"model": "site", "kind": name, "unit": number, "route": NO_BANK}
        rows.append(row | _run(Unit(bound, target, state, settings), "before")[1])
    return pd.DataFrame(rows)


def _begun(target, bound, settings, key):
    """State of a unit that has not begun; the key is seed and identity."""
    seed, number = key
    return new_state(number, len(target.rows), CHAINS, bound.padded, settings, seed)


def _run(unit, when):
    """Run a unit to its end; gives it and what it has cost."""
    window, runs = unit.kernel, 0

    def counted(calls, blocks, lanes, walk, guides, record):
        nonlocal runs
        runs -= int(record.evaluated.sum())
        window(calls, blocks, lanes, walk, guides, record)
        runs += int(record.evaluated.sum())

    unit.kernel, began = counted, time.process_time()
    while not unit.finished:
        unit.advance()
    state, unit = unit.state, unit.settled()
    honest = state.weight_ess if state.route == BANK else np.inf  # draws of pilots are correlated
    return unit, {
        f"runs_{when}": runs + state.carried + state.searched * CHAINS,
        f"proposals_{when}": (state.proposed + state.searched) * CHAINS,
        f"kept_{when}": state.in_round / (state.proposed + state.searched),
        f"seconds_{when}": time.process_time() - began,
        f"rhat_{when}": unit.state.worst_rhat,
        f"ess_{when}": min(unit.state.least_ess, honest),
    }


def _apart(target, ours, theirs):
    """How far the draws of two units are from each other, by the worst parameter."""
    shifts, ratios = [], []
    pairs = (natural(target, unit.result()[..., :-1]).values() for unit in (ours, theirs))
    for circular, *both in zip(target.circular, *pairs, strict=True):
        one, two = map(np.ravel, both)
        if circular:  # around the same day for both
            one, two = _around(one, two)
        spread = max(two.std(), 1e-300)
        shifts.append(abs(np.median(one) - np.median(two)) / spread)
        ratios.append(np.diff(np.quantile(one, [0.05, 0.95]))[0])
        ratios[-1] /= max(np.diff(np.quantile(two, [0.05, 0.95]))[0], 1e-300)
    close = (np.array(shifts) < 0.1) & (np.abs(np.array(ratios) - 1) < 0.05)
    return dict(zip(APART, (max(shifts), min(ratios), max(ratios), close.mean()), strict=True))


def _around(one, two):
    """Days of two samples as distances from the circular mean of the second."""
    turn = 2 * np.pi / 365.25
    centre = np.angle(np.exp(1j * turn * two).mean())
    return (np.angle(np.exp(1j * (turn * days - centre))) / turn for days in (one, two))


def summary(table, banks):
    """Table by class, and what the paper's units cost, where they are spread over classes as these are.

    Parameters
    ----------
    table : DataFrame
        From `compare_banks`.
    banks : iterable of DrawBank
        All that were made for it; what their pilots have cost is counted once.

    Returns
    -------
    by_class : pandas.DataFrame
    hours : dict
        Core-hours of all units ``before`` and ``after`` with the standard error of each (``error_before``),
        which holds that some units of a class are measured for all; of the ``pilots``, whose proposals take
        as long as those of the units before, and of pooling their draws, each of which every pilot is run at.
        Classes count as many units as the models have of them.
    """
    table = table[table["route"] != NO_BANK]
    for when in WHEN:
        rhat = table[f"rhat_{when}"]
        met = ((rhat < GOOD_RHAT) & (table[f"ess_{when}"] > Settings.ess)).astype(float)
        met = met.where(table[f"runs_{when}"].notna())
        table = table.assign(
            **{f"converged_{when}": met, f"runs_a_draw_{when}": runs_a_draw(table, when)}
        )
    grouped = table.groupby(["model", "kind"])
    by_class = pd.DataFrame({"of": grouped["of"].first(), "measured": grouped.size()})
    for name in ("runs", "seconds", "runs_a_draw"):
        for when in WHEN:
            by_class[f"{name}_{when}"] = grouped[f"{name}_{when}"].mean()
    for route in (BANK, FULL):
        by_class[route] = grouped["route"].agg(lambda routes, is_=route: (routes == is_).mean())
    for when in WHEN:
        by_class[f"converged_{when}"] = grouped[f"converged_{when}"].mean()
    by_class["median_shift"] = grouped["median_shift"].median()
    by_class["close"] = grouped["close"].mean()
    hours = {"pilots": _hours_of_pilots(table, banks)}
    for when in WHEN:
        each, error = _weighed(by_class["of"], grouped[f"seconds_{when}"])
        hours[when] = each * PAPER_UNITS / HOUR
        hours[f"error_{when}"] = error * PAPER_UNITS / HOUR
    return by_class, hours


def _hours_of_pilots(table, banks):
    """What pilots and their pooling take at the pace of the units that were run without a bank."""
    shares = [share for bank in banks for share in bank.classes.values()]
    proposals = sum(float(share.proposals.sum()) for share in shares)
    runs = sum(len(share.origins) * len(share.pilots) for share in shares)
    seconds, *counts = (table[f"{name}_before"].sum() for name in ("seconds", "proposals", "runs"))
    return seconds / HOUR * (proposals / counts[0] + runs / counts[1])


def runs_a_draw(table, when):
    """Runs for an effective draw of the worst parameter, by unit, before or after."""
    return table[f"runs_{when}"] / table[f"ess_{when}"]


def _weighed(sizes, grouped):
    """Mean over units of classes of these sizes from a sample of each, and its standard error."""
    share = sizes / sizes.sum()
    errors = grouped.sem().fillna(0.0)
    return float((share * grouped.mean()).sum()), float(np.sqrt(((share * errors) ** 2).sum()))
