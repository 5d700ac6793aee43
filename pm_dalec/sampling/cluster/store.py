"""The store that tasks of one region fill: prepared once, read back when all of its blocks are done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pm_dalec.data import storage
from pm_dalec.lanes.cut import lane_dimensions
from pm_dalec.sampling.cluster.blocks import Blocks, blocks_of
from pm_dalec.sampling.cluster.shards import DRAWS, Lengths, Shards
from pm_dalec.sampling.cluster.tasks import read_json, write_json
from pm_dalec.sampling.cluster.work import BEGAN, FAULTS, ROWS, UNITS, Run, sample_units

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pymc as pm

    from pm_dalec.sampling.cluster.work import Line
    from pm_dalec.sampling.state import Settings
    from pm_dalec.tables.kinds import Array

RUN = "run.json"


def run_of(
    model: pm.Model,
    store: Path,
    *,
    chains: int,
    settings: Settings,
    seed: int,
    places: Array,
    threads: int = 1,
    sample: Callable = sample_units,
) -> Run:
    """Run of the units of a model.

    Parameters
    ----------
    model : pm.Model
    store : Path
    chains : int
    settings : Settings
    seed : int
    places : array of int
        Flat places of the units that exist.
    threads : int
        In which the units of a block run.
    sample : callable
        As for `Run`.
    """
    space = [len(model.coords[name]) for name in lane_dimensions(model)] or [1]
    exist = np.zeros(int(np.prod(space)), bool)
    exist[places] = True
    lengths = Lengths(settings.draws, chains, len(model.free_RVs))
    blocks = blocks_of(space[-1], space[0] if len(space) > 1 else 1)
    return Run(Shards(store, blocks, lengths), exist, settings, seed, threads, sample)


def prepare(run: Run, names: tuple[str, ...], coords: Mapping[str, Array]) -> None:
    """Make the arrays of a store where they are not there; blocks that are done are kept.

    Parameters
    ----------
    run : Run
    names : tuple of str
        Free parameters.
    coords : dict of str to array
        Labels of pixels and strata.
    """
    folder = storage.folder_to_write(run.store / UNITS)
    told = {
        "blocks": list(run.shards.blocks),
        "lengths": list(run.shards.lengths),
        "targets": run.targets,
        "units": int(run.exist.sum()),
    }
    held = read_json(folder / RUN)
    if held == told and (run.store / DRAWS).exists():
        return
    for kind in (ROWS, FAULTS, BEGAN):
        storage.remove(folder / kind)
        (folder / kind).mkdir()
    with storage.told(run.store):
        run.shards.create(names, coords)
    write_json(folder / RUN, told)


def prepare_for(run: Run, model: pm.Model) -> None:
    """Make the arrays of a store for the units of a model, see `prepare`.

    Parameters
    ----------
    run : Run
    model : pm.Model
    """
    coords = {name: np.asarray(model.coords[name]) for name in lane_dimensions(model)}
    prepare(run, tuple(variable.name for variable in model.free_RVs), coords)


def undone(run: Run) -> list[int]:
    """Numbers of the blocks that are not done.

    Parameters
    ----------
    run : Run
    """
    return [number for number in range(run.shards.blocks.count) if run.lines(number) is None]


def found_in(run: Run) -> dict[int, tuple[Array, Line]]:
    """Draws and line of every unit of a store whose blocks are all done, by flat place.

    Parameters
    ----------
    run : Run
    """
    found = {}
    for number in range(run.shards.blocks.count):
        lines = {line.place: line for line in run.lines(number) or ()}
        told = {place: (line.kept, line.digest) for place, line in lines.items()}
        drawn = run.shards.read(number, told)
        found |= {place: (drawn[place], line) for place, line in lines.items()}
    return {place: found[place] for place in sorted(found)}


def close(store: Path) -> None:
    """Remove draws that the fit holds as well; quantiles, lines and states stay.

    Parameters
    ----------
    store : Path
    """
    storage.remove(Path(store) / DRAWS)


def held_run(store: str | Path) -> dict | None:
    """What a store tells of its run; None where no cluster and no part wrote to it.

    Parameters
    ----------
    store : path
    """
    told = read_json(Path(store) / UNITS / RUN)
    return None if told is None else told | {"blocks": Blocks(*told["blocks"])}
