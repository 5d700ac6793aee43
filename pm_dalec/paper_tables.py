"""Tables 1, 2, A1 and A2 of the paper, with its printed numbers beside ours.

Each table is a long DataFrame, one number a row; `as_markdown` lays it out like the printed one.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from pm_dalec import printed
from pm_dalec.experiments import domain_ensemble, pairs
from pm_dalec.figure_data import harvest_ratios
from pm_dalec.posterior.aggregation import stratum_samples
from pm_dalec.posterior.metrics import fit_metrics, interval_width, stratum_metrics, width_ratio
from pm_dalec.tables import dims
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import Fixed, FromData, Gaussian
from pm_dalec.tables.strata import STRATA
from pm_dalec.tables.summaries import QUANTITIES

PAPER = f"paper ({printed.VERSION})"
BUDGET = ("gpp", "reco", "change_live", "change_dead", "harvest")
MEDIANS = {"cwood": "mean_wood", "lai": "lai"}
UNITS = {"cwood": "g m-2", "lai": "m2 m-2"}
METRIC_UNITS = {"rmse_percent": "%", "bias_percent": "%", "rmse_sigma": "1", "bias_sigma": "1"}
LEVELS = {"median": 0.5, "5 %": 0.05, "95 %": 0.95}


def _matched(experiment, stream):
    return [experiment.matched[f"{stream}_{part}"] for part in ("modelled", "observed", "sigma")]


def _streams(experiment):
    return [name for name in MEDIANS if f"{name}_modelled" in experiment.matched]


def _fit_rows(stream, row, experiment, metrics, median):
    """Rows of one stream of one experiment, in the order of the printed table."""
    first = {"stream": stream, **row, "resolution": experiment.resolution}
    values = {name: float(metrics[name]) for name in metrics} | {"median": float(median)}
    for metric in printed.FIT_ROWS:
        units = METRIC_UNITS.get(metric, UNITS[stream])
        yield {**first, "metric": metric, "units": units, "ours": values[metric]}


def table_1(experiments):
    """Fit of wood carbon and LAI of both approaches; strata are combined in the pixel.

    Parameters
    ----------
    experiments : mapping of tuple to Experiment

    Returns
    -------
    DataFrame
        Columns stream, approach, resolution, metric, units, ours and the paper's.
    """
    rows = []
    for experiment in experiments.values():
        for stream in _streams(experiment):
            metrics = fit_metrics(*_matched(experiment, stream), experiment.units)
            median = domain_ensemble(experiment, MEDIANS[stream]).median()
            row = {"approach": experiment.approach}
            rows.extend(_fit_rows(stream, row, experiment, metrics, median))
    for row in rows:
        row[PAPER] = _printed_fit(printed.TABLE_1, row, "approach")
    return pd.DataFrame(rows)


def table_a2(experiments):
    """Fit of wood carbon and LAI of each stratum; weights are area times share.

    Parameters
    ----------
    experiments : mapping of tuple to Experiment

    Returns
    -------
    DataFrame
        Columns stream, stratum, resolution, metric, units, ours and the paper's.
    """
    rows = []
    for experiment in experiments.values():
        if experiment.approach != "stratified":
            continue
        for stream in _streams(experiment):
            metrics = stratum_metrics(*_matched(experiment, stream), experiment.units)
            draws = experiment.budget[MEDIANS[stream]]
            medians = stratum_samples(draws, experiment.units).median("sample")
            for stratum in (s.name for s in STRATA):
                one = {dims.STRATUM: stratum}
                row = {"stratum": stratum}
                rows.extend(_fit_rows(stream, row, experiment, metrics.sel(one), medians.sel(one)))
    for row in rows:
        row[PAPER] = _printed_fit(printed.TABLE_A2, row, "stratum")
    return pd.DataFrame(rows)


def _printed_fit(table, row, column):
    found = table.get((row["stream"], row[column]), {}).get(row["metric"], {})
    return found.get(row["resolution"], np.nan)


def table_2(experiments):
    """Carbon budget of the domain: median and 5-95 % of both approaches.

    Parameters
    ----------
    experiments : mapping of tuple to Experiment

    Returns
    -------
    DataFrame
        Columns quantity, approach, resolution, statistic, units, ours and the paper's.
    """
    rows = []
    for name in BUDGET:
        for experiment in experiments.values():
            sample = domain_ensemble(experiment, name)
            paper = printed.TABLE_2[name, experiment.approach].get(experiment.resolution)
            paper = dict(zip(LEVELS, paper or (np.nan,) * 3, strict=True))
            rows.extend(
                {
                    "quantity": name,
                    "approach": experiment.approach,
                    "resolution": experiment.resolution,
                    "statistic": statistic,
                    "units": QUANTITIES[name].units,
                    "ours": float(np.quantile(sample, level)),
                    PAPER: paper[statistic],
                }
                for statistic, level in LEVELS.items()
            )
    return pd.DataFrame(rows)


def table_a1():
    """The parameters of DALEC: symbol, unit, prior and bounds, beside the printed bounds.

    Returns
    -------
    DataFrame
        One row a parameter, in the order of the table of parameters.
    """
    rows = []
    for name, parameter in PARAMETERS.items():
        low, high = printed.PARAMETER_BOUNDS[name]
        rows.append(
            {
                "parameter": name,
                "symbol": parameter.symbol,
                "units": parameter.units,
                "meaning": parameter.meaning,
                "minimum": parameter.bounds[0],
                "maximum": parameter.bounds[1],
                f"minimum, {PAPER}": low,
                f"maximum, {PAPER}": high,
                "prior": _prior_in_words(parameter.prior),
            }
        )
    return pd.DataFrame(rows)


def _prior_in_words(prior):
    if isinstance(prior, Fixed):
        return f"fixed at {prior.value:g}"
    if isinstance(prior.factor, Gaussian):
        return f"log-uniform times Gaussian({prior.factor.mean:g}, {prior.factor.sigma:g})"
    if isinstance(prior.factor, FromData):
        return f"log-uniform times Gaussian({prior.factor.mean}, {prior.factor.sigma})"
    return "log-uniform"


def table_widths(experiments):
    """Stratified over baseline width of the 5-95 % interval under three rules of aggregation.

    Parameters
    ----------
    experiments : mapping of tuple to Experiment

    Returns
    -------
    DataFrame
        Columns quantity, resolution, rule, ours, the paper's and theory (TWIN, eq. 11), which holds
        for strata that are equally uncertain, so not for harvest.
    """
    rules = {
        "pixel first": {"order": "pixel_first"},
        "stratum first": {"order": "stratum_first"},
        "correlated strata": {"across_strata": "correlated"},
    }
    rows = []
    for name in BUDGET:
        for resolution, (baseline, stratified) in pairs(experiments).items():
            units = stratified.units
            theory = width_ratio(units["area_fraction"].to_numpy(), units["area"].to_numpy())
            expected = {"pixel first": theory, "correlated strata": 1.0}
            width = interval_width(domain_ensemble(baseline, name))
            for rule, arguments in rules.items():
                ratio = interval_width(domain_ensemble(stratified, name, **arguments)) / width
                row = {"quantity": name, "resolution": resolution, "rule": rule, "ours": ratio}
                row[PAPER] = _printed_width(name, resolution) if rule == "pixel first" else np.nan
                row["theory"] = expected.get(rule, np.nan) if name != "harvest" else np.nan
                rows.append(row)
    return pd.DataFrame(rows)


def table_harvest(experiments):
    """Harvest of both approaches beside theory (TWIN, eq. 5 and 12) and the paper.

    Parameters
    ----------
    experiments : mapping of tuple to Experiment

    Returns
    -------
    DataFrame
        One row a resolution [g m-2 d-1]; ``theory_baseline`` is the stratified harvest times eq. 5
        with the posterior's stocks, corrected by eq. 12; ratios and fragmentation [1].
    """
    found = harvest_ratios(experiments).to_dataframe().reset_index()
    found = found.rename(columns={"paper": f"ratio, {PAPER}", "theory": "theory_ratio"})
    for approach in printed.APPROACHES:
        rows = printed.TABLE_2["harvest", approach]
        found[f"{approach}, {PAPER}"] = [
            rows.get(resolution, (np.nan,))[0] for resolution in found["resolution"]
        ]
    return found


def _printed_width(name, resolution):
    rows = [printed.TABLE_2[name, approach].get(resolution) for approach in printed.APPROACHES]
    if None in rows:
        return np.nan
    (_, low, high), (_, lower, upper) = rows
    return (upper - lower) / (high - low)


# Layout

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
    labels = [name for name in ("quantity", "stream", "approach", "stratum") if name in table]
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
        return "–"  # noqa: RUF001
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

    def text(value):
        if isinstance(value, float):
            return "–" if np.isnan(value) else f"{value:.4g}"  # noqa: RUF001
        return str(value).replace("|", "\\|")

    lines = [" | ".join(map(str, table.columns)), " | ".join("---" for _ in table.columns)]
    lines += [" | ".join(map(text, row)) for row in table.itertuples(index=False)]
    return "".join(f"| {line} |\n" for line in lines)


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
    laid_out = wide(table) if {"metric", "statistic"} & set(table.columns) and (
        "resolution" in table) else table  # fmt: skip
    paths[1].write_text(f"# {title}\n\n{as_markdown(laid_out)}", encoding="utf-8")
    return paths
