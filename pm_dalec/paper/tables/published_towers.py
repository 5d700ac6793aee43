"""Skill that others published at the same towers, to stand beside ours."""

from __future__ import annotations

import pandas as pd

PUBLISHED = {
    "FI-Hyy": {"gpp": (0.69, 0.96), "nee": (0.44, 0.92), "reco": (0.48, 0.94), "lai": (0.33, 0.94)},
    "DE-Tha": {"gpp": (0.86, 0.93), "nee": (0.67, 0.75), "reco": (0.54, 0.92), "lai": (0.47, 0.93)},
    "DE-Hai": {"gpp": (0.96, 0.96), "nee": (1.16, 0.90), "reco": (0.68, 0.78), "lai": (0.53, 0.94)},
    "US-Ha1": {"gpp": (1.33, 0.93), "nee": (1.22, 0.86), "reco": (0.86, 0.80), "lai": (0.40, 0.96)},
    "NL-Loo": {"gpp": (0.78, 0.93), "nee": (0.90, 0.56), "reco": (0.47, 0.92), "lai": (0.30, 0.91)},
    "US-MMS": {"gpp": (1.77, 0.85), "nee": (1.30, 0.74), "reco": (1.11, 0.77), "lai": (0.59, 0.94)},
}
"""RMSE [g m-2 d-1, m2 m-2] and efficiency [1] on withheld months, by site and flux.

Of DifferLand v1.0, its model ``baseline`` without water stress, trained on daily GPP, respiration,
evapotranspiration and leaf area of the first five of nine years; from its published outputs, as monthly means of
the months of the last four years that have at least 20 days.
"""

YEARS = 4
"""Withheld in `PUBLISHED`, at the end of nine."""


def beside_published(table: pd.DataFrame, *, withheld: str) -> pd.DataFrame:
    """Rows of withheld months that have a published counterpart, with it beside.

    Parameters
    ----------
    table : DataFrame
        Rows of `flux_table` with the columns ``site``, a file name that contains that of the tower, and
        ``run``.
    withheld : str
        What the period is called.

    Returns
    -------
    DataFrame
        Columns site, run, flux, months, NSE, published_NSE, RMSE, published_RMSE, coverage.
    """
    rows = []
    for row in table[table["period"] == withheld].itertuples(index=False):
        known = next((skill for name, skill in PUBLISHED.items() if name in row.site), {})
        if row.flux in known:
            error, skill = known[row.flux]
            kept = {name: getattr(row, name) for name in ("site", "run", "flux", "months", "NSE")}
            rows.append(
                {
                    **kept,
                    "published_NSE": skill,
                    "RMSE": row.RMSE,
                    "published_RMSE": error,
                    "coverage": row.coverage,
                }
            )
    return pd.DataFrame(rows)
