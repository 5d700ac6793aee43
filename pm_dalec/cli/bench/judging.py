"""The judges of the sampler on the command line: known answers, truths from the prior, other families."""

import json

from pm_dalec.data.storage import whole
from pm_dalec.data.synthetic_sites import synthetic_site
from pm_dalec.models import baseline
from pm_dalec.plots.style import save_figure
from pm_dalec.tables import dims
from pm_dalec.testing.samplers import families
from pm_dalec.testing.samplers.foreign import foreign_targets
from pm_dalec.testing.samplers.known import KNOWN
from pm_dalec.testing.samplers.page import TITLE, simulation_section, targets_section
from pm_dalec.testing.samplers.simulation import FEW_PARTICLES, calibrate_by_simulation
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


def judge_families(land, simulation, fits, page, tell, as_json):
    """Print how families of samplers agree on sites, and ranks of simulated truths by SMC.

    Parameters
    ----------
    land : tuple
        Sites by name, a synthetic one where there are none; how many of their first steps are taken.
    simulation : path or None
        Folder of fits by SMC.
    fits : int
        Wanted in it.
    page, tell, as_json
        As for `judge`.
    """
    sites, steps = land
    sites = sites or {"synthetic 0": synthetic_site(0)}
    sites = {
        f"{name}, {min(steps, site.sizes[dims.TIME])} months": site.isel({dims.TIME: slice(steps)})
        for name, site in sites.items()
    }
    found = {
        name: families.compare_families(baseline.build, site, progress=tell)
        for name, site in sites.items()
    }
    sections = [families.TITLE]
    sections += [families.families_section(table, name) for name, table in found.items()]
    if simulation is not None:
        how = {"settings": FEW_PARTICLES, "family": "smc", "fits": fits, "progress": tell}
        made = calibrate_by_simulation(baseline.build, simulation, **how)
        found["simulation"] = uniformity(made)
        sections.append(simulation_section(made))
    if page is not None:
        with whole(page) as draft:
            draft.write_text("".join(sections), encoding="utf-8")
    if as_json:
        tables = {name: table.reset_index().to_dict("records") for name, table in found.items()}
        print(json.dumps(tables, indent=1))
        return
    for name, table in found.items():
        print(name)
        print(table.to_string())
