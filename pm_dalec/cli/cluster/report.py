"""What a cluster was measured to do: printed, kept in a folder, and written as a page of the documentation."""

import json
import os
from pathlib import Path

import pandas as pd

from pm_dalec.cli.cluster.runs import (
    BUDGET,
    KILLS,
    PROPOSALS,
    RUNS,
    USUAL,
    WORKERS,
    measure_runs,
)
from pm_dalec.cli.cluster.scale import UNIT, measure_scale
from pm_dalec.data.storage import folder_to_write, whole
from pm_dalec.sampling.cluster.tasks import read_json, write_json
from pm_dalec.tables.constants import SAMPLER_VERSION

SCALE = "scale.json"
COMMAND = "pm-dalec bench --cluster FOLDER --page docs/cluster_runs.md"
TITLE = f"""# Runs of a cluster

Made by `{COMMAND}`, and the last table with `--scale` beside; every number is measured, on one
machine of two cores that other processes shared: wall times are upper limits.
"""


def measure_cluster(folder: Path | None, scale: int | None, page: Path | None, tell) -> None:
    """Measure the twin by threads and workers, or many stubs, and print what was found.

    Parameters
    ----------
    folder : Path or None
        What was measured before is kept there, and not measured again.
    scale : int or None
        So many units of 10 ms instead of the twin.
    page : Path or None
        File of Markdown, made of all that the folder holds.
    tell : callable
        Called with a sentence.
    """
    if page is not None and folder is None:
        raise ValueError(
            "wanted --cluster with --page, got --page alone; name a folder for what is measured"
        )
    folder = None if folder is None else folder_to_write(folder)
    if scale is None:
        print(json.dumps(measure_runs(folder, progress=tell), indent=1))
    else:
        found = measure_scale(scale, workers=os.cpu_count() or 1, progress=tell)
        print(json.dumps(found, indent=1))
        if folder is not None:
            write_json(folder / SCALE, found)
    if page is not None:
        runs, at_scale = read_json(folder / RUNS), read_json(folder / SCALE)
        parts = [TITLE, *([runs_section(runs), plan_section(runs)] if runs else [])]
        parts += [scale_section(at_scale)] if at_scale else []
        with whole(page) as draft:
            draft.write_text("".join(parts), encoding="utf-8")


def runs_section(runs: dict[str, dict]) -> str:
    """Section on the twin by threads and by workers that live or die.

    Parameters
    ----------
    runs : dict of str to dict
        From `measure_runs`.
    """
    of_fits = {name: row for name, row in runs.items() if "hash" in row and "usual" not in name}
    rows = []
    for name, row in of_fits.items():
        threads = runs[f"{name.partition(',')[0]}, threads"]
        more = 1e3 * (row["core_seconds"] - threads["core_seconds"]) / row["units"]
        killed = ", ".join(f"{moment:.0f}" for moment in row.get("killed_after_seconds", ()))
        rows.append(
            {
                "run": name,
                "units": row["units"],
                "wall s": f"{row['wall_seconds']:.0f}",
                "core s": f"{row['core_seconds']:.0f}",
                "more than threads, core ms a unit": "" if row is threads else f"{more:.0f}",
                "killed after s": killed,
                "hash of the store": f"`{row['hash'][:16]}`",
            }
        )
    same = all(
        row["hash"] == runs[f"{name.partition(',')[0]}, threads"]["hash"]
        for name, row in of_fits.items()
    )
    resolution = next(iter(of_fits.values()))["resolution"]
    budgets = ", ".join(f"{count:,} ({name})" for name, count in PROPOSALS.items())
    return f"""
## The same store by threads, by workers, and by workers that are killed

The twin at {resolution:g} degree, {BUDGET["chains"]} chains, for every unit {budgets} proposals of each chain
(few: whether units have converged is not asked here), version {SAMPLER_VERSION} of the sampler; {WORKERS} threads, or
{WORKERS} processes of a `LocalCluster`, of which {KILLS} are killed (SIGKILL) at random times. Core time is that of all
processes, with imports, the compilation of the model in each, and what a killed one had not saved.
The hashes of each approach are {"identical" if same else "NOT IDENTICAL"}.

{pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True)}
"""


def plan_section(runs: dict[str, dict]) -> str:
    """Section on what a plan foretells and what units really take.

    Parameters
    ----------
    runs : dict of str to dict
    """
    rows = []
    for name, made in runs.items():
        approach, _, way = name.partition(", ")
        if not way.startswith("plan"):
            continue
        real = runs[f"{approach}, two workers{way.removeprefix('plan')}"]["unit_seconds"]
        rows.append(
            {
                "plan": name.replace(", plan", ""),
                "foretold, core s": f"{made['unit_seconds']:.0f} ± {made['error_seconds']:.0f}",
                "real, core s": f"{real:.0f}",
                "off by": f"{made['unit_seconds'] / real - 1:+.0%}",
                "pilot, core s": f"{made['core_seconds']:.0f}",
            }
        )
    if not rows:
        return ""
    usual = f"R-hat below {USUAL['rhat']:g}, ESS above {USUAL['ess']:g}, at most {USUAL['proposals']:,} proposals"
    return f"""
## What a plan foretells

`pm-dalec plan` against the core time of all units in the run by two workers, as each worker measured it. "Usual targets":
{usual}, so that units end after different numbers of proposals; else every unit makes all of its proposals.

{pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True)}
"""


def scale_section(found: dict) -> str:
    """Section on many units that take no time.

    Parameters
    ----------
    found : dict
        From `measure_scale`.
    """
    memory = [f"{held / 1e6:.0f}" for held in found["worker_memory_bytes"]]
    rows = {
        "units": f"{found['units']:,}",
        "wall time [s]": f"{found['wall_seconds']:.0f}",
        "waiting beside the stubs [ms a unit]": f"{found['overhead_ms_a_unit']:.2f}",
        "processor time of workers, scheduler and client [ms a unit]": f"{found['processor_ms_a_unit']:.2f}",
        "listing, `pm-dalec status` [s]": f"{found['listing_seconds']:.2f}",
        "opening quantiles and reading one unit [s]": f"{found['opening_seconds']:.2f}",
        "memory of the largest worker after each quarter [MB]": ", ".join(memory),
        "memory of scheduler and client, most [MB]": f"{found['client_memory_bytes'] / 1e6:.0f}",
        "files": f"{found['files']:,}",
        "disk [MB]": f"{found['bytes'] / 1e6:.0f}",
    }
    table = pd.DataFrame({"": rows.keys(), "measured": rows.values()})
    return f"""
## Many units that take no time

{found["units"]:,} stubs that sleep {UNIT * 1000:.0f} ms each, through the real store and scheduler, {found["workers"]} workers.

{table.to_markdown(index=False, disable_numparse=True)}
"""
