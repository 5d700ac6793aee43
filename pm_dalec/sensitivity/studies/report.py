"""The report of a study in Markdown: what moves what, by how much, and what did not converge."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from pm_dalec.data import storage
from pm_dalec.plots.style import record_of, save_figure
from pm_dalec.sensitivity.draws.quantities import checked_quantities
from pm_dalec.sensitivity.studies.figures import SHOWN, effects_figure
from pm_dalec.sensitivity.studies.results import (
    HIGH,
    LOW,
    MIDDLE,
    VARIANT,
    effects,
    expect_study,
    routes_in,
    unconverged,
)
from pm_dalec.tables import dims

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

REPORT, FIGURE = "report.md", "effects"
STAR = " *"  # after the name of a variant that has not converged
MOVES = 1.0  # posterior standard deviations, from which a variant is said to move a number


def write_report(
    study: xr.DataTree, folder: str | Path, *, base: str | None = None, names: Sequence[str] = SHOWN
) -> Path:
    """Write ``report.md``, with ``effects.png`` and ``effects.csv`` beside it.

    Parameters
    ----------
    study : DataTree
        From `Study.run` or `open_study`.
    folder : path
    base : str, optional
        Variant that the others are compared with; the first by default.
    names : sequence of str
        Parameters and quantities that are shown.

    Returns
    -------
    Path
        Of the report.
    """
    expect_study(study)
    names = checked_quantities(names)
    folder = storage.folder_to_write(folder)
    moved, doubtful = effects(study, base), unconverged(study)
    names = [name for name in names if name in moved["name"].values]
    if study.sizes[VARIANT] > 1:  # of one alone, as for an ablation, nothing has moved
        save_figure(_figure(moved, names, doubtful), folder / FIGURE)
    moved.to_dataframe().to_csv(folder / f"{FIGURE}.csv")
    words = "\n\n".join(_sections(study, moved, doubtful, names))
    with storage.whole(folder / REPORT) as draft:
        draft.write_text(words + "\n", encoding="utf-8")
    return folder / REPORT


def moves(moved: xr.Dataset, names: Sequence[str]) -> pd.DataFrame:
    """Variants by the number that they move farthest, the median over units.

    Parameters
    ----------
    moved : Dataset
        From `effects`.
    names : sequence of str

    Returns
    -------
    DataFrame
        Columns variant, farthest (a name), shift [sd], its width ratio, and how many of the names move
        by more than one standard deviation; the base is left out.
    """
    space = [name for name in moved.dims if name in dims.SPACE]
    one = moved.sel(name=list(names))
    one = one.median(space) if space else one
    rows = []
    for variant in (str(v) for v in one[VARIANT].values if v != moved.attrs["base"]):
        shift = one["shift"].sel(variant=variant).to_series().dropna()
        if shift.empty:
            rows.append((variant, "", float("nan"), float("nan"), 0))
            continue
        name = str(shift.abs().idxmax())
        ratio = float(one["width_ratio"].sel(variant=variant, name=name))
        rows.append((variant, name, float(shift[name]), ratio, int((shift.abs() > MOVES).sum())))
    columns = ["variant", "farthest", "shift (sd)", "width ratio", "names beyond one sd"]
    return pd.DataFrame(rows, columns=columns)


def _figure(moved, names, doubtful):
    """Figure of effects, in which variants that have not converged have a star."""
    labels = [f"{name}{STAR * (name in doubtful)}" for name in moved[VARIANT].values.astype(str)]
    base = moved.attrs["base"]
    starred = moved.assign_coords({VARIANT: labels})
    starred.attrs["base"] = f"{base}{STAR * (base in doubtful)}"
    return effects_figure(starred, names, note=f"{STAR.strip()} not converged" if doubtful else "")


def _sections(study, moved, doubtful, names):
    base, count = moved.attrs["base"], study.sizes[VARIANT]
    status = study["units"]["status"]
    compared = f"{count} variants, compared with {base!r}" if count > 1 else repr(base)
    yield f"# Sensitivity: {compared}"
    yield (
        f"{count - len(doubtful)} of {count} variants converged. "
        + _doubt(doubtful)
        + f"The calibration took {float(study['seconds'].sum()):.0f} s."
    )
    if status.ndim > 1:
        yield f"{status.size // count} units; shifts and ratios are medians over them."
    if count > 1:
        yield from _moved(moved, names)
    yield "## Medians and 5 to 95 % intervals"
    yield markdown(_values(study, names), "")
    yield "## Variants"
    yield markdown(_told(study), ".3g")
    yield (
        "Route: bank, draws of the first variant, widely sampled, taken over with exact weights and moved "
        "(k-hat below 0.5); full, chains that began by themselves."
    )


def _moved(moved, names):
    yield "## Which variant moves what"
    yield markdown(moves(moved, names), ".2f")
    yield (
        "A shift is the difference of the medians over the standard deviation of the base; a width ratio "
        "is that of the 5 to 95 % intervals."
    )
    yield f"![Shifts and widths by variant]({FIGURE}.png)"


def _doubt(doubtful):
    if not doubtful:
        return ""
    told = "; ".join(f"{name} ({words})" for name, words in doubtful.items())
    return f"**Not to be trusted: {told}.** Run the study again with more proposals. "


def _values(study, names):
    """Table of medians and intervals, a row a variant; of a region the median over units."""
    quantiles = study["quantiles"].to_dataset()
    space = [name for name in quantiles.dims if name in dims.SPACE]
    quantiles = quantiles.median(space) if space else quantiles
    columns = {"variant": [str(name) for name in quantiles[VARIANT].values]}
    for name in names:
        low, middle, high = (quantiles[name].sel(quantile=q).values for q in (LOW, MIDDLE, HIGH))
        heading = f"{name} ({record_of(name).units})"
        columns[heading] = [
            f"{m:.3g} ({a:.3g} to {b:.3g})" for a, m, b in zip(low, middle, high, strict=True)
        ]
    return pd.DataFrame(columns)


def _told(study):
    """Table of what each variant changes, its convergence and its cost."""
    units = study["units"].to_dataset()
    space = [name for name in units.dims if name in dims.SPACE]
    return pd.DataFrame(
        {
            "variant": study[VARIANT].values.astype(str),
            "changes": study["changes"].values.astype(str),
            "route": [
                routes_in(units["route"].sel({VARIANT: name})) for name in units[VARIANT].values
            ],
            "k-hat": units["khat"].max(space).values,
            "worst R-hat": units["worst_rhat"].max(space).values,
            "least ESS": units["least_ess_bulk"].min(space).values,
            "seconds": study["seconds"].values,
        }
    )


def markdown(table: pd.DataFrame, form: str | tuple[str, ...]) -> str:
    """Table in Markdown.

    Parameters
    ----------
    table : DataFrame
    form : str or tuple of str
        Of numbers, such as ".2f", also by column; as short as may be where it is empty.
    """
    return table.to_markdown(index=False, floatfmt=form or "g")
