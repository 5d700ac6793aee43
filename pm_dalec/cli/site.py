"""Commands that calibrate one site: ``demo`` and ``calibrate``."""

from functools import partial
from importlib import import_module
from pathlib import Path

import numpy as np
from rich.table import Table

from pm_dalec.cli.console import bar, console
from pm_dalec.data import by_name
from pm_dalec.plots.fit import band_quantiles, fit_figure, parameter_figure
from pm_dalec.plots.style import save_figure
from pm_dalec.posterior import fit_file, trajectory
from pm_dalec.posterior.chain_statistics import circular_mean
from pm_dalec.posterior.convergence import diagnose, verdict
from pm_dalec.sampling.calibration import calibrate as calibrate_lanes, calibrate_edinburgh
from pm_dalec.tables.constants import DAYS_PER_YEAR
from pm_dalec.tables.parameters import PARAMETERS, with_three_year_days
from pm_dalec.tables.streams import STREAMS

SHOWN = ("lai", "wood", "gpp", "nee")
SHOWN_DRAWS = 60  # of each chain, in figures


def demo(options):
    """Calibrate the built-in site with known truth; print, save, draw."""
    from pm_dalec.data.synthetic_sites import synthetic_site, truth_of

    console.print("drawing a site with known truth from the constrained prior", style="dim")
    units = synthetic_site(options.seed)
    model = import_module("pm_dalec.models.baseline").build(units)
    fit = calibrate_lanes(model, seconds=options.seconds, proposals=10**9, random_seed=options.seed)
    truth = truth_of(units)
    _report(fit, options.out, truth=truth)
    return 0


def calibrate(options):
    """Calibrate a site file or a site by name; print, save, draw."""
    units = site_named(options.site, options)
    parameters = with_three_year_days(PARAMETERS) if options.three_year_days else PARAMETERS
    build = partial(import_module(f"pm_dalec.models.{options.model}").build, units,
                    parameters=parameters, solver=options.solver)  # fmt: skip
    model = build(streams=tuple(options.streams)) if options.streams is not None else build()
    if options.sampler == "edinburgh2021":
        fit = calibrate_edinburgh(
            model, chains=options.chains, proposals=options.proposals or 100_000,
            draws=options.draws, random_seed=options.seed,
        )  # fmt: skip
    else:
        fit = calibrate_lanes(
            model, chains=options.chains, draws=options.draws, seconds=options.seconds,
            proposals=options.proposals or 10**9, random_seed=options.seed,
            checkpoint=options.out / "state", resume=options.resume,
        )  # fmt: skip
    _report(fit, options.out)
    return 0


def _report(fit, folder, *, truth=None):
    """Print the summary of a fit, save it, draw its figures."""
    if str(fit["sample_stats"]["status"].values) == "no start":
        raise ValueError(
            "wanted a state in which all constraints hold, got none; run `pm-dalec edc-report` on this "
            "site to see which rule blocks, or choose other constraints"
        )
    folder.mkdir(parents=True, exist_ok=True)
    report = diagnose(fit)
    console.print(summary_table(fit, report, truth=truth))
    console.print(verdict(report))
    if truth is not None:
        inside = coverage(fit, truth)
        console.print(f"truth inside the 90 % interval: {sum(inside.values())} of {len(inside)}")
    fit_file.save(fit, folder / "fit.nc")
    save_figure(figure_of_fit(fit), folder / "fit")
    save_figure(parameter_figure(fit["posterior"].to_dataset(), truth=truth), folder / "parameters")
    console.print(f"wrote {folder}/fit.nc, fit.pdf, fit.png, parameters.pdf, parameters.png")


def _interval(name, draws, truth=None):
    """Median and 5 to 95 % interval; days are turned so that the interval is in one piece."""
    if PARAMETERS[name].circular:
        centre = circular_mean(draws, axes=None)
        draws = centre + np.mod(draws - centre + DAYS_PER_YEAR / 2, DAYS_PER_YEAR) - (
            DAYS_PER_YEAR / 2
        )  # fmt: skip
        if truth is not None:
            truth = centre + np.mod(truth - centre + DAYS_PER_YEAR / 2, DAYS_PER_YEAR) - (
                DAYS_PER_YEAR / 2
            )  # fmt: skip
    return (*np.quantile(draws, (0.05, 0.5, 0.95)), truth)


def coverage(fit, truth):
    """Whether the truth of each parameter lies in the 5 to 95 % interval of its posterior."""
    inside = {}
    for name, value in truth.items():
        low, _, high, at = _interval(name, fit["posterior"][name].values.ravel(), value)
        inside[name] = bool(low <= at <= high)
    return inside


def summary_table(fit, report, *, truth=None):
    """Table of a fit: interval, R-hat, effective sample size and, where known, the truth."""
    table = Table(title=f"{fit.attrs['sampler']}, solver {fit.attrs['solver']}")
    headings = ["parameter", "units", "5 %", "median", "95 %", "R-hat", "bulk ESS"]
    for heading in [*headings, *(["truth"] if truth else [])]:
        table.add_column(heading, justify="left" if heading in ("parameter", "units") else "right")
    for name in report["parameter"].values:
        name = str(name)
        draws = fit["posterior"][name].values.ravel()
        low, middle, high, at = _interval(name, draws, (truth or {}).get(name))
        row = report.sel(parameter=name)
        cells = [name, PARAMETERS[name].units, f"{low:.4g}", f"{middle:.4g}", f"{high:.4g}",
                 f"{float(row['rhat']):.3f}", f"{float(row['ess_bulk']):.0f}"]  # fmt: skip
        if truth:
            cells.append(f"{at:.4g}" if low <= at <= high else f"[bold]{at:.4g}[/bold] outside")
        table.add_row(*cells)
    return table


def figure_of_fit(fit):
    """Figure of a fit against its observations."""
    simulated = trajectory.trajectories(fit, names=SHOWN, draws=SHOWN_DRAWS)
    quantiles = simulated.quantile(band_quantiles(), dim=("chain", "draw"))
    data = fit["observed_data"].to_dataset()
    observed = {
        record.observes: (data[stream], data[f"{stream}_unc"])
        for stream, record in STREAMS.items()
        if stream in data and record.observes in SHOWN
    }
    return fit_figure(quantiles, observed)


def site_named(name, options):
    """Units dataset of a file, of a site by name, or of the built-in site."""
    disturbance = "none" if options.no_disturbance else "file"
    if name == "synthetic":
        from pm_dalec.data.synthetic_sites import synthetic_site

        return synthetic_site(options.seed)
    if Path(name).suffix in (".nc", ".nc4", ".cdf") or Path(name).exists():
        from pm_dalec.data.site_file import open_site

        return open_site(name, fill_wind=options.fill_wind, disturbance=disturbance)
    return by_name.load_site(name, fill_wind=options.fill_wind, disturbance=disturbance)


def edc_report(options):
    """Print pass rates of the constraints under the prior of a site."""
    from pm_dalec.constraints.report import edc_report as report

    units = site_named(options.site, options)
    with bar() as progress:
        task = progress.add_task("prior draws", total=options.draws)
        found = report(
            units,
            draws=options.draws,
            constraints=options.constraints,
            seed=options.seed,
            progress=lambda done: progress.update(task, completed=done),
        )
    table = Table(title=f"{options.constraints}, {found.attrs['draws']} draws of the prior")
    for heading in ("rule", "fails", "fails, given parameter rules", "binds alone", "inequality"):
        table.add_column(heading, justify="left" if heading in ("rule", "inequality") else "right")
    for name in found["constraint"].values:
        row = found.sel(constraint=name)
        table.add_row(
            str(name),
            f"{float(row['failure_rate']):.4f}",
            f"{float(row['failure_rate_after_parameters']):.4f}",
            f"{float(row['binds_alone']):.5f}",
            str(row["inequality"].values),
        )
    console.print(table)
    never = [str(n) for n in found["constraint"].values
             if float(found["failure_rate"].sel(constraint=n)) == 0]  # fmt: skip
    console.print(f"pass all parameter rules: {found.attrs['parameter_pass_rate']:.4f}")
    console.print(f"pass all rules: {found.attrs['pass_rate']:.2e}")
    console.print(f"never fail in these draws: {', '.join(never) or 'none'}")
    return 0
