"""The forecasts of the paper's experiment: what is run, and where it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from pm_dalec.forecasting.parts import DONE, load_forecast
from pm_dalec.forecasting.projection import forecast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
        for reference, years in REFERENCES.items():
            for solver in SOLVERS:
                forecast(
                    fit,
                    PATHWAYS,
                    names=["change_live"],
                    reference=years,
                    solver=solver,
                    draws=min(draws or SPREAD_DRAWS, SPREAD_DRAWS),
                    seed=seed,
                    store=kept / SPREAD / _name(approach, reference, solver),
                )
    return found


def _name(approach, reference, solver):
    return f"{approach}_{reference}_{solver}"


def open_forecasts(folder: str | Path) -> dict[str, xr.DataTree]:
    """Forecasts that stand beside the fits of a folder, by approach; none where there are none.

    Parameters
    ----------
    folder : str or Path
        Of the fits.

    Returns
    -------
    dict of str to DataTree
        Also the forecasts that are compared, by (approach, reference, solver).
    """
    kept, found = Path(folder) / FOLDER, {}
    for approach in ("baseline", "stratified"):
        if (kept / approach / DONE).exists():
            found[approach] = load_forecast(kept / approach / DONE)
        for reference in REFERENCES:
            for solver in SOLVERS:
                path = kept / SPREAD / _name(approach, reference, solver) / DONE
                if path.exists():
                    found[approach, reference, solver] = load_forecast(path)
    return found


def check_both(forecasts: Mapping[object, xr.DataTree]) -> None:
    """Refuse what lacks the forecast of an approach.

    Parameters
    ----------
    forecasts : mapping
        From `open_forecasts`.
    """
    missing = [name for name in ("baseline", "stratified") if name not in forecasts]
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
