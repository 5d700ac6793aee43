"""Leaps from one part of a posterior to another, as its likeness tells them apart."""

import numpy as np

from pm_dalec.lanes.kept_code import kernel
from pm_dalec.sampling.kernels.blocks import (
    LARGEST_ANGLE,
    SUMS,
    block_factor,
    by_process,
    component_at,
    write,
)
from pm_dalec.sampling.kernels.streams import integer, normals, uniform
from pm_dalec.sampling.kernels.walk import ask


@kernel(SUMS)
def _whitened(walk, lane, component, factor, out):
    """Whitened distance of a lane's block from its conditional mean under a component.

    Returns
    -------
    float
        Logarithm of the component's density of the parameters that are not in the block, up to a constant
        and to the component's weight.
    """
    square, halves = 0.0, 0.0
    for row in range(walk.moved[lane]):  # factor^-1 pull
        total = walk.pulls[lane, walk.which[lane, row], component]
        for column in range(row):
            total -= factor[row, column] * out[column]
        out[row] = total * factor[row, row]
        square += out[row] * out[row]
        halves += np.log(factor[row, row])
    return halves - 0.5 * (walk.squares[lane, component] - square)


@kernel(SUMS)
def leap(lane, lanes, walk, guide, memory):
    """Step of a block from its conditional distribution under one component to that under another.

    The component that the state is in is drawn by its share there, the other with the same chance as every
    other. The whitened distance of the block from its conditional mean, turned in part to noise, is taken
    from the one to the other, where it has the same distribution.

    Returns
    -------
    float
        Logarithm of the surrogate's density at the state over that at the proposal, corrected for the chance
        of the components; NaN outside.
    """
    stream, surrogate, factor = lanes.streams[lane], guide.surrogate, memory.factor
    components, steps = surrogate.means.shape[0], walk.steps[lane]
    here = component_at(stream, lane, walk, surrogate)
    there = integer(stream, components - 1)
    there += there >= here
    by_process(stream, lane, walk, guide.pivots, guide.processes)
    count, noise, whole = walk.moved[lane], memory.noise, memory.whole
    block_factor(walk, lane, surrogate.precisions[here], factor)
    before = surrogate.log_weights[here] + _whitened(walk, lane, here, factor, whole)
    angle = LARGEST_ANGLE * uniform(stream)
    normals(stream, noise[:count])
    for row in range(count):
        noise[row] = np.cos(angle) * whole[row] + np.sin(angle) * noise[row]
    block_factor(walk, lane, surrogate.precisions[there], factor)
    after = surrogate.log_weights[there] + _whitened(walk, lane, there, factor, whole)
    for row in range(count - 1, -1, -1):
        total = noise[row] - whole[row]
        for column in range(row + 1, count):
            total -= factor[column, row] * steps[column]
        steps[row] = total * factor[row, row]
    gaps = 1.0
    for place in range(count):
        gaps *= write(lanes.proposal, lane, place, walk, surrogate)
        if np.isnan(gaps):
            return np.nan
    ask(walk, lane, surrogate)
    return np.log(gaps) + walk.levels[lane, 0] - walk.levels[lane, 1] + after - before
