"""The default sampler over lanes: pure kernels, compiled once for every model.

Lanes walk in CARDAMOM's unit interval and leave a target alone that is flat outside it. Those of a unit, or of
one half of it, share an archive of past states and a smooth likeness of the posterior fitted to it
(`surrogate`), which only change while tuning and between rounds; otherwise both are frozen, every move is reversible, and the
lanes are independent Markov chains. The moves are in `proposals`. The model is run only where nothing
cheaper has decided: not outside the unit cube, not where a rule of the parameters alone fails, not where
the likeness advises against it.
"""

from typing import NamedTuple

import numpy as np

from pm_dalec.lanes.call import evaluate
from pm_dalec.lanes.kept_code import kernel
from pm_dalec.sampling.kernels.acceptance import LOGP, accept
from pm_dalec.sampling.kernels.blocks import Memory
from pm_dalec.sampling.kernels.lanes import go, note, stay
from pm_dalec.sampling.kernels.proposals import propose_lanes
from pm_dalec.sampling.kernels.walk import enter, move


class Block(NamedTuple):
    """Lanes that are evaluated together, and how far each of them is.

    Parameters
    ----------
    number : int
    first, last : int
        Lanes; ``last`` is not one of them.
    made : array (place,) of int
        Proposals so far.
    log_ratio : array (place,)
        Of the proposal that waits for a run of the model; NaN where none does.
    memory : Memory
    """

    number: int
    first: int
    last: int
    made: np.ndarray
    log_ratio: np.ndarray
    memory: Memory


@kernel()
def half(lane, lanes):
    """Number of the half of a unit's lanes that one is in: 0 or 1."""
    return 1 if lane >= lanes.logp.size // 2 else 0


@kernel()
def _propose(block, lanes, walk, guides, record):
    """Propose in every lane of a block until each waits or has made all its proposals.

    Returns
    -------
    bool
        Whether any lane has a new proposal that waits.
    """
    fresh, count = False, record.every * record.states.shape[0]
    for lane in range(block.first, block.last):
        place = lane - block.first
        while np.isnan(block.log_ratio[place]) and block.made[place] < count:
            block.made[place] += 1
            block.log_ratio[place] = propose_lanes(
                lane, lanes, walk, guides[half(lane, lanes)], block.memory
            )
            if np.isnan(block.log_ratio[place]):
                note(record, block.made[place], lanes, lane)
            else:
                fresh = True
    return fresh


@kernel()
def _until_runs(early, block, lanes, walk, guides, record):
    """Propose in every lane of a block until a run is needed or all its proposals are made."""
    block.log_ratio[:] = np.nan
    while _propose(block, lanes, walk, guides, record) and early.address != 0:
        evaluate(early, lanes.proposal, block.number, block.number + 1)
        for lane in range(block.first, block.last):
            place = lane - block.first
            waits = not np.isnan(block.log_ratio[place])
            if waits and early.out[block.number, 0, place] == -np.inf:
                block.log_ratio[place] = np.nan
                stay(lanes, lane)
                note(record, block.made[place], lanes, lane)


@kernel()
def _decide(out, block, lanes, walk, guides, record):
    """Accept or reject the proposals of a block that were run."""
    for lane in range(block.first, block.last):
        place = lane - block.first
        if np.isnan(block.log_ratio[place]):
            continue
        record.evaluated[lane] += 1
        proposed = out[block.number, LOGP, place]
        if accept(lanes.streams[lane], proposed, lanes.logp[lane], block.log_ratio[place]):
            record.accepted[lane] += 1
            move(walk, lane, guides[half(lane, lanes)].surrogate)
            go(lanes, lane, proposed)
        note(record, block.made[place], lanes, lane)


@kernel()
def lanes_window(calls, blocks, lanes, walk, guides, record):
    """Run some proposals of the default sampler for lanes of one unit, block by block.

    A lane whose proposal is rejected before the model is run proposes again at once; it only waits for
    the others of its block where a run is needed. Every lane makes the same number of proposals.

    Parameters
    ----------
    calls : Calls
    blocks : tuple of int
        First block of lanes to run, and the first that is not.
    lanes : Lanes
    walk : Walk
    guides : tuple of two Guide
        Of the two halves of the lanes, which may be one.
    record : Record
    """
    width, size = calls.target.out.shape[2], lanes.position.shape[0]
    memory = Memory(np.empty((size, size)), np.empty(size), np.empty(size))
    log_ratio, made = np.empty(width), np.empty(width, np.int64)
    for number in range(blocks[0], blocks[1]):
        first, last = number * width, min((number + 1) * width, lanes.logp.size)
        block = Block(number, first, last, made, log_ratio, memory)
        for lane in range(first, last):
            enter(walk, lane, lanes.position, guides[half(lane, lanes)].surrogate)
        made[:] = 0
        while True:
            _until_runs(calls.early, block, lanes, walk, guides, record)
            if np.isnan(log_ratio).all():
                break
            evaluate(calls.target, lanes.proposal, number, number + 1)
            _decide(calls.target.out, block, lanes, walk, guides, record)
