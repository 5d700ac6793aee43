"""Layout of the tables: wide like the printed ones, as Markdown, and as files.

Each table is a long DataFrame, one number a row; `as_markdown` lays it out like the printed one.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from pm_dalec.paper import printed

PAPER = f"paper ({printed.VERSION})"
LEVELS = {"median": 0.5, "5 %": 0.05, "95 %": 0.95}
MISSING = "\N{EN DASH}"
FORMATS = {"harvest": "{:.3f}", "gpp": "{:.2f}", "reco": "{:.2f}", "lai": "{:.2f}"}
METRIC_FORMATS = {"rmse_percent": "{:.1f}", "bias_percent": "{:.1f}"}


def wide(table):
    """Table of fit or budget with one column a resolution, ours above the paper's.

    Parameters
    ----------
    table : DataFrame
        From `table_1`, `table_2` or `table_a2`.

    Returns
    -------
    DataFrame
        Cells are text.
    """
    labels = [
        name for name in ("quantity", "stream", "approach", "stratum", "variant") if name in table
    ]
    rows = []
    statistics = "metric" if "metric" in table else "statistic"
    resolutions = sorted(table["resolution"].unique(), reverse=True)
    for key, part in table.groupby(labels, sort=False):
        lines = [None] if statistics == "statistic" else list(printed.FIT_ROWS)
        for line in lines:
            some = part if line is None else part[part[statistics] == line]
            for source in ("ours", PAPER):
                row = dict(zip(labels, key, strict=True))
                if line is not None:
                    row["metric"] = line
                row["units"], row["from"] = some["units"].iloc[0], source
                for resolution in resolutions:
                    cells = some[some["resolution"] == resolution]
                    row[f"{resolution:.2f}°"] = _cell(key[0], line, cells[source].to_numpy())
                rows.append(row)
    return pd.DataFrame(rows)


def _cell(name, metric, numbers):
    if not len(numbers) or np.isnan(numbers).any():
        return MISSING
    form = METRIC_FORMATS.get(metric, FORMATS.get(name, "{:.1f}" if metric is None else "{:.0f}"))
    if metric in ("rmse_sigma", "bias_sigma"):
        form = "{:.2f}"
    texts = [form.format(number) for number in numbers]
    return texts[0] if len(texts) == 1 else f"{texts[0]} ({texts[1]} to {texts[2]})"


def as_markdown(table):
    """DataFrame as a Markdown table.

    Parameters
    ----------
    table : DataFrame

    Returns
    -------
    str
        Ends in a newline.
    """
    cells = table.map(lambda value: f"{value:.4g}" if isinstance(value, float) else str(value))
    cells = cells.where(table.notna(), MISSING).replace(r"\|", r"\\|", regex=True)
    return cells.to_markdown(index=False, disable_numparse=True) + "\n"


def save_table(table, out, name, *, title):
    """Write a table as CSV (long, full precision) and Markdown (laid out).

    Parameters
    ----------
    table : DataFrame
    out : str or Path
        Folder; made if it does not exist.
    name : str
        Name of the files without ending.
    title : str
        First line of the Markdown file.

    Returns
    -------
    list of Path
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    paths = [out / f"{name}.csv", out / f"{name}.md"]
    table.to_csv(paths[0], index=False)
    printed_wide = {"metric", "statistic"} & set(table.columns) and "resolution" in table
    laid_out = wide(table) if printed_wide else table
    paths[1].write_text(f"# {title}\n\n{as_markdown(laid_out)}", encoding="utf-8")
    return paths
