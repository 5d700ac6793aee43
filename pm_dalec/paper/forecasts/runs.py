"""The forecasts of the paper's experiment: what is run, and where it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from pm_dalec.constraints.sets import EDCS
from pm_dalec.forecasting.parts import DONE, load_forecast
from pm_dalec.forecasting.projection import forecast
from pm_dalec.graph.choices import PAPER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

APPROACHES = ("baseline", "stratified")
FOLDER, SPREAD = "forecasts", "spread"
RESOLUTION = 0.5  # degree, PAPER, R1
PATHWAYS = ("ssp126", "ssp245", "ssp370", "ssp585")
SCENARIOS = ("control", *PATHWAYS, "ssp245-co2", "ssp245-climate")
MANAGEMENTS = ("none", "mean")
REFERENCES = {"2019": (2019, 2019), "2014-2019": (2014, 2019)}
SOLVERS = ("converged", "truncated")
SPREAD_DRAWS = 50  # of a chain, in the forecasts that are compared


def run_forecasts(
    fits: Mapping[str, xr.DataTree],
    folder: str | Path,
    *,
    others: Mapping[str, Mapping[str, xr.DataTree]] | None = None,
    draws: int | None = None,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> dict[str, xr.DataTree]:
    """Forecasts of the fits of one resolution, from their stores where they are finished.

    Parameters
    ----------
    fits : mapping of str to DataTree
        By approach.
    folder : path
        Of the fits; the forecasts stand in a folder in it.
    others : mapping of str to mapping, optional
        Fits of the same units under other constraints, by set and approach. They are run for the
        causes of the spread alone.
    draws : int, optional
        About so many of each chain; all by default.
    seed : int
        Of the pairing of strata.
    progress : callable, optional

    Returns
    -------
    dict of str to DataTree
        By approach.
    """
    tell = progress or (lambda words: None)
    found, kept = {}, Path(folder) / FOLDER
    for approach, fit in fits.items():
        tell(f"forecasts of the {approach} fit")
        found[approach] = forecast(
            fit,
            SCENARIOS,
            management=MANAGEMENTS,
            draws=draws,
            seed=seed,
            store=kept / approach,
            progress=progress,
        )
    compared = {PAPER.constraints: fits} | dict(others or {})
    for approach, reference, solver, constraints in _causes(compared):
        forecast(
            compared[constraints][approach],
            PATHWAYS,
            names=["change_live"],
            reference=REFERENCES[reference],
            solver=solver,
            draws=min(draws or SPREAD_DRAWS, SPREAD_DRAWS),
            seed=seed,
            store=_store(kept, approach, reference, solver, constraints),
        )
    return found


def _causes(sets: Mapping[str | None, Mapping[str, object]]) -> Iterator[tuple]:
    """Forecasts that are compared: approach, reference, solver and set of constraints."""
    for constraints, fits in sets.items():
        for approach in fits:
            for reference in REFERENCES:
                for solver in SOLVERS:
                    yield approach, reference, solver, constraints


def _store(kept, approach, reference, solver, constraints):
    """Folder of one of the forecasts that are compared."""
    spread = kept / SPREAD
    spread = spread if constraints == PAPER.constraints else spread / str(constraints)
    return spread / f"{approach}_{reference}_{solver}"


def open_forecasts(folder: str | Path) -> dict[object, xr.DataTree]:
    """Forecasts that stand beside the fits of a folder, by approach; none where there are none.

    Parameters
    ----------
    folder : str or Path
        Of the fits.

    Returns
    -------
    dict
        Also the forecasts that are compared, by (approach, reference, solver, set of constraints).
    """
    kept, found = Path(folder) / FOLDER, {}
    for approach in APPROACHES:
        if (kept / approach / DONE).exists():
            found[approach] = load_forecast(kept / approach / DONE)
    for cause in _causes(dict.fromkeys(EDCS, dict.fromkeys(APPROACHES))):
        path = _store(kept, *cause) / DONE
        if path.exists():
            found[cause] = load_forecast(path)
    return found


def check_both(forecasts: Mapping[object, xr.DataTree]) -> None:
    """Refuse what lacks the forecast of an approach.

    Parameters
    ----------
    forecasts : mapping
        From `open_forecasts`.
    """
    missing = [name for name in APPROACHES if name not in forecasts]
    if missing:
        raise ValueError(
            f"wanted forecasts of both approaches, got none of the {missing[0]}; run "
            "`pm-dalec paper`, or put them into the folder 'forecasts' beside the fits"
        )


def last_year(forecasts: Mapping[object, xr.DataTree]) -> int:
    """Last year of the calibration.

    Parameters
    ----------
    forecasts : mapping
        From `open_forecasts`.
    """
    end = next(iter(forecasts.values())).attrs["calibration_end"]
    return int(end[:4]) - 1
