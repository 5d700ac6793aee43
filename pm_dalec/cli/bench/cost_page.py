"""Page of the documentation with what a unit costs, with a draw bank and without, made of measured tables."""

from math import isnan

from pm_dalec.cli.bench.banks import (
    CHAINS,
    GOOD_RHAT,
    NO_BANK,
    PAPER_UNITS,
    PILOT_RESOLUTION,
    PILOTS,
    WHEN,
    runs_a_draw,
)
from pm_dalec.sampling.bank.bank_unit import BANK
from pm_dalec.tables.constants import SAMPLER_VERSION

COMMAND = "pm-dalec bench --banks FOLDER --site NAME --no-disturbance --page docs/cost.md"
PLACES = {
    "of": ",.0f",
    "measured": ".0f",
    "runs_": ",.0f",
    "seconds_": ".1f",
    "rhat_": ".3f",
    "ess_": ",.0f",
}
SHARES = ("bank", "full", "converged_before", "converged_after", "close")
SITE_COLUMNS = ["runs_before", "seconds_before", "runs_a_draw_before", "rhat_before", "ess_before"]
FEW_RUNS = 100  # for an effective draw of the worst parameter: the aim
HOURS_WANTED, HOURS_DREAMT = 4, 1


def cost_page(table, by_class, hours):
    """Text of the page.

    Parameters
    ----------
    table : DataFrame
        Units and sites, from `compare_banks` and `cost_of_sites`.
    by_class : DataFrame
    hours : dict
        From `summary`.
    """
    table = table.assign(runs_a_draw_before=runs_a_draw(table, "before"))
    sites, units = table[table["route"] == NO_BANK], table[table["route"] != NO_BANK]
    pilots = ", ".join(f"{name} {count}" for name, count in PILOTS.items())
    return f"""# What a unit costs

Made by `{COMMAND}`; every number is measured. One thread,
{CHAINS} chains, default targets, version {SAMPLER_VERSION} of the sampler. Before: each unit by itself, from nothing. After: with the
[draw bank](draw_bank.md) of the twin, whose pilots are units of {PILOT_RESOLUTION:g} degree ({pilots} of each class) and which serves
units of all resolutions. Units are drawn at random from those that are no pilots. Runs are evaluations of the model; those of the bank's draws and of the search for a start count.

{_hours_told(hours, by_class["of"].sum())}
{_draws_told(table, units, by_class)}
- Medians of a unit that took draws over differ from those of the same unit without a bank by {units["median_shift"].median():.3f} sd
  (the worst parameter of the median of {units["median_shift"].count()} units; most {units["median_shift"].max():.3f}), which holds the Monte Carlo error of both. Units
  that began by themselves are the same twice, and do not count here.

## By class

{_told(by_class.reset_index().set_index("model"))}

## Real sites, which have no bank

{_told(sites.set_index("kind")[SITE_COLUMNS]) if len(sites) else "None was asked for."}
"""


def _hours_told(hours, total):
    """Core-hours of the paper's units."""
    after = hours["after"] + hours["pilots"]
    reached = {aim: "reached" if after <= aim else "missed" for aim in (HOURS_WANTED, HOURS_DREAMT)}
    return f"""- {PAPER_UNITS:,} units of the paper: **{hours["before"]:.1f} core-hours before, {after:.1f} after**, of which {hours["pilots"]:.2f} are for the
  pilots of all banks, second looks by scouts and pooling included. Classes count as many units as the twin has of them ({total:,.0f}); because a few stand for all, the
  standard errors are {hours["error_before"]:.1f} and {hours["error_after"]:.1f} core-hours. That is {hours["before"] / after:.1f} times less with the pilots and {hours["before"] / hours["after"]:.1f}
  times without them; the aim of {HOURS_WANTED} core-hours is {reached[HOURS_WANTED]}, the dream of {HOURS_DREAMT} {reached[HOURS_DREAMT]}."""


def _draws_told(table, units, by_class):
    """Runs for a draw, routes, convergence, and which proposals give draws."""
    runs, took = runs_a_draw(units, "after"), units["route"] == BANK
    share = by_class["of"] / by_class["of"].sum()
    carried = (by_class[BANK] * share).sum()
    good, mean = (
        {when: (by_class[f"{name}_{when}"] * share).sum() for when in WHEN}
        for name in ("converged", "runs_a_draw")
    )
    kept = table["kept_before"].dropna()
    run = table["runs_before"].sum() / table["proposals_before"].sum()
    return f"""- An effective draw of the worst parameter takes {runs[took].median():.0f} runs in the median unit that takes draws over and at most {FEW_RUNS}, the aim, in {(runs[took] <= FEW_RUNS).mean():.0%}
  of these ({took.sum()}); in those that begin by themselves ({(~took).sum()}) {runs[~took].median():,.0f}. The mean over all units is {mean["before"]:,.0f} before
  and {mean["after"]:,.0f} after, most of it by units that begin by themselves. A site has no bank and takes thousands. The ESS of draws that were taken
  over is that of their weights, where that is less than what the chains say.
- Weighed so, {carried:.0%} of the units take over draws of their bank. Others begin by themselves.
- Below R-hat {GOOD_RHAT:g} and above the ESS that is asked for: {good["before"]:.1%} of the units before ({units["rhat_before"].count()} measured), {good["after"]:.1%} after ({len(units)}).
- Of the proposals of a unit without a bank {kept.mean():.0%} are made in the round that gives the draws ({kept.min():.0%} to {kept.max():.0%}); the others are
  the search for a start, tuning, and rounds whose draws become the archive of the next. {run:.0%} of them are runs of the model; the
  others fail a rule that is known without one."""


def _told(table):
    """Table with the digits that its columns are read with."""
    shown = table.copy()
    for name in shown.select_dtypes("number"):
        form = ".0%" if name in SHARES else ".3f"
        form = next((form for begins, form in PLACES.items() if name.startswith(begins)), form)
        shown[name] = ["" if isnan(value) else format(value, form) for value in shown[name]]
    return shown.to_markdown(disable_numparse=True)
