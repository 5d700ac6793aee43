"""Commands that run many calibrations: the paper's experiment, and studies of variants."""

import warnings
from pathlib import Path
from typing import Literal

import pandas as pd

from pm_dalec.cli.cluster.land import BUILD, Model
from pm_dalec.cli.console import NOT_CONVERGED, console, tell
from pm_dalec.cli.site_options import PLAIN, SiteOptions, site_named
from pm_dalec.data.formats import trees
from pm_dalec.data.land import PIXELS
from pm_dalec.data.storage import folder_to_write, whole
from pm_dalec.landscape.region_file import open_region
from pm_dalec.paper.run import FULL, QUICK, repeat
from pm_dalec.paper.tables.answer import write_budget_sensitivity
from pm_dalec.paper.tables.sensitivity import budget_studies, table_2_sensitivity
from pm_dalec.plots.style import save_figure
from pm_dalec.sensitivity.drawings import (
    contraction_figure,
    indices_figure,
    power_scaling_figure,
    waterfall_figure,
)
from pm_dalec.sensitivity.lands import write_lands
from pm_dalec.sensitivity.studies.ablated import ablation_of
from pm_dalec.sensitivity.studies.figures import SHOWN, ablation_figure
from pm_dalec.sensitivity.studies.fleet import BUDGET
from pm_dalec.sensitivity.studies.informed import confirmation_of, information_of
from pm_dalec.sensitivity.studies.kept import keep_result
from pm_dalec.sensitivity.studies.report import moves, write_report
from pm_dalec.sensitivity.studies.results import effects, unconverged
from pm_dalec.sensitivity.studies.study import Study
from pm_dalec.sensitivity.studies.variants_file import read_variants
from pm_dalec.tables.numbers import whole_number


def paper(
    *,
    out: Path = Path("paper"),
    quick: bool = False,
    other_constraints: tuple[Literal["edinburgh2024"], ...] | None = None,
    sensitivity: bool = False,
    proposals: int | None = None,
    seed: int = 1,
):
    """Repeat the paper's experiment on the synthetic twin; resumable.

    Parameters
    ----------
    out
        Folder for fits, tables and figures; what is finished there is not done again.
    quick
        1.0 and 0.5 degree with short chains.
    other_constraints
        Sets under which the units of 0.5 degree are fitted again, so that the causes of the spread of the
        forecasts have the set of constraints; edinburgh2024 by default, none with --quick.
    sensitivity
        Table 2 at 1.0 and 0.5 degree (with --quick at 1.0) under other priors, constraints, uncertainties
        and weather instead, and how near each comes to the printed numbers.
    proposals
        Budget of each chain: 600000 by default, 120000 with --quick.
    seed
        Of landscape, sampler and pairing of strata.
    """
    folder_to_write(out)
    plan = QUICK if quick else FULL
    if proposals is not None:
        advice = "leave it out for the usual budget"
        plan = plan | {"proposals": whole_number("proposals", proposals, least=1, advice=advice)}
    if sensitivity:
        return _budget_sensitivity(out, plan, (1.0,) if quick else (1.0, 0.5), seed)
    if other_constraints is not None:
        plan = plan | {"other_constraints": other_constraints}
    done = repeat(BUILD, out, plan=plan, seed=seed, tell=tell)
    console.print(
        f"{done.units} units calibrated or read in {done.seconds:.0f} s wall, "
        f"{done.processor_seconds:.0f} s of processor time"
    )
    for path, count in done.doubtful.items():
        if count:
            console.print(f"{count} units in doubt, listed in {path.name}")
    left_out = [name for name, files in done.items.items() if isinstance(files, str)]
    console.print(f"{len(done.items) - len(left_out)} tables and figures in {out}")
    verdicts = out / "hypotheses.csv"
    if verdicts.exists():
        print(pd.read_csv(verdicts).to_string(index=False))  # units in brackets are no markup


def _budget_sensitivity(out, plan, resolutions, seed):
    """Table 2 under other choices; status 3 where some did not converge."""
    asked = {"resolutions": resolutions, "seed": seed, "proposals": plan["proposals"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the answer names them
        for found, costs in budget_studies(BUILD, out / "studies", **asked):  # an answer after each
            written = write_budget_sensitivity(table_2_sensitivity(found), costs, out)
    print(written[-1].read_text(encoding="utf-8"))
    console.print(f"wrote {', '.join(path.name for path in written)} to {out}")
    return NOT_CONVERGED if (costs["converged"] < costs["calibrations"]).any() else 0


def sensitivity(
    *lands: str,
    variants: Path,
    out: Path = Path("study"),
    model: Model = "baseline",
    chains: int = 8,
    draws: int = 250,
    rhat: float = 1.05,
    ess: float = 100.0,
    proposals: int = 300_000,
    pilot: int = BUDGET,
    threads: int | None = None,
    dask: str | None = None,
    ablate: bool = False,
    information: bool = False,
    confirm: bool = False,
    page: Path | None = None,
    seed: int = 0,
    options: SiteOptions = PLAIN,
):
    """Calibrate variants of priors, constraints and data, and say what moves what; resumable.

    Exit status 0 when all variants have converged, 3 when some have not.

    Parameters
    ----------
    lands
        Sites, as for `pm-dalec calibrate`, or regions as `pm-dalec landscape` or `region` writes them. Of
        several, each has a folder of its own in OUT, and studies.md says what each unit cost.
    variants
        TOML file: a table a variant; the first is what the others are compared with.
    out
        Folder for fits, study.nc, report.md and figures; finished variants are not done again.
    model
        Out of the folder ``models``; strata are those of a region.
    chains
        Of each unit.
    draws
        Recorded draws of each chain.
    rhat
        R-hat below which a unit is done.
    ess
        Effective sample size above which a unit is done.
    proposals
        Budget of each chain; with a larger one than before, variants go on where they were.
    pilot
        Budget of each chain with which the first variant is sampled widely, so that others take over its
        draws with exact weights; 0: every variant begins by itself.
    threads
        Variants run side by side in so many, or processes of --dask local; all processors by default.
    dask
        local, or the address of a scheduler whose workers calibrate the units of the variants.
    ablate
        Leave out every constraint by itself as well, and write ablation.nc and its figure.
    information
        Of a site, also fit the prior under the constraints and add the streams in turn: information.nc,
        indices.nc and power_scaling.nc, with their figures.
    confirm
        Also calibrate anew with every prior factor and stream to the power two, beside what power scaling
        predicts of the first variant: confirmation.nc. Of a region, its first unit.
    page
        Of several lands, a second place for the text of studies.md, such as a page of the documentation.
    seed
        Of the sampler.
    options
        How a site is opened.
    """
    if not lands:
        raise ValueError("wanted a site or a region, got none; write pm-dalec sensitivity FI-Hyy")
    if page is not None and len(lands) < 2:
        raise ValueError(
            "wanted several lands for --page, got one; leave it out: OUT has report.md"
        )
    wanted = read_variants(variants)
    each = {"chains": chains, "draws": draws, "rhat": rhat, "ess": ess, "proposals": proposals}
    each |= {"threads": threads, "random_seed": seed, "pilot": pilot, "client": dask}
    places = _places(lands, out)
    found, confirmed = {}, {}
    for name, (label, place) in zip(lands, places.items(), strict=True):
        study = Study(BUILD[model], _land(name, seed, options), wanted)
        found[label] = _studied(study, place, each, ablate, information)
        if confirm:
            confirmed[label] = _confirmed(study, place, each)
        if len(lands) > 1:  # a page after each
            _paged(write_lands(found, out, confirmed=confirmed), page)
    return NOT_CONVERGED if any(map(unconverged, found.values())) else 0


def _paged(written, page):
    """Say what was written, and write it to a second place where one is wanted."""
    console.print(f"wrote {written}, studies.csv")
    if page is not None:
        with whole(page) as draft:
            draft.write_text(written.read_text(encoding="utf-8"), encoding="utf-8")


def _places(lands, out):
    """Folder of each land by a short name; OUT itself where there is one."""
    labels = [Path(name).stem for name in lands]
    if len(set(labels)) < len(labels):
        raise ValueError(
            f"wanted lands with names of their own, got {', '.join(lands)}; rename one"
        )
    return {label: out / label if len(lands) > 1 else out for label in labels}


def _studied(study, out, each, ablate, information):
    """Result of a study, with its report."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the report names them
        if ablate:  # before the study, whose study.nc stays
            found = ablation_of(study, out, **each)
            save_figure(ablation_figure(found), out / "ablation")
        found = study.run(out, **each)
        if information:
            _information(study, out, each)
    path = write_report(found, out)
    print(moves(effects(found), SHOWN).to_string(index=False, float_format="{:.2f}".format))
    for name, words in unconverged(found).items():
        console.print(f"{name}: {words}", markup=False)
    figures = "effects.pdf, effects.png, " if found.sizes["variant"] > 1 else ""
    console.print(f"wrote {path}, {figures}effects.csv, study.nc")
    return found


def _information(study, out, each):
    """Where the information of the first variant comes from, as files and figures."""
    each = {name: value for name, value in each.items() if name not in STUDIES}
    for name, found in information_of(study, **each).items():
        keep_result(found, out, name)
        for stem, draw in FIGURES[name].items():
            save_figure(draw(found), out / stem)


def _confirmed(study, out, each):
    """Power scaling of the first variant beside true refits, kept; of a region that of its first unit."""
    each = {name: value for name, value in each.items() if name not in STUDIES}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the table has their R-hat
        return confirmation_of(study, out, **each)


STUDIES = ("pilot", "client")  # arguments of studies alone
FIGURES = {
    "information": {"information": waterfall_figure, "contraction": contraction_figure},
    "indices": {"indices": indices_figure},
    "power_scaling": {"power_scaling": power_scaling_figure},
}
"""Figures of a result by its name, by the names of their files."""


def _land(name, seed, options):
    """Region of a file that holds one, or a site."""
    path = Path(name)
    if path.suffix in (".nc", ".zarr") and path.exists():
        groups = trees.contents(path, what="a site or a region", writer="`pm-dalec region`")[0]
        if PIXELS in groups:
            return open_region(path)
    return site_named(name, seed, options)
