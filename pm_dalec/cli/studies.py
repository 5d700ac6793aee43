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
from pm_dalec.data.storage import folder_to_write
from pm_dalec.landscape.region_file import open_region
from pm_dalec.paper.run import FULL, QUICK, repeat
from pm_dalec.paper.tables.sensitivity import (
    budget_studies,
    table_2_sensitivity,
    write_budget_sensitivity,
)
from pm_dalec.plots.style import save_figure
from pm_dalec.sensitivity.drawings import (
    indices_figure,
    power_scaling_figure,
    waterfall_figure,
)
from pm_dalec.sensitivity.studies.ablated import ablation_of
from pm_dalec.sensitivity.studies.figures import SHOWN, ablation_figure
from pm_dalec.sensitivity.studies.fleet import BUDGET
from pm_dalec.sensitivity.studies.informed import information_of
from pm_dalec.sensitivity.studies.kept import keep_result
from pm_dalec.sensitivity.studies.report import moves, write_report
from pm_dalec.sensitivity.studies.results import effects, unconverged
from pm_dalec.sensitivity.studies.study import Study
from pm_dalec.sensitivity.studies.variants_file import read_variants


def paper(
    *,
    out: Path = Path("paper"),
    quick: bool = False,
    other_constraints: tuple[Literal["edinburgh2024"], ...] | None = None,
    sensitivity: bool = False,
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
        Table 2 at 1.0 degree under other priors, constraints, uncertainties and weather instead, and how
        near each comes to the printed numbers.
    seed
        Of landscape, sampler and pairing of strata.
    """
    folder_to_write(out)
    if sensitivity:
        return _budget_sensitivity(out, quick, seed)
    plan = QUICK if quick else FULL
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


def _budget_sensitivity(out, quick, seed):
    """Table 2 under other choices; status 3 where some did not converge."""
    proposals = (QUICK if quick else FULL)["proposals"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the answer names them
        found, doubtful = budget_studies(BUILD, out / "studies", seed=seed, proposals=proposals)
    written = write_budget_sensitivity(table_2_sensitivity(found), doubtful, out)
    print(written[-1].read_text(encoding="utf-8"))
    console.print(f"wrote {', '.join(path.name for path in written)} to {out}")
    return NOT_CONVERGED if doubtful else 0


def sensitivity(
    land: str,
    /,
    *,
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
    ablate: bool = False,
    information: bool = False,
    seed: int = 0,
    options: SiteOptions = PLAIN,
):
    """Calibrate variants of priors, constraints and data, and say what moves what; resumable.

    Exit status 0 when all variants have converged, 3 when some have not.

    Parameters
    ----------
    land
        Site, as for `pm-dalec calibrate`, or a region as `pm-dalec landscape` or `region` writes it.
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
        Variants run side by side in so many; all processors by default.
    ablate
        Leave out every constraint by itself as well, and write ablation.nc and its figure.
    information
        Of a site, also fit the prior under the constraints and add the streams in turn: information.nc,
        indices.nc and power_scaling.nc, with their figures.
    seed
        Of the sampler.
    options
        How a site is opened.
    """
    wanted = read_variants(variants)
    study = Study(BUILD[model], _land(land, seed, options), wanted)
    each = {"chains": chains, "draws": draws, "rhat": rhat, "ess": ess, "proposals": proposals}
    each |= {"threads": threads, "random_seed": seed}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the report names them
        if ablate:  # before the study, whose study.nc stays
            found = ablation_of(study, out, pilot=pilot, **each)
            save_figure(ablation_figure(found), out / "ablation")
        found = study.run(out, pilot=pilot, **each)
        if information:
            _information(study, out, each)
    path, doubtful = write_report(found, out), unconverged(found)
    print(moves(effects(found), SHOWN).to_string(index=False, float_format="{:.2f}".format))
    for name, words in doubtful.items():
        console.print(f"{name}: {words}", markup=False)
    console.print(f"wrote {path}, effects.pdf, effects.png, effects.csv, study.nc")
    return NOT_CONVERGED if doubtful else 0


def _information(study, out, each):
    """Where the information of the first variant comes from, as files and figures."""
    for name, found in information_of(study, **each).items():
        keep_result(found, out, name)
        save_figure(FIGURES[name](found), out / name)


FIGURES = {
    "information": waterfall_figure,
    "indices": indices_figure,
    "power_scaling": power_scaling_figure,
}
"""Figure of a result by its name."""


def _land(name, seed, options):
    """Region of a file that holds one, or a site."""
    path = Path(name)
    if path.suffix in (".nc", ".zarr") and path.exists():
        groups = trees.contents(path, what="a site or a region", writer="`pm-dalec region`")[0]
        if PIXELS in groups:
            return open_region(path)
    return site_named(name, seed, options)
