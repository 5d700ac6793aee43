"""The answer of the sensitivity of Table 2: which choice comes nearest, and what makes a number ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pm_dalec.data.storage import folder_to_write, whole
from pm_dalec.paper.tables.layout import PAPER, as_markdown, save_table
from pm_dalec.paper.tables.rules import COUNTED, ERROR, PUBLISHED, RANGE
from pm_dalec.paper.tables.sensitivity import DOUBT
from pm_dalec.sensitivity.studies.fleet import CORE_SECONDS, WALL_SECONDS
from pm_dalec.tables.summaries import BUDGET

if TYPE_CHECKING:
    from pathlib import Path

ANSWER = "table2_sensitivity_page.md"
STAR = " *"
ANSWERED = ("change_live", "change_dead")
"""Numbers of Table 2 that are farthest from the printed ones."""
MOVED = """\
Difference of the median from that of the first variant, in standard deviations of the first one's 5-95 % interval
(as a Gaussian)."""
OURS = "Medians, in the units of Table 2; the last row is printed."
NEAREST = """\
Distance from the printed medians, in standard deviations of the printed intervals: root mean square over all
quantities, and the worst."""


def closest(table: pd.DataFrame) -> pd.DataFrame:
    """Variants by their distance from the printed medians.

    Parameters
    ----------
    table : DataFrame
        From `table_2_sensitivity`.

    Returns
    -------
    DataFrame
        By variant: root mean square of ``off_sd`` over all medians of both approaches, nearest first,
        and the worst quantity.
    """
    medians = table[table["statistic"] == "median"].dropna(subset=["off_sd"])
    found = medians.groupby("variant")["off_sd"].agg(
        rms=lambda off: float(np.sqrt((off**2).mean())), worst=lambda off: float(off.abs().max())
    )
    return found.sort_values("rms")


def plain_answer(table: pd.DataFrame, quantity: str = "change_live") -> list[str]:
    """What makes a number of Table 2 ours and not the printed one, in sentences.

    Parameters
    ----------
    table : DataFrame
        From `table_2_sensitivity`.
    quantity : str

    Returns
    -------
    list of str
        One for each approach.
    """
    rows = table[(table["quantity"] == quantity)].dropna(subset=[PAPER])
    told = []
    for (approach, resolution), part in rows.groupby(["approach", "resolution"], sort=False):
        wide = part.pivot_table(index="variant", columns="statistic", values="ours", sort=False)
        printed = part.drop_duplicates("statistic").set_index("statistic")[PAPER]
        moved = part[part["statistic"] == "median"].set_index("variant")["moved"]
        first, off = wide.index[0], (wide["median"] - printed["median"]).abs()
        farthest, nearest = moved.abs().idxmax(), off.idxmin()
        inside = wide.index[wide["median"].between(printed["5 %"], printed["95 %"])]
        low, high = wide["median"].min(), wide["median"].max()
        spanned = "lies between them" if low <= printed["median"] <= high else "lies outside"
        told.append(
            f"{quantity}, {approach}, {resolution:g} degree: {first!r} gives {_interval(wide.loc[first])}, "
            f"printed is {_interval(printed)} {part['units'].iloc[0]}. {farthest!r} moves the median most, "
            f"by {moved[farthest]:+.0f}; {nearest!r} comes nearest, with {_interval(wide.loc[nearest])}. "
            f"The medians of all {len(wide)} lie between {low:.0f} and {high:.0f}: the printed one {spanned}. "
            f"{len(inside)} of {len(wide)} have theirs inside the printed interval. The difference of "
            f"{wide['median'].iloc[0] - printed['median']:+.0f} to be explained is "
            f"{abs(part.loc[(part['statistic'] == 'median'), 'off_sd'].iloc[0]):.1f} standard deviations of the "
            "printed interval."
        )
    return told


def _interval(row):
    return f"{row['median']:.0f} ({row['5 %']:.0f} to {row['95 %']:.0f})"


def write_budget_sensitivity(table: pd.DataFrame, costs: pd.DataFrame, out: Path) -> list[Path]:
    """Write the table, the order of the variants, and a page with both and the plain answer.

    Parameters
    ----------
    table : DataFrame
        From `table_2_sensitivity`.
    costs : DataFrame
        From `budget_studies`.
    out : Path

    Returns
    -------
    list of Path
    """
    out = folder_to_write(out)
    order = closest(table).reset_index()
    written = [
        *save_table(table, out, "table2_sensitivity", title="Table 2 under other choices"),
        *save_table(order, out, "table2_closest", title="Distance from the printed medians (sd)"),
    ]
    with whole(out / ANSWER) as draft:
        draft.write_text("\n\n".join(_page(table, costs)) + "\n", encoding="utf-8")
    return [*written, out / ANSWER]


def _page(table, costs):
    """Parts of the page."""
    table = _starred(table, costs)
    yield "# Table 2 under other choices"
    yield (
        f"Made by `pm-dalec paper --sensitivity`: {costs['calibrations'].sum()} calibrations of the twin, of which "
        f"{costs['converged'].sum()} converged, in {costs[CORE_SECONDS].sum() / 60:.0f} core-minutes. Variants with units "
        "that have not converged have a star; their numbers are to be trusted to the sign at most."
    )
    yield "## The plain answer"
    yield from (line for name in ANSWERED for line in plain_answer(table, name))
    yield "## Which choice comes nearest to the printed numbers"
    yield NEAREST
    for (approach, resolution), part in table.groupby(["approach", "resolution"], sort=False):
        yield f"### {approach} at {resolution:g} degree"
        yield as_markdown(closest(part).round(2).reset_index()).strip()
    yield "## How far each choice moves each number"
    yield MOVED
    for (approach, resolution), part in table.groupby(["approach", "resolution"], sort=False):
        yield f"### {approach} at {resolution:g} degree, moved"
        yield as_markdown(_matrix(part, "moved_sd").round(2).reset_index()).strip()
    yield "## The medians"
    yield OURS
    for (approach, resolution), part in table.groupby(["approach", "resolution"], sort=False):
        yield f"### {approach} at {resolution:g} degree, medians"
        printed = _matrix(part, PAPER).iloc[:1].set_axis([PAPER])
        medians = pd.concat([_matrix(part, "ours"), printed]).rename_axis("variant")
        yield as_markdown(medians.reset_index()).strip()
    if COUNTED in costs:
        yield from _worth(costs)
    yield "## What has converged"
    told = costs.drop(columns=[COUNTED, ERROR, RANGE], errors="ignore")
    told[DOUBT] = [
        "; ".join(f"{name}: {words}" for name, words in one.items()) for one in told[DOUBT]
    ]
    yield as_markdown(told.round({CORE_SECONDS: 0, WALL_SECONDS: 0})).strip()


def _starred(table, costs):
    """Table whose variants have a star where units have not converged."""
    doubtful = {
        (row["approach"], row["resolution"], name)
        for _, row in costs.iterrows()
        for name in row[DOUBT]
    }
    keys = zip(table["approach"], table["resolution"], table["variant"], strict=True)
    return table.assign(variant=[key[2] + STAR * (key in doubtful) for key in keys])


def _worth(costs):
    """Section on what the constraints are worth, where the truth is known."""
    yield "## What the constraints are worth"
    yield (
        f"Error of the parameters against the known truth, and 5-95 % range of NEE, at the units of the twin: how much less "
        f"they are with the constraints than without. Bloom and Williams (2015) have {PUBLISHED[ERROR]:.0f} % and "
        f"{PUBLISHED[RANGE]:.0f} % at their synthetic sites, which see leaf area and soil carbon."
    )
    columns = ["approach", "resolution", COUNTED, ERROR, RANGE]
    yield as_markdown(costs[columns].round({ERROR: 0, RANGE: 0})).strip()


def _matrix(part, column):
    """Numbers of the medians by variant and quantity."""
    medians = part[part["statistic"] == "median"]
    return medians.pivot(index="variant", columns="quantity", values=column).loc[
        list(dict.fromkeys(medians["variant"])),
        [name for name in BUDGET if name in set(medians["quantity"])],
    ]
