"""The command `pm-dalec towers`."""

import warnings
from pathlib import Path
from typing import Annotated

import pandas as pd
from cyclopts import Parameter

from pm_dalec.cli.console import console
from pm_dalec.cli.tables import markdown_table
from pm_dalec.data.site_file import open_site
from pm_dalec.data.storage import folder_to_write
from pm_dalec.graph.choices import Choices
from pm_dalec.models import baseline
from pm_dalec.paper.tables.published_towers import beside_published
from pm_dalec.paper.tables.towers import (
    FLUXES,
    WITHHELD,
    flux_table,
    what_fluxes_change,
    withhold_years,
)
from pm_dalec.posterior import fit_file
from pm_dalec.posterior.convergence import diagnose, has_converged
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.sampling.identity import ATTRIBUTE, identity_of, refuse_another

WITHOUT, WITHIN = RUNS = ("stocks", "stocks and fluxes")
TITLE = "# Predicted against measured fluxes of towers"
APART = "# Withheld months at towers"
PAGE = """\
Made by `pm-dalec towers FOLDER`: each site calibrated on its stocks (LAI, wood and soil carbon where it has them), and
on its fluxes too. `R2` is the squared correlation of posterior medians and measurements, `RMSE` and `bias` (model minus
measurement) are in g m-2 d-1. `coverage` is the share of the measurements inside the 90 % interval of predicted
observations, with the noise of their error model (nan where their uncertainty is not known), `coverage_model` that
inside the interval of the model alone. `rhat` and `ess` are the worst of all parameters. Rows with `converged` "no" are
of chains that have not met a worst rank R-hat below 1.01 and an effective sample size above 400: their intervals may
be too narrow, and more proposals would change them.
"""
HELD_BACK = """\
The observations of the last {years} years of each site are withheld: rows "train" are of the months before, rows
"withheld" of those years, of which the model knows the weather alone. Beside them stands the skill of DifferLand v1.0
in the last four of nine years (trained on daily GPP, respiration, evapotranspiration and leaf area of the first five;
it gives no intervals). Files whose name begins with differland hold these nine years as monthly means; that of FI-Hyy is a longer
record, 1999 to 2014, which ends with the same four years.
"""
LONGEST = 500  # steps of a file that is calibrated: a daily series takes hours


def towers(
    folder: Path,
    /,
    *,
    out: Path = Path("towers"),
    sites: Annotated[list[str] | None, Parameter(consume_multiple=1)] = None,
    proposals: int = 100_000,
    chains: int = 8,
    seed: int = 0,
    withhold: int = 0,
):
    """Compare predicted with measured fluxes and leaf area of a folder of site files.

    Each site is calibrated twice: on leaf area, wood and soil carbon, and on its fluxes too. Wind and
    disturbance that a file lacks are 3.23 m s-1 and none. Fits are kept and used again.

    Parameters
    ----------
    folder
        With site files; daily ones are left out, and said.
    out
        Folder for towers.csv, towers.md and the fits.
    sites
        Names that the files must contain; all by default.
    proposals
        Budget of each chain.
    chains
        Of each site.
    seed
        Of the sampler.
    withhold
        Years at the end whose observations are not calibrated with; the table then has their months
        apart, beside the skill that was published for the same towers.
    """
    folder_to_write(out / "fits")
    found = []
    for path in _files(folder, sites):
        site = _opened(path)
        if site.sizes["time"] > LONGEST:
            console.print(f"{path.name}: {site.sizes['time']} steps, left out", style="dim")
            continue
        trained, periods = withhold_years(site, withhold)
        for run, streams in _streams(trained).items():
            model = baseline.build(trained, Choices(streams=streams))
            part = f"_without_{withhold}_years" if withhold else ""
            kept = out / "fits" / f"{path.stem}_{run.replace(' ', '_')}{part}.nc"
            budget = {"proposals": proposals, "chains": chains, "random_seed": seed}
            fit = _fit(model, kept, budget)
            rows = flux_table(fit, site, periods=periods, seed=seed)
            report = diagnose(fit)
            rhat, ess = float(report["rhat"].max()), float(report["ess_bulk"].min())
            known = {"streams": " ".join(streams), "rhat": rhat, "ess": round(ess)}
            known["converged"] = "yes" if has_converged(report) else "no"
            found.append(rows.assign(site=path.stem, run=run, **known))
            _write(pd.concat(found, ignore_index=True), out, withhold)
            console.print(f"{path.stem}, {run}: worst R-hat {rhat:.3f}")
    console.print(f"wrote {out}/towers.csv, towers.md")


def _files(folder, sites):
    if "" in (sites or ()):
        raise ValueError("wanted names of sites, got an empty one in --sites; leave it out for all")
    there = sorted(folder.glob("*.nc"))
    paths = [path for path in there if sites is None or any(name in path.stem for name in sites)]
    if there and not paths:
        names = ", ".join(path.stem for path in there)
        raise ValueError(
            f"wanted site files of {' or '.join(sites)}, got none in {folder} whose name contains that; "
            f"there are {names}"
        )
    if not paths:
        raise ValueError(
            f"wanted site files (*.nc), got none in {folder}; give the folder that holds them"
        )
    return paths


def _opened(path):
    with warnings.catch_warnings():  # what is filled is said in the help of the command
        warnings.filterwarnings(
            "ignore", message=".*(wind is missing|missing in|no uncertainty|not read)"
        )
        return open_site(path, fill_wind=True, disturbance="none")


def _streams(site):
    """Streams that are assimilated, without and with the fluxes."""
    stocks = tuple(name for name in ("lai", "cwood", "csom") if name in site)
    fluxes = tuple(name for name in FLUXES if name in site)
    return {WITHOUT: stocks, WITHIN: (*stocks, *fluxes)}


def _fit(model, path, budget):
    """Fit of a model: the one that is kept, or a new one."""
    if path.exists():
        fit = fit_file.load(path)
        refuse_another(identity_of(model), fit.attrs[ATTRIBUTE], where=path, what="a fit")
        return fit
    fit = calibrate(model, **budget)
    if fit.attrs.get("interrupted"):
        raise KeyboardInterrupt
    fit_file.save(fit, path)
    return fit


def _write(table, out, withheld):
    """Both tables, as CSV and as Markdown, with so many years withheld."""
    order = ["site", "run", *(name for name in table if name not in ("site", "run"))]
    table[order].to_csv(out / "towers.csv", index=False, float_format="%.4f")
    title = [APART, "", HELD_BACK.format(years=withheld)] if withheld else [TITLE, ""]
    parts = [*title, PAGE, _markdown(table[order])]
    if set(RUNS) <= set(table["run"]):
        parts += ["", "What the fluxes change, with less without them:", ""]
        parts += [_markdown(what_fluxes_change(table, RUNS))]
    published = beside_published(table, withheld=WITHHELD)
    if len(published):
        parts += ["", "Withheld months beside published skill:", "", _markdown(published)]
    (out / "towers.md").write_text("\n".join(parts) + "\n")


def _markdown(table):
    if "rhat" in table:
        table = table.assign(rhat=table["rhat"].map("{:.3f}".format))
    cells = [
        [f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in row]
        for row in table.itertuples(index=False)
    ]
    return markdown_table(list(table.columns), cells)
