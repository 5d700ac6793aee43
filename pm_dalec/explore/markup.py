"""What the page says in words: its head, lamps, the score and the state of a calibration, as HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from pm_dalec.explore.scales import plain_unit
from pm_dalec.explore.score import PRIOR as PRIOR_ROW, TOTAL
from pm_dalec.plots.style import BASELINE, OBSERVATIONS, PRIOR, STRATIFIED
from pm_dalec.tables.streams import ANNUAL, STREAMS
from pm_dalec.tables.variables import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pm_dalec.explore.lamps import Lamp
    from pm_dalec.explore.score import Row, Score

YOURS = STRATIFIED
"""Colour of the run at the sliders; the posterior has that of the baseline, as in all figures."""

HOLDS, BROKEN = "#009E73", "#D55E00"  # Okabe and Ito; a lamp has a sign and words beside its colour
WIDEST = 3.0  # margin at which the bar of a lamp is full
NICKNAMES = {"som": "SOM", "reco": "Respiration"}
STREAM_WORDS = {PRIOR_ROW: "Prior", TOTAL: "Total"}

STYLE = f"""
:host {{ font: 13px/1.4 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; color: #222; }}
h1 {{ font-size: 20px; margin: 0 0 2px; }}
h2 {{ font-size: 14px; margin: 0 0 4px; }}
p {{ margin: 0 0 4px; }}
.small {{ font-size: 12px; color: #555; }}
.key span {{ margin-right: 16px; white-space: nowrap; }}
.key i {{ display: inline-block; vertical-align: middle; margin-right: 5px; width: 22px; }}
table {{ border-collapse: collapse; width: 100%; margin-bottom: 8px; font-variant-numeric: tabular-nums; }}
th, td {{ text-align: right; padding: 1px 4px; font-weight: normal; white-space: nowrap; }}
th:first-child, td:first-child {{ text-align: left; }}
tr.total td {{ border-top: 1px solid #999; font-weight: bold; }}
thead th {{ color: #555; font-size: 12px; }}
.yours {{ color: {YOURS}; }} .sampler {{ color: {BASELINE}; }}
.told {{ font-size: 14px; font-weight: bold; margin: 4px 0; }}
.warn {{ color: {BROKEN}; font-weight: bold; }}
.lamp {{ display: grid; grid-template-columns: 20px 1fr 62px; align-items: center;
         gap: 4px; padding: 2px 4px; border-radius: 4px; }}
.lamp b {{ font-weight: 600; }}
.lamp .sign {{ width: 16px; height: 16px; line-height: 16px; border-radius: 8px; text-align: center;
               color: white; font-size: 11px; background: {HOLDS}; }}
.lamp.broken {{ background: #fdebe0; }}
.lamp.broken .sign {{ background: {BROKEN}; border-radius: 2px; }}
.lamp .by {{ color: #555; font-size: 12px; display: block; }} .lamp.broken .by {{ color: {BROKEN}; }}
.group {{ margin-top: 6px; }}
.lamp .must {{ display: block; font-size: 11.5px; color: #555; }}
.bar {{ position: relative; height: 8px; background: #eee; border-radius: 2px; }}
.bar i {{ position: absolute; top: 0; bottom: 0; background: {HOLDS}; }}
.bar u {{ position: absolute; top: -2px; bottom: -2px; left: 50%; width: 1px; background: #666; }}
.broken .bar i {{ background: {BROKEN}; }}
"""


def head(site: str, period: str, counts: str) -> str:
    """Title, and how to read the page in one sentence."""
    return (
        f"<h1>Can you beat the sampler? <span style='font-weight:normal'>DALEC at {escape(site)}</span></h1>"
        f"<p>Move a slider: it is one of the 23 numbers that decide how carbon moves through leaves, roots, "
        f"wood, litter and soil. Bring the <b class='yours'>orange run</b> onto the <b>black observations</b> "
        f"and keep every <b style='color:{HOLDS}'>lamp ✓</b> lit.</p>"
        f"<p class='small'>{escape(period)}; {escape(counts)}.</p>"
    )


def key(has_fit: bool) -> str:
    """Legend of all figures and sliders."""
    parts = [
        f"<i style='border-top:2.5px solid {YOURS}'></i>your run",
        f"<i style='height:7px;width:7px;border-radius:4px;background:{OBSERVATIONS}'></i>observed ± one sigma",
        "<i style='height:6px;width:6px;border-radius:4px;border:1px solid #000'></i>observed, not assimilated",
    ]
    if has_fit:
        parts += [
            f"<i style='height:10px;background:{BASELINE};opacity:.45'></i>posterior, 50 and 90 % of its draws",
            f"<i style='border-top:1.5px solid {BASELINE}'></i>its median",
        ]
    return "<p class='key small'>" + "".join(f"<span>{part}</span>" for part in parts) + "</p>"


def slider_key(has_fit: bool) -> str:
    """How to read what stands above a slider."""
    words = (
        f"Above each slider: <b style='color:{PRIOR}'>grey</b>, the prior before any data or rule"
    )
    if has_fit:
        words += (
            "; grey line, the prior under the rules; <b class='sampler'>blue</b>, the posterior"
        )
    return f"<h2>Parameters</h2><p class='small'>{words}; <b class='yours'>orange</b>, you.</p>"


def lamps(found: Sequence[Lamp]) -> str:
    """A line for every rule, with a summary of all above."""
    if not found:
        return "<h2>Ecological rules</h2><p>This model has none.</p>"
    broken = [lamp for lamp in found if not lamp.holds]
    told = (
        f"<p class='told' style='color:{HOLDS}'>✓ All {len(found)} rules hold</p>"
        if not broken
        else f"<p class='told warn'>✗ {len(broken)} of {len(found)} rules broken</p>"
    )
    parts = ["<h2>Ecological rules (EDCs)</h2>", told, *map(_lamp, broken)]
    levels = {"parameter": "seen from the parameters", "trajectory": "seen in the run"}
    for level, words in levels.items():
        some = [lamp for lamp in found if lamp.level == level]
        if some:
            parts += [f"<p class='small group'>{words}; bar: the margin, to the left if broken</p>"]
            parts += [_lamp(lamp) for lamp in some]
    return "".join(parts)


def _lamp(lamp):
    """Sign, name, margin in words and as a bar; a broken rule says what it wants."""
    state, sign = ("holds", "✓") if lamp.holds else ("broken", "✗")
    must = "" if lamp.holds else f"<span class='must'>wanted: {escape(lamp.inequality)}</span>"
    return (
        f"<div class='lamp {state}' data-rule='{lamp.name}' title='{escape(lamp.inequality)}' "
        f"aria-label='{escape(lamp.title)}: {state}, {lamp.words}'>"
        f"<span class='sign'>{sign}</span><span><b>{escape(lamp.title)}</b> "
        f"<span class='by'>{state}, {lamp.words}</span>{must}</span>{_bar(lamp.margin)}</div>"
    )


def _bar(margin):
    """Margin as a bar to the right of a tick, or to its left where the rule is broken."""
    full = 0.0 if np.isnan(margin) else float(np.clip(margin / WIDEST, -1, 1)) * 50
    side = f"left:50%;width:{full:.1f}%" if full >= 0 else f"right:50%;width:{-full:.1f}%"
    return f"<span class='bar'><i style='{side}'></i><u></u></span>"


def score(found: Score) -> str:
    """Log-posterior by stream, yours beside that of the sampler."""
    has_fit = not np.isnan(found.total.best)
    headings = ["", "you"] + (["best draw", "90 % of draws"] if has_fit else [])
    rows = "".join(_row(row, has_fit) for row in found.rows)
    warn = "" if found.allowed else " warn"
    return (
        f"<h2>Score: log-posterior, higher is better</h2><p class='told{warn}'>{escape(found.words)}</p>"
        f"<table><thead><tr>{''.join(f'<th>{each}</th>' for each in headings)}</tr></thead>{rows}</table>"
    )


def _row(row: Row, has_fit):
    name = STREAM_WORDS.get(row.name) or stream_words(row.name)
    cells = [f"<td>{name}</td>", f"<td class='yours'>{row.yours:,.1f}</td>"]
    if has_fit:
        cells += [
            f"<td class='sampler'>{row.best:,.1f}</td>",
            f"<td class='sampler'>{row.low:,.1f} to {row.high:,.1f}</td>",
        ]
    kind = " class='total'" if row.name == TOTAL else ""
    return f"<tr{kind} data-row='{row.name}'>{''.join(cells)}</tr>"


def stream_words(stream: str) -> str:
    """Name of a stream in plain text.

    Examples
    --------
    >>> stream_words("cwood"), stream_words("lai_annual")
    ('Wood', 'LAI, annual')
    """
    return label_of(STREAMS[stream].observes) + ", annual" * stream.endswith(ANNUAL)


def label_of(variable: str) -> str:
    """Short name of a variable in plain text.

    Examples
    --------
    >>> label_of("gpp"), label_of("lai"), label_of("wood")
    ('GPP', 'LAI', 'Wood')
    """
    symbol = VARIABLES[variable].symbol
    return symbol if symbol.isalpha() else NICKNAMES.get(variable, variable.capitalize())


def title_of(variable: str) -> str:
    """Name of a variable as the title of its figure.

    Examples
    --------
    >>> title_of("gpp"), title_of("wood")
    ('GPP, gross primary productivity (gC m⁻² d⁻¹)', 'Wood carbon (gC m⁻²)')
    """
    record = VARIABLES[variable]
    words = record.long_name.partition(",")[0].partition(" at the ")[0]
    name = f"{record.symbol}, {words}" if record.symbol.isalpha() else words[0].upper() + words[1:]
    return f"{name} ({plain_unit(variable)})"
