"""Adaptive Metropolis over lanes: pure kernels, compiled once for every model.

Two samplers share `accept` and the random streams of `pm_dalec.lane_random`; both walk in CARDAMOM's unit
interval and leave a target alone that is flat outside it.

``edinburgh2021`` is CARDAMOM's AP-MCMC (MODEL, section 11): every proposal is the SUM of a step with the
lane's own covariance, scaled by ``2.38**2/n`` on the Cholesky factor, and a small isotropic one.

``lanes`` is the default. Lanes of a unit share an archive of past states and a smooth likeness of the
posterior fitted to it (`pm_dalec.surrogate`), which only change while tuning and between rounds;
otherwise both are frozen, every move is reversible, and the lanes are independent Markov chains. A
proposal is one of: an autoregressive step of a block of parameters in its conditional distribution under
the likeness, which may go right across it; a part of the difference of two archived states in a block.
"""

import numpy as np
from numba import njit

from pm_dalec.lane_call import evaluate
from pm_dalec.lane_random import integer, normals, uniform
from pm_dalec.surrogate import EDGE, KNOTS, SPACING, ask, enter, move, score

LOGP, VIOLATION, SCALED_LOGP, SCORE = 0, 1, 2, 3  # results of a lane function, in this order
SMALL_STEP = 0.001  # of the isotropic proposal in the unit interval
MULTIVARIATE_WEIGHT = 0.95
EDINBURGH_SCALE = 5.670132  # divided by the number of parameters
ESTABLISHED = 10  # states per parameter in the covariance before it is used

# of the default sampler; chosen by effective sample size per second on FI-Hyy
BY_PROCESS = 0.8  # share of the conditional steps whose block is a process, not one by kinship
JOINING = 0.3  # chance of another process to be moved as well
SMALLEST_REACH = 0.1  # of a block by kinship: the smaller, the more parameters join
LARGEST_ANGLE = 2.1  # of autoregressive steps, whose coefficient is its cosine
SUMS = {"reassoc", "contract"}  # of products, in any order; NaN and infinities keep their meaning
SHORTEST_DIFFERENCE = 0.05  # relative to the usual 2.38 / sqrt(2 n)


@njit(cache=True, nogil=True)
def accept(stream, proposed, current, log_ratio):
    """Whether a proposal is accepted (Metropolis-Hastings); NaN never is.

    Parameters
    ----------
    stream : array (4,) of uint64
        Changed.
    proposed, current : float
        Log-probabilities.
    log_ratio : float
        Logarithm of the reverse over the forward proposal density.
    """
    return np.log(uniform(stream)) < proposed - current + log_ratio


@njit(cache=True, nogil=True)
def inside(rows, lane):
    """Whether a lane's proposal lies inside the open unit cube."""
    for row in range(rows.shape[0]):
        if not 0.0 < rows[row, lane] < 1.0:
            return False
    return True


@njit(cache=True, nogil=True)
def _stay(rows, position, lane):
    """Put a lane's proposal back where it was: what must not be run is not."""
    for row in range(position.shape[0]):
        rows[row, lane] = position[row, lane]


@njit(cache=True, nogil=True)
def propose_edinburgh(stream, position, lane, rows, factor, established, noise):
    """Proposal of CARDAMOM's AP-MCMC for one lane; see the module.

    Parameters
    ----------
    stream : array (4,) of uint64
    position, rows : array (parameter, lane)
        Current states, and where the proposal is written.
    lane : int
    factor : array (parameter, parameter)
        Lower Cholesky factor of the lane's covariance.
    established : bool
        Whether the covariance may be used.
    noise : array (parameter,)
        Working memory.
    """
    count = position.shape[0]
    small = SMALL_STEP * (1.0 - MULTIVARIATE_WEIGHT) if established else SMALL_STEP
    if established:
        normals(stream, noise)
        scale = MULTIVARIATE_WEIGHT * EDINBURGH_SCALE / count
        for row in range(count):
            total = 0.0
            for column in range(row + 1):
                total += factor[row, column] * noise[column]
            rows[row, lane] = position[row, lane] + scale * total
    else:
        for row in range(count):
            rows[row, lane] = position[row, lane]
    normals(stream, noise)
    for row in range(count):
        rows[row, lane] += small * noise[row]


@njit(cache=True, nogil=True)
def _pivot(stream, pivots):
    """Parameter around which a block is chosen, by its chance."""
    return min(np.searchsorted(pivots, uniform(stream)), pivots.size - 1)


@njit(cache=True, nogil=True)
def _by_process(stream, lane, walk, pivots, processes):
    """Choose the parameters of one process, and now and then those of others with them."""
    first = processes[_pivot(stream, pivots)]
    count = 0
    for process in range(processes.max() + 1):
        if process == first or uniform(stream) < JOINING:
            for row in range(processes.size):
                if processes[row] == process:
                    walk.which[lane, count] = row
                    count += 1
    walk.moved[lane] = count


@njit(cache=True, nogil=True)
def _by_kinship(stream, lane, walk, pivots, kinship):
    """Choose a parameter and those that go with it.

    Who goes with whom is told by partial correlations, others held: marginal ones miss half of the ties.
    """
    pivot = _pivot(stream, pivots)
    reach = np.exp(np.log(SMALLEST_REACH) * uniform(stream))
    count = 0
    for row in range(pivots.size):
        if row == pivot or reach * reach * uniform(stream) < kinship[pivot, row]:
            walk.which[lane, count] = row
            count += 1
    walk.moved[lane] = count


@njit(cache=True, nogil=True)
def _component(stream, squares, level, log_weights, components):
    """Component of the mixture by its share in the density at the present state."""
    left = uniform(stream)
    for component in range(components - 1):
        left -= np.exp(log_weights[component] - 0.5 * squares[component] - level)
        if left < 0.0:
            return component
    return components - 1


@njit(cache=True, nogil=True, fastmath=SUMS)
def _block_factor(walk, lane, precision, factor):
    """Lower Cholesky factor of the precision of a lane's block, its diagonal inverted."""
    for row in range(walk.moved[lane]):
        for column in range(row):
            total = precision[walk.which[lane, row], walk.which[lane, column]]
            for inner in range(column):
                total -= factor[row, inner] * factor[column, inner]
            factor[row, column] = total * factor[column, column]
        total = precision[walk.which[lane, row], walk.which[lane, row]]
        for inner in range(row):
            total -= factor[row, inner] ** 2
        factor[row, row] = 1.0 / np.sqrt(total)


@njit(cache=True, nogil=True, fastmath=SUMS)
def _conditional_step(
    stream, lane, position, rows, walk, surrogate, pivots, processes, factor, noise
):
    """Autoregressive step of a block of scores in its conditional distribution.

    With ``z - m`` the distance of the block from its conditional mean, the proposal is ``m + a (z - m) +
    sqrt(1 - a**2) e``, with ``e`` from the conditional covariance: it keeps the surrogate (Neal 1998,
    Cotter et al. 2013), so that only the ratio of target and surrogate decides. A component of the
    mixture is drawn first, by its share at the present state.

    Returns
    -------
    float
        Logarithm of the surrogate's density at the state over that at the proposal; NaN outside.
    """
    component = _component(
        stream,
        walk.squares[lane],
        walk.levels[lane, 0],
        surrogate.log_weights,
        len(surrogate.means),
    )
    if uniform(stream) < BY_PROCESS:
        _by_process(stream, lane, walk, pivots, processes)
    else:
        _by_kinship(stream, lane, walk, pivots, surrogate.kinship)
    _block_factor(walk, lane, surrogate.precisions[component], factor)
    count = walk.moved[lane]
    angle = LARGEST_ANGLE * uniform(stream)
    kept, fresh = np.cos(angle) - 1.0, np.sin(angle)
    steps = walk.steps[lane]
    normals(stream, noise[:count])
    for row in range(count):  # factor^-1 pull is the whitened distance from the conditional mean
        total = walk.pulls[lane, walk.which[lane, row], component]
        for column in range(row):
            total -= factor[row, column] * steps[column]
        steps[row] = total * factor[row, row]
    for row in range(count):
        steps[row] = kept * steps[row] + fresh * noise[row]
    for row in range(count - 1, -1, -1):
        total = steps[row]
        for column in range(row + 1, count):
            total -= factor[column, row] * steps[column]
        steps[row] = total * factor[row, row]
    gaps = 1.0
    for place in range(count):
        row = walk.which[lane, place]
        before = (walk.scores[lane, row] + EDGE) / SPACING
        after = before + steps[place] / SPACING
        if not 0.0 < after < KNOTS - 1:
            return np.nan
        knots, old, new = surrogate.knots[row], int(before), int(after)
        gap = knots[new + 1] - knots[new]
        rows[row, lane] = knots[new] + (after - new) * gap
        gaps *= gap / (knots[old + 1] - knots[old])
    ask(walk, lane, surrogate)
    return np.log(gaps) + walk.levels[lane, 0] - walk.levels[lane, 1]


@njit(cache=True, nogil=True)
def _difference_step(stream, lane, position, rows, walk, surrogate, pivots, archive, filled):
    """Part of the difference of two archived states in a block (ter Braak and Vrugt 2008).

    Returns
    -------
    float
        Zero, the step being symmetric; NaN outside.
    """
    first = integer(stream, filled)
    second = integer(stream, filled - 1)
    second += second >= first
    _by_kinship(stream, lane, walk, pivots, surrogate.kinship)
    count = walk.moved[lane]
    length = np.exp(np.log(SHORTEST_DIFFERENCE) * uniform(stream)) * 2.38 / np.sqrt(2.0 * count)
    for place in range(count):
        row = walk.which[lane, place]
        value = position[row, lane] + length * (archive[first, row] - archive[second, row])
        if not 0.0 < value < 1.0:
            return np.nan
        rows[row, lane] = value
        walk.steps[lane, place] = score(value, surrogate.knots[row]) - walk.scores[lane, row]
    ask(walk, lane, surrogate)
    return 0.0


@njit(cache=True, nogil=True)
def propose_lanes(
    stream, lane, position, rows, walk, surrogate, pivots, processes, archive, filled,
    conditional, memory, noise,
):  # fmt: skip
    """Proposal of the default sampler for one lane; see the module.

    Parameters
    ----------
    stream : array (4,) of uint64
    lane : int
    position, rows : array (parameter, lane)
        Present states, and where the proposal is written.
    walk : Walk
        Of all lanes.
    surrogate : Surrogate
    pivots : array (parameter,)
        Cumulative chances of the parameters to have a block chosen around them.
    processes : array (parameter,) of int
        Number of the process that a parameter belongs to.
    archive : array (state, parameter)
        Past states of the unit.
    filled : int
        Number of states in the archive, at least three.
    conditional : float
        Share of the conditional steps; the others are differences.
    memory, noise : array (parameter, parameter), (parameter,)
        Working memory.

    Returns
    -------
    float
        Logarithm of the reverse over the forward proposal density; NaN for a proposal outside the unit
        cube, which is left at the present state.
    """
    _stay(rows, position, lane)
    if uniform(stream) < conditional:
        ratio = _conditional_step(
            stream, lane, position, rows, walk, surrogate, pivots, processes, memory, noise
        )
    else:
        ratio = _difference_step(
            stream, lane, position, rows, walk, surrogate, pivots, archive, filled
        )
    if np.isnan(ratio):
        _stay(rows, position, lane)
    return ratio


@njit(cache=True, nogil=True)
def lanes_window(
    address, context, first, last, position, logp, streams, surrogate, walk, pivots, processes,
    archive, filled, conditional, count, record, recorded, accepted, rows, out,
):  # fmt: skip
    """Run some proposals of the default sampler for lanes of one unit, in lock-step.

    Parameters
    ----------
    address, context : int, array
        Lane function and its data.
    first, last : int
        Blocks of lanes to run.
    position : array (parameter, padded lane)
    logp : array (lane,)
    streams : array (lane, 4)
    surrogate, walk, pivots, processes, archive, filled, conditional
        Of the unit, as for `propose_lanes`.
    count : int
        Proposals.
    record : int
        Every how many proposals the state is recorded.
    recorded : array (count // record, lane, parameter + 1)
        Filled with positions and log-probabilities.
    accepted : array (lane,)
        Increased by the number of accepted proposals.
    rows, out : array
        Working memory: proposals (parameter, padded lane), results (block, result, width).
    """
    width, size = out.shape[2], position.shape[0]
    memory, noise, log_ratio = np.empty((size, size)), np.empty(size), np.empty(logp.size)
    begin, end = first * width, min(last * width, logp.size)
    for lane in range(begin, end):
        enter(walk, lane, position, surrogate)
    for turn in range(count):
        for lane in range(begin, end):
            log_ratio[lane] = propose_lanes(
                streams[lane], lane, position, rows, walk, surrogate, pivots, processes, archive,
                filled, conditional, memory, noise,
            )  # fmt: skip
        evaluate(address, rows, first, last, context, out)
        for lane in range(begin, end):
            proposed = out[lane // width, LOGP, lane % width]
            if accept(streams[lane], proposed, logp[lane], log_ratio[lane]):
                logp[lane] = proposed
                accepted[lane] += 1
                move(walk, lane, surrogate)
                for row in range(size):
                    position[row, lane] = rows[row, lane]
        if (turn + 1) % record == 0:
            place = (turn + 1) // record - 1
            for lane in range(begin, end):
                for row in range(size):
                    recorded[place, lane, row] = position[row, lane]
                recorded[place, lane, size] = logp[lane]


@njit(cache=True, nogil=True)
def edinburgh_window(
    address, context, position, logp, streams, factors, established, count, result, vectors,
    accepted, rows, out,
):  # fmt: skip
    """Run some proposals of ``edinburgh2021`` for all lanes, in lock-step.

    Parameters
    ----------
    address, context, position, logp, streams, rows, out
        As for `lanes_window`.
    factors : array (lane, parameter, parameter)
    established : array (lane,) of bool
    count : int
        Proposals: the length of the adaptation window.
    result : int
        Which result of the lane function is the target.
    vectors : array (lane, count, parameter + 1)
        Filled with the accepted vectors in their order, and their log-probabilities.
    accepted : array (lane,)
        Set to the number of accepted proposals.
    """
    width, size = out.shape[2], position.shape[0]
    noise = np.empty(size)
    valid = np.zeros(logp.size, np.bool_)
    accepted[:] = 0
    for _ in range(count):
        for lane in range(logp.size):
            propose_edinburgh(
                streams[lane], position, lane, rows, factors[lane], established[lane], noise
            )
            valid[lane] = inside(rows, lane)
            if not valid[lane]:
                _stay(rows, position, lane)
        evaluate(address, rows, 0, out.shape[0], context, out)
        for lane in range(logp.size):
            proposed = out[lane // width, result, lane % width]
            drawn = accept(streams[lane], proposed, logp[lane], 0.0)
            if not (drawn and valid[lane]):
                continue
            logp[lane] = proposed
            for row in range(size):
                position[row, lane] = rows[row, lane]
                vectors[lane, accepted[lane], row] = rows[row, lane]
            vectors[lane, accepted[lane], size] = proposed
            accepted[lane] += 1


@njit(cache=True, nogil=True)
def search_window(address, context, first, last, position, violation, streams, count, rows, out):
    """Walk lanes towards states in which every constraint holds.

    Random subsets of parameters move by steps of random size; a move is kept when it does not break the
    constraints more. Lanes that have arrived stay where they are.

    Parameters
    ----------
    violation : array (lane,)
        Sum of the logarithmic shortfalls of the rules that fail; zero is feasible.
    """
    width, size = out.shape[2], position.shape[0]
    noise = np.empty(size)
    valid = np.zeros(violation.size, np.bool_)
    begin, end = first * width, min(last * width, violation.size)
    for _ in range(count):
        for lane in range(begin, end):
            stream = streams[lane]
            normals(stream, noise)
            length = np.exp(np.log(0.001) * uniform(stream)) * 0.5
            share = uniform(stream)
            for row in range(size):
                moves = uniform(stream) < share and violation[lane] > 0
                step = length * noise[row] if moves else 0.0
                rows[row, lane] = position[row, lane] + step
            valid[lane] = inside(rows, lane)
            if not valid[lane]:
                _stay(rows, position, lane)
        evaluate(address, rows, first, last, context, out)
        for lane in range(begin, end):
            proposed = out[lane // width, VIOLATION, lane % width]
            if valid[lane] and proposed <= violation[lane]:
                violation[lane] = proposed
                for row in range(size):
                    position[row, lane] = rows[row, lane]


class Moments:
    """Running covariance of a lane as CARDAMOM keeps it (MODEL, section 11)."""

    def __init__(self, lanes, size):
        self.mean = np.zeros((lanes, size))
        self.covariance = np.zeros((lanes, size, size))
        self.factor = np.zeros((lanes, size, size))
        self.count = np.zeros(lanes)
        self.usable = np.zeros(lanes, bool)

    def established(self):
        """Whether the multivariate proposal is used: enough states, positive definite."""
        return self.usable & (self.count > ESTABLISHED * self.mean.shape[1])

    def start(self, lane, vectors):
        """First covariance of a lane: of the first, middle and last accepted vector."""
        middle = -(-len(vectors) // 2) - 1
        chosen = vectors[[0, middle, -1]]
        self.mean[lane] = chosen.mean(axis=0)
        self.covariance[lane] = np.cov(chosen, rowvar=False)
        self.count[lane] = 3
        self._refactor(lane)

    def update(self, lane, vector):
        """Add one state to the covariance; undone where the result is not positive definite."""
        count, mean = self.count[lane], self.mean[lane].copy()
        newer = (count * mean + vector) / (count + 1)
        outer = np.outer(vector, vector)
        change = count * np.outer(mean, mean) - (count + 1) * np.outer(newer, newer) + outer
        kept = (self.covariance[lane].copy(), mean, count, self.usable[lane])
        self.covariance[lane] = self.covariance[lane] * (count - 1) / count + change / count
        self.mean[lane], self.count[lane] = newer, count + 1
        self._refactor(lane)
        if kept[3] and not self.usable[lane]:
            self.covariance[lane], self.mean[lane], self.count[lane], self.usable[lane] = kept

    def restart(self):
        """Between the phases: usable covariances stay with weight one, the others are forgotten.

        CARDAMOM: with weight one, the first update gives the old covariance no weight, the result has
        rank one, is not positive definite and is undone. The count stays at one for ever, and the whole
        main phase is a random walk with a step of 0.001.
        """
        self.count[:] = np.where(self.usable, 1.0, 0.0)

    def _refactor(self, lane):
        try:
            factor = np.linalg.cholesky(self.covariance[lane])
        except np.linalg.LinAlgError:
            self.usable[lane] = False
            return
        self.factor[lane] = factor
        self.usable[lane] = True
