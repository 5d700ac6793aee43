"""The judges of the sampler on the command line: targets with known answers, truths from the prior."""

import json

from pm_dalec.data.storage import whole
from pm_dalec.models import baseline
from pm_dalec.plots.style import save_figure
from pm_dalec.testing.samplers.foreign import foreign_targets
from pm_dalec.testing.samplers.known import KNOWN
from pm_dalec.testing.samplers.page import TITLE, simulation_section, targets_section
from pm_dalec.testing.samplers.simulation import calibrate_by_simulation
from pm_dalec.testing.samplers.uniformity import rank_figure, uniformity
from pm_dalec.testing.samplers.verdicts import judge_targets


def judge(targets, simulation, fits, page, tell, as_json):
    """Print how the sampler does on targets, and how ranks of simulated truths are spread.

    Parameters
    ----------
    targets, simulation : path or None
        Folders.
    fits : int
    page : path or None
        File of Markdown for what was found.
    tell : callable
        Called with a sentence.
    as_json : bool
        Print JSON and nothing else.
    """
    found, sections = {}, [TITLE]
    if targets is not None:
        known = {name: build() for name, build in KNOWN.items()}
        found["targets"] = judge_targets(foreign_targets(targets) | known, progress=tell)
        sections.append(targets_section(found["targets"]))
    if simulation is not None:
        made = calibrate_by_simulation(baseline.build, simulation, fits=fits, progress=tell)
        found["simulation"] = uniformity(made)
        save_figure(rank_figure(made), simulation / "ranks")
        sections.append(simulation_section(made))
    if page is not None:
        with whole(page) as draft:
            draft.write_text("".join(sections), encoding="utf-8")
    if as_json:
        print(json.dumps({name: table.to_dict("index") for name, table in found.items()}, indent=1))
        return
    for table in found.values():
        print(table.to_string())
