"""The command `pm-dalec paper`: the paper's experiment on the synthetic twin."""

from pathlib import Path

import pandas as pd

from pm_dalec.cli.console import console, tell
from pm_dalec.data.storage import folder_to_write
from pm_dalec.models import baseline, stratified
from pm_dalec.paper.run import FULL, QUICK, repeat

MODELS = {"baseline": baseline.build, "stratified": stratified.build}


def paper(*, out: Path = Path("paper"), quick: bool = False, seed: int = 1):
    """Repeat the paper's experiment on the synthetic twin; resumable.

    Parameters
    ----------
    out
        Folder for fits, tables and figures; what is finished there is not done again.
    quick
        1.0 and 0.5 degree with short chains.
    seed
        Of landscape, sampler and pairing of strata.
    """
    folder_to_write(out)
    done = repeat(MODELS, out, plan=QUICK if quick else FULL, seed=seed, tell=tell)
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
