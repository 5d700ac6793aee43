"""Commands for one site: `demo`, `calibrate` and `explore`."""

import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from rich.table import Table

from pm_dalec.cli.console import NOT_CONVERGED, console, tell
from pm_dalec.cli.site_options import (
    PLAIN,
    SYNTHETIC,
    USUAL,
    ModelOptions,
    SiteOptions,
    model_chosen,
    site_named,
)
from pm_dalec.data.storage import folder_to_write
from pm_dalec.data.synthetic_sites import synthetic_site, truth_of
from pm_dalec.explore.opening import serve
from pm_dalec.models import baseline
from pm_dalec.plots.fit import fit_figure, parameter_figure
from pm_dalec.plots.style import save_figure
from pm_dalec.posterior import fit_file
from pm_dalec.posterior.convergence import GOES_ON, diagnose, has_converged, verdict
from pm_dalec.posterior.intervals import at_bounds, intervals
from pm_dalec.sampling.calibration import calibrate as calibrate_lanes
from pm_dalec.sampling.edinburgh import calibrate_edinburgh
from pm_dalec.sampling.starts import ANOTHER_PART, LOOKING, NOTHING_NEW
from pm_dalec.tables.parameters import PARAMETERS

UNLIMITED = 10**9  # proposals of a chain that seconds limit
SECONDS = 600.0
EDINBURGH_PROPOSALS = 100_000


def demo(*, out: Path = Path("demo"), seed: int = 0, seconds: float = 60.0):
    """Calibrate the built-in site, whose truth is known; needs no file.

    Exit status 0 when it has converged, 3 when it has not.

    Parameters
    ----------
    out
        Folder for fit and figures.
    seed
        Of the site and of the sampler.
    seconds
        Sampling budget [s]; compilation, the prior (20 s at most) and figures come beside.
    """
    folder_to_write(out)
    console.print("drawing a site with known truth from the constrained prior", style="dim")
    units = synthetic_site(seed)
    fit = calibrate_lanes(
        baseline.build(units), seconds=seconds, proposals=UNLIMITED, random_seed=seed
    )
    return _report(fit, out, truth=truth_of(units))


def calibrate(
    site: str,
    /,
    *,
    out: Path = Path("out"),
    sampler: Literal["lanes", "edinburgh2021"] = "lanes",
    chains: int = 16,
    draws: int = 1000,
    seconds: float = SECONDS,
    proposals: int | None = None,
    seed: int = 0,
    resume: bool = False,
    halves: bool = False,
    scouts: int | None = None,
    modelled: ModelOptions = USUAL,
    options: SiteOptions = PLAIN,
):
    """Calibrate a site file, or a site by name.

    Exit status 0 when it has converged, 3 when it has draws but has not converged.

    Parameters
    ----------
    site
        File, folder of CSV files, a name such as FI-Hyy, or "synthetic".
    out
        Folder for fit and figures.
    sampler
        The default one, or CARDAMOM's of 2021.
    chains
        Of the site; in multiples of 8, as 4 cost as much as 8.
    draws
        Recorded draws of each chain.
    seconds
        Sampling budget of this call [s], with ``resume`` in addition to those before; compilation, the
        prior (20 s at most) and figures come beside. edinburgh2021 has proposals instead.
    proposals
        Budget of each chain; 100000 for edinburgh2021, unlimited otherwise.
    seed
        Of the sampler.
    resume
        Go on where ``out`` was left.
    halves
        Two halves of the chains share nothing, and R-hat compares them; takes about twice as long.
    scouts
        So many lanes look for other parts of the posterior once the chains have converged; 0 sends none.
    modelled
        Of what model.
    options
        How the site is opened.
    """
    model, choices = model_chosen(modelled)
    units = site_named(site, seed, options)
    folder_to_write(out)
    built = model.build(units, choices)
    drawn = {"chains": chains, "draws": draws, "random_seed": seed}
    if sampler == "edinburgh2021":
        _refuse_for_edinburgh(resume, seconds, halves, scouts)
        proposals = EDINBURGH_PROPOSALS if proposals is None else proposals
        fit = calibrate_edinburgh(built, proposals=proposals, **drawn)
    else:
        proposals = UNLIMITED if proposals is None else proposals
        drawn |= {"seconds": seconds, "proposals": proposals, "halves": halves, "scouts": scouts}
        with _own_words():
            fit = calibrate_lanes(built, **drawn, checkpoint=out / "state", resume=resume)
    return _report(fit, out, parameters=choices.parameters)


@contextmanager
def _own_words():
    """What calibrate says of Ctrl-C is not shown: the command says it as it is called here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="interrupted: the fit")
        yield


def _refuse_for_edinburgh(resume, seconds, halves, scouts):
    if seconds != SECONDS:
        raise ValueError(
            f"wanted --proposals as the budget of edinburgh2021, got --seconds {seconds:g}; leave it out, or "
            "use --sampler lanes"
        )
    if resume:
        raise ValueError(
            "wanted a sampler that can go on, got --resume with edinburgh2021; leave out --resume, or "
            "use --sampler lanes"
        )
    if halves:
        raise ValueError(
            "wanted chains that learn from each other, which halves would share or not, got --halves with "
            "edinburgh2021, whose chains share nothing; leave it out"
        )
    if scouts:
        raise ValueError(
            "wanted chains that may go on from what scouts find, got --scouts with edinburgh2021, whose "
            "chains go on by themselves; leave it out, or use --sampler lanes"
        )


def _report(fit, folder, *, truth=None, parameters=PARAMETERS):
    """Print the summary of a fit, save it, draw its figures; return the exit status.

    After Ctrl-C it is that of the draws until then, and an interrupt that says how to go on.
    """
    posterior, observed = fit["posterior"].to_dataset(), fit["observed_data"].to_dataset()
    _expect_draws(posterior, fit["sample_stats"].to_dataset(), fit.attrs.get("interrupted"), folder)
    fit_file.save(fit, folder / "fit.nc")
    report, found = diagnose(fit), intervals(posterior, truth=truth)
    title = f"{fit.attrs['sampler']}, solver {fit.attrs['solver']}"
    console.print(summary_table(report, found, title=title, caption=_error_models(observed)))
    further = "; --resume goes on from here" if (folder / "state").exists() else ""
    console.print(verdict(report).replace(GOES_ON, further))
    if found_by := _second_look(fit):
        console.print(found_by)
    if piled := at_bounds(posterior, parameters):
        console.print(f"at its bound: {', '.join(piled)}", markup=False)
    if truth is not None:
        inside = found["inside"]
        console.print(f"truth inside the 90 % interval: {inside.sum()} of {len(inside)}")
    tell("drawing figures")
    save_figure(fit_figure(fit), folder / "fit")
    prior = fit["prior"].to_dataset() if "prior" in fit.children else None
    save_figure(parameter_figure(posterior, prior=prior, truth=truth), folder / "parameters")
    console.print(f"wrote {folder}/fit.nc, fit.pdf, fit.png, parameters.pdf, parameters.png")
    if fit.attrs.get("interrupted"):
        raise KeyboardInterrupt(
            f"interrupted; the draws until then are in {folder / 'fit.nc'}: go on with --resume"
        )
    return 0 if has_converged(report) else NOT_CONVERGED


SECOND_LOOK = {
    NOTHING_NEW: "scouts found no other part of the posterior",
    ANOTHER_PART: "scouts found another part of the posterior, and the chains began again to weigh both",
    LOOKING: "the time was over before scouts had looked for other parts of the posterior",
}


def _second_look(fit):
    """Sentence on what scouts have found; empty where none were sent."""
    statistics = fit["sample_stats"]
    return SECOND_LOOK.get(str(statistics["looked"].values)) if "looked" in statistics else ""


def _expect_draws(posterior, statistics, interrupted, folder):
    """Say why a fit has no draws, and what to do."""
    if interrupted and not posterior.sizes["draw"]:
        raise KeyboardInterrupt(
            f"interrupted before the first draw of the posterior; its state until then is in {folder}: go on "
            "with --resume"
        )
    status = str(statistics["status"].values)
    if status == "searching":
        made = int(statistics["search_proposals"])
        raise ValueError(
            f"wanted a state in which all constraints hold, got none in {made:,} proposals of each chain, "
            "after which the time was over; give more --seconds, with --resume to go on from here"
        )
    if status == "no start":
        raise ValueError(
            "wanted a state in which all constraints hold, got none; run `pm-dalec edc-report` on this "
            "site to see which rule blocks, or choose other constraints"
        )
    if not posterior.sizes["draw"]:
        raise ValueError(
            f"wanted draws of the posterior, got none in {int(statistics['proposals']):,} proposals "
            "of each chain, which were tuning; give more --seconds or --proposals, with --resume to go on "
            "from here"
        )


def summary_table(report, found, *, title, caption):
    """Table of a fit: interval, R-hat, effective sample size and, where known, the truth."""
    table = Table(title=title, caption=caption)
    headings = ["parameter", "units", "5 %", "median", "95 %", "R-hat", "bulk ESS"]
    for heading in [*headings, *(["truth"] if "truth" in found else [])]:
        table.add_column(heading, justify="left" if heading in ("parameter", "units") else "right")
    for name in map(str, report["parameter"].values):
        row, judged, parameter = found.loc[name], report.sel(parameter=name), PARAMETERS[name]
        cells = [name, parameter.shown_units]
        cells += [f"{parameter.shown(row[level]):.4g}" for level in ("low", "median", "high")]
        cells += [f"{float(judged['rhat']):.3f}", f"{float(judged['ess_bulk']):.0f}"]
        if "truth" in found:
            at = f"{parameter.shown(row['truth']):.4g}"
            cells.append(at if row["inside"] else f"[bold]{at}[/bold] outside")
        table.add_row(*cells)
    return table


def _error_models(observed):
    """Words for the error model of every stream of a fit."""
    models = {name: observed[name].attrs.get("likelihood") for name in observed}
    return "; ".join(f"{name} {model}" for name, model in models.items() if model) or None


def explore(
    site: str = SYNTHETIC,
    /,
    *,
    fit: Path | None = None,
    port: int = 0,
    no_browser: bool = False,
    seed: int = 0,
    modelled: ModelOptions = USUAL,
    options: SiteOptions = PLAIN,
):
    """Play with a site in a browser: sliders, rules as lamps, and a sampler to beat.

    Wants the extra: pip install 'pm_dalec[explore]'. Nothing is asked of another machine. Ctrl-C ends it.

    Parameters
    ----------
    site
        File, folder of CSV files, a name such as FI-Hyy, or "synthetic".
    fit
        File of ``pm-dalec calibrate`` with the same choices, to lay over the view, at its best draw.
    port
        Of the page on this machine; a free one by default.
    no_browser
        Print the address of the page and open no window.
    seed
        Of the built-in site and of the first point.
    modelled
        Of what model.
    options
        How the site is opened.
    """
    model, choices = model_chosen(modelled)
    known = None if fit is None else fit_file.load(fit)
    built = model.build(site_named(site, seed, options), choices)
    serve(built, known, port=port, show=not no_browser, seed=seed, tell=tell)
