"""Studies of several lands side by side: what each unit cost, and what moves in all of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from pm_dalec.data import storage
from pm_dalec.plots.style import record_of
from pm_dalec.posterior.convergence import NOT_RUN
from pm_dalec.sensitivity.draws.expected import expect_result
from pm_dalec.sensitivity.draws.quantities import checked_quantities
from pm_dalec.sensitivity.studies.fleet import CORE_SECONDS, WALL_SECONDS
from pm_dalec.sensitivity.studies.report import markdown
from pm_dalec.sensitivity.studies.results import (
    CONVERGED,
    VARIANT,
    effects,
    expect_study,
)
from pm_dalec.tables import dims
from pm_dalec.tables.constants import SAMPLER_VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = "studies.md"
UNIT = "unit"
COMPARED = ("gpp", "nee", "change_live", "change_dead", "residence_wood")
"""Quantities whose shifts are shown by unit, unless others are named."""
SHIFTS = """\
Difference of the medians from that of the first variant, in its posterior standard deviations; nan where the
variant or the first has not converged."""
ROUTES = ("bank", "full")


def _by_unit(studies, of):
    """Dataset with the dimension ``unit`` in place of those of space, of all studies."""
    parts = []
    for land, study in studies.items():
        found = of(study)
        space = [name for name in dims.SPACE if name in found.dims]
        if space:
            found = found.stack({UNIT: space}, create_index=False)
            labels = [found[name].values for name in space]
            names = [
                f"{land}, {' '.join(f'{d} {v}' for d, v in zip(space, at, strict=True))}"
                for at in zip(*labels, strict=True)
            ]
        else:
            found, names = found.expand_dims(UNIT), [land]
        parts.append(found.drop_vars(space, errors="ignore").assign_coords({UNIT: names}))
    return xr.concat(parts, UNIT, join="outer", combine_attrs="drop_conflicts")


def unit_costs(studies: Mapping[str, xr.DataTree]) -> pd.DataFrame:
    """What every unit of some studies cost, and how its variants ended.

    Parameters
    ----------
    studies : mapping of str to DataTree
        By name of the land, from `Study.run` or `open_study`.

    Returns
    -------
    DataFrame
        A row a unit: ``unit``, ``variants``, ``converged``, how many took the route "bank" and
        "full", ``worst R-hat`` [1], million ``runs`` of DALEC, and ``core-s`` [s], processor time of the
        study of that land, shared between its units by their runs.
    """
    rows = []
    for land, study in studies.items():
        expect_study(study, CORE_SECONDS, WALL_SECONDS)
        units = _by_unit({land: study}, lambda tree: tree["units"].to_dataset())
        ran = units.where(units["status"] != NOT_RUN, drop=True)
        runs = ran["proposals"].sum(VARIANT)
        shares = runs / float(runs.sum())
        for name in map(str, ran[UNIT].values):
            one = ran.sel({UNIT: name})
            routes = one["route"].values.astype(str).tolist()
            rows.append(
                {
                    UNIT: name,
                    "variants": one.sizes[VARIANT],
                    "converged": int((one["status"] == CONVERGED).sum()),
                    **{route: routes.count(route) for route in ROUTES},
                    "worst R-hat": float(one["worst_rhat"].max()),
                    "runs (1e6)": float(runs.sel({UNIT: name})) / 1e6,
                    "core-s": float(study.attrs[CORE_SECONDS] * shares.sel({UNIT: name})),
                }
            )
    return pd.DataFrame(rows)


def shifts_by_unit(studies: Mapping[str, xr.DataTree], name: str) -> pd.DataFrame:
    """How far each variant moves a quantity at each unit, in posterior standard deviations.

    Parameters
    ----------
    studies : mapping of str to DataTree
        Of the same variants, the first of which is the base.
    name : str
        Parameter or quantity.

    Returns
    -------
    DataFrame
        A row a variant, a column a unit; those that have not converged are NaN.
    """
    checked_quantities((name,))
    for study in studies.values():
        expect_study(study)
    moved = _by_unit(studies, lambda study: effects(study)["shift"].sel(name=name).to_dataset())
    status = _by_unit(studies, lambda study: study["units"].to_dataset()[["status"]])["status"]
    base = str(next(iter(studies.values()))[VARIANT].values[0])
    others = [one for one in moved[VARIANT].values if one != base]
    held = moved["shift"].where(status == CONVERGED).where(status.sel({VARIANT: base}) == CONVERGED)
    table = held.sel({VARIANT: others}).transpose(VARIANT, UNIT).to_pandas()
    return table.rename_axis(columns=None).reset_index()


def write_lands(
    studies: Mapping[str, xr.DataTree],
    folder: str | Path,
    *,
    confirmed: Mapping[str, xr.Dataset] | None = None,
    names: Sequence[str] = COMPARED,
) -> Path:
    """Write ``studies.md``: costs by unit, shifts by unit, and power scaling beside refits.

    Parameters
    ----------
    studies : mapping of str to DataTree
        By name of the land.
    folder : path
    confirmed : mapping of str to Dataset, optional
        From `confirm_power_scaling`, by name of the land.
    names : sequence of str
        Quantities whose shifts are shown.

    Returns
    -------
    Path
    """
    _expect_by_land("studies", studies)
    if not studies:
        raise ValueError("wanted studies by name of the land, got none; write {'FI-Hyy': study}")
    confirmed = {} if confirmed is None else confirmed
    _expect_by_land("confirmed", confirmed)
    for found in confirmed.values():
        expect_result("confirmed", found, "confirm_power_scaling", ("shift_predicted", "score"))
    folder, costs = storage.folder_to_write(folder), unit_costs(studies)
    names = checked_quantities(names)
    costs.to_csv(folder / "studies.csv", index=False)
    parts = ["# One study of several lands", _made_by(studies), *_told_of_costs(studies, costs)]
    parts += [*_told_of_doubt(studies), "## How far variants move what, by unit", SHIFTS]
    for name in names:
        record = record_of(name)
        parts += [
            f"### {name}",
            f"{record.long_name}",
            markdown(shifts_by_unit(studies, name), ".2f"),
        ]
    if confirmed:
        parts += ["## Power scaling beside true refits", *_told_of_refits(confirmed)]
    with storage.whole(folder / PAGE) as draft:
        draft.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return folder / PAGE


def _expect_by_land(name, given):
    """Refuse what is no mapping of names to results."""
    tree = isinstance(given, xr.DataTree | xr.Dataset)
    if tree or not isinstance(given, Mapping) or not all(isinstance(one, str) for one in given):
        raise TypeError(
            f"wanted {name} by name of the land, got {type(given).__name__}; write {{'FI-Hyy': study}}"
        )


def _made_by(studies):
    """Sentence on where the page comes from."""
    lands = " ".join(studies)
    return (
        f"Made by `pm-dalec sensitivity {lands} --variants FILE`, version {SAMPLER_VERSION} of the sampler. Route says "
        'how a unit came to the draws of a variant: "bank", those of a wide sample of the first variant, taken over '
        'with exact weights; "full", begun by itself.'
    )


def _told_of_doubt(studies):
    """Section on the variants that have not converged at some unit; nothing where there are none."""
    rows = []
    for land, study in studies.items():
        units = _by_unit({land: study}, lambda tree: tree["units"].to_dataset())
        for name in map(str, units[UNIT].values):
            one = units.sel({UNIT: name})
            doubtful = one[VARIANT].values[~one["status"].isin((CONVERGED, NOT_RUN)).values]
            for variant in map(str, doubtful):
                found = one.sel({VARIANT: variant})
                numbers = (float(found[key]) for key in ("worst_rhat", "least_ess_bulk"))
                rows.append((variant, name, str(found["route"].item()), *numbers))
    if not rows:
        return
    table = pd.DataFrame(rows, columns=["variant", UNIT, "route", "worst R-hat", "least ESS"])
    yield "## What has not converged"
    yield (
        "Within the budget of a chain. Their numbers are left out below; run the command again with more proposals, "
        "and they go on where they were."
    )
    yield markdown(table.sort_values("variant", kind="stable"), ("", "", "", ".3f", ".0f"))


def _told_of_costs(studies, costs):
    """Sentences and table of the costs."""
    core = sum(study.attrs[CORE_SECONDS] for study in studies.values())
    wall = sum(study.attrs[WALL_SECONDS] for study in studies.values())
    count, done = int(costs["variants"].sum()), int(costs["converged"].sum())
    yield (
        f"{costs['variants'].max()} variants at {len(costs)} units: {count} calibrations, of which {done} "
        f"converged. Together they took {core:.0f} s of processor time, which is {core / 120:.0f} minutes of two "
        f"cores, and {wall / 60:.0f} minutes by the clock. It contains building, compiling, the wide sample of the first "
        "variant, and the calibration of all; of a region it is shared between the units by their runs."
    )
    yield markdown(costs, ("", "", "", "", "", "", ".3f", ".1f", ".0f"))


def _told_of_refits(confirmed):
    """Sentences and table of what power scaling predicts and what refits give."""
    rows = pd.concat(
        [refits_table(found).assign(unit=land) for land, found in confirmed.items()],
        ignore_index=True,
    )
    rows = rows[[UNIT, *(name for name in rows if name != UNIT)]]
    usable = rows[np.isfinite(rows["score"])]
    core = sum(found.attrs.get(CORE_SECONDS, np.nan) for found in confirmed.values())
    inside = int((usable["score"].abs() < 2).sum())
    far = usable.loc[(usable["predicted"] - usable["refitted"]).abs().idxmax()]
    yield (
        "Each factor to the power two: the shift that weights of the first variant's draws predict, and that of a "
        "new calibration, in posterior standard deviations; the score is their difference over its Monte Carlo "
        f"error. {inside} of {len(usable)} are within two errors. They are farthest apart for "
        f"{far['quantity']} under {far['factor']} at {far[UNIT]}: {far['predicted']:.2f} against "
        f"{far['refitted']:.2f}. The refits took {core:.0f} s of processor time, which is not in the costs above."
    )
    yield markdown(rows, ("", "", "", ".2f", ".2f", ".1f", ".2f", ".3f"))


def refits_table(found: xr.Dataset) -> pd.DataFrame:
    """Rows of `confirm_power_scaling` as a table.

    Parameters
    ----------
    found : Dataset

    Returns
    -------
    DataFrame
        Columns factor, quantity, predicted and refitted shift [posterior sd], score, k-hat and R-hat.
    """
    columns = {
        "shift_predicted": "predicted",
        "shift_refitted": "refitted",
        "score": "score",
        "khat": "k-hat",
        "rhat": "R-hat",
    }
    table = found[list(columns)].reset_coords(drop=True).to_dataframe().reset_index()
    return table[["factor", "quantity", *columns]].rename(columns=columns)
