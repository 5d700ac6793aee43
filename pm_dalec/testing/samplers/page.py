"""Page of the documentation with what the judges found, made of their tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pm_dalec.sampling.calibration import SCOUTS
from pm_dalec.sampling.starts import ANOTHER_PART
from pm_dalec.tables.constants import SAMPLER_VERSION
from pm_dalec.testing.samplers.uniformity import ENVELOPE, uniformity
from pm_dalec.testing.samplers.verdicts import MEAN_LIMIT, QUANTILE_LIMIT, SETTINGS

if TYPE_CHECKING:
    import pandas as pd

PLACES = {"mean": ".3f", "quantile": ".3f", "rhat": ".4f", "ess": ".0f", "seconds": ".1f"}
RANK_PLACES = {name: ".2f" for name in ("mean", "variance", "in50", "in90")} | {"p": ".3f"}
COMMAND = "pm-dalec bench --targets FOLDER --simulation FOLDER --page docs/sampler_checks.md"
TITLE = f"""# Checks of the sampler

Made by `{COMMAND}`; every number is measured.
"""


def _table(table, places, first):
    shown = table.copy()
    for name, form in places.items():
        shown[name] = [format(value, form) for value in shown[name]]
    return shown.rename_axis(first).to_markdown(disable_numparse=True)


def targets_section(table: pd.DataFrame) -> str:
    """Section on targets with known answers.

    Parameters
    ----------
    table : DataFrame
        From `judge_targets`.
    """
    agreed = int((table["verdict"] == "agrees").sum())
    return f"""
## Targets with known answers

{agreed} of {len(table)} targets agree with what is known of them: means within {MEAN_LIMIT:g}, quantiles of 5 and 95 %
within {QUANTILE_LIMIT:g} reference standard deviations, by the worst parameter, and the sampler says that it has
converged. Version {SAMPLER_VERSION} of the sampler; asked for: bulk ESS {SETTINGS["ess"]:,} of
{SETTINGS["chains"]} chains within {SETTINGS["proposals"]:,} proposals of each. Runs are evaluations of the density,
seconds those of one core, with compilation. Targets of posteriordb are compared with 10,000 reference draws, whose own
error is .01 (means) and .02 to .05 (quantiles).

{_table(table, PLACES, "target")}

Two modes that a random start can see are both found and weighed, because starts are spread over the whole cube and the
likeness of the posterior has a component for each. A mode that has a small share of the *cube* and most of the mass can be
missed by all chains, and R-hat is blind to it: {SCOUTS} scouts look for such a one where the chains have converged, and find
it where about one start of a hundred or more leads there.
"""


def _how(wanted):
    """How fits were made, in words."""
    if wanted["family"] == "smc":
        return (
            f"{wanted['chains']} runs of SMC, each of {wanted['draws']} particles with at most {wanted['proposals']}\n"
            "proposals in a stage"
        )
    return (
        f"{wanted['chains']} chains until R-hat < {wanted['rhat']:g} and ESS > {wanted['ess']:g}, or "
        f"{wanted['proposals']:,}\nproposals a chain, and a second look by {wanted['scouts']} scouts"
    )


def _parts(fits):
    """Sentence on fits whose posterior has several parts."""
    if fits.attrs["family"] == "smc":
        return ""
    found, leaping = (fits["looked"] == ANOTHER_PART).sum(), fits["leaping"].sum()
    return (
        f"\nOf {leaping} fits the chains leapt from part to part, because scouts had found another ({found}) or "
        f"they lay apart by themselves ({leaping - found}).\n"
    )


def simulation_section(fits: pd.DataFrame) -> str:
    """Section on simulation-based calibration.

    Parameters
    ----------
    fits : DataFrame
        From `ranks_in`.
    """
    table = uniformity(fits)
    ended = fits["status"].value_counts()
    wanted = fits.attrs
    told = ", ".join(f"{count} {status}" for status, count in ended.items())
    least = table["p"].min()
    return f"""
## Truths from the prior

{len(fits)} truths were drawn exactly from the constrained prior, observations of three years were made of each (leaf
area every month, wood twice, uncertainties that do not depend on the truth), and the model was calibrated to them with
{_how(wanted)} ({told}; all count; version {wanted["sampler"]} of the sampler). If everything is right, ranks of the truth
among the draws are uniform.
{_parts(fits)}
- Central intervals of 50 % hold {table["in50"].mean():.1%} of the truths, those of 90 % {table["in90"].mean():.1%}.
- {int(table["inside"].sum())} of {len(table)} distributions of ranks stay in their envelope of {ENVELOPE:.0%}
  (Säilynoja et al. 2022).
- Least p of {len(table)} tests {least:.3f}; Bonferroni's limit for 5 % is {0.05 / len(table):.4f}.

{_table(table, RANK_PLACES, "quantity")}
"""
