"""Adaptive Metropolis over lanes: pure kernels, compiled once for every model.

Two samplers share `accept` and the random streams of `pm_dalec.lane_random`; both walk in CARDAMOM's unit
interval and leave a target alone that is flat outside it.

``edinburgh2021`` is CARDAMOM's AP-MCMC (MODEL, section 11): every proposal is the SUM of a step with the
lane's own covariance, scaled by ``2.38**2/n`` on the Cholesky factor, and a small isotropic one.

``lanes`` is the default. Lanes of a unit share an archive of past states and its covariance, which only
grow while tuning; afterwards both are frozen, every move is reversible, and the lanes are independent
Markov chains. A proposal is one of: a Metropolis step with the pooled covariance, scaled by
``2.38/sqrt(n)`` (Haario et al. 2001) or a part of it; a difference of two archived states in a subspace of
parameters that go together (ter Braak and Vrugt 2008, Vrugt et al. 2009); a snooker step towards an
archived state; a single-parameter step.
"""

import numpy as np
from numba import njit

from pm_dalec.lane_call import evaluate
from pm_dalec.lane_random import integer, normals, uniform

LOGP, VIOLATION, SCALED_LOGP, SCORE = 0, 1, 2, 3  # results of a lane function, in this order
SMALL_STEP = 0.001  # of the isotropic proposal in the unit interval
MULTIVARIATE_WEIGHT = 0.95
EDINBURGH_SCALE = 5.670132  # divided by the number of parameters
ESTABLISHED = 10  # states per parameter in the covariance before it is used

# shares of the moves of the default sampler, up to one
COVARIANCE_MOVES = 0.05
DIFFERENCE_MOVES = 0.75
SNOOKER_MOVES = 0.05


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
def _covariance_step(stream, position, lane, rows, factor, noise):
    count = position.shape[0]
    normals(stream, noise)
    chance = uniform(stream)  # walls of the constraints make full steps rarely welcome
    shrink = 1.0 if chance < 0.1 else (0.25 if chance < 0.5 else 0.1)
    scale = shrink * 2.38 / np.sqrt(count)
    for row in range(count):
        total = 0.0
        for column in range(row + 1):
            total += factor[row, column] * noise[column]
        rows[row, lane] = position[row, lane] + scale * total


@njit(cache=True, nogil=True)
def _difference_step(stream, position, lane, rows, kinship, archive, filled, noise):
    """Difference of two archived states for one parameter and those that go with it.

    Rules and observations tie parameters into groups (photosynthesis pays for respiration and leaves); a
    step within a group keeps to their ridge, one through all parameters at once runs into a wall. Who
    goes with whom is told by partial correlations, others held: marginal ones miss half of the ties.
    """
    count = position.shape[0]
    first = integer(stream, filled)
    second = integer(stream, filled - 1)
    second += second >= first
    pivot = integer(stream, count)
    reach = 0.1 * np.exp(1.9 * uniform(stream))
    moved = 0
    for row in range(count):
        joins = row == pivot or uniform(stream) * reach * reach < kinship[pivot, row]
        noise[row] = 1.0 if joins else 0.0
        moved += joins
    spread = noise[:1].copy()
    normals(stream, spread)
    scale = 0.35 * np.exp(0.5 * spread[0]) * 2.38 / np.sqrt(2.0 * moved)
    for row in range(count):
        jump = scale * (archive[first, row] - archive[second, row])
        rows[row, lane] = position[row, lane] + noise[row] * jump


@njit(cache=True, nogil=True)
def _snooker_step(stream, position, lane, rows, archive, filled):
    """Step along the line to an archived state; gives the logarithm of the proposal ratio."""
    count = position.shape[0]
    anchor = integer(stream, filled)
    first, second = integer(stream, filled), integer(stream, filled)
    along = before = 0.0
    for row in range(count):
        direction = position[row, lane] - archive[anchor, row]
        before += direction * direction
        along += direction * (archive[first, row] - archive[second, row])
    scale = (1.2 + uniform(stream)) * along / before if before > 0 else 0.0
    after = before * (1.0 + scale) ** 2
    for row in range(count):
        direction = position[row, lane] - archive[anchor, row]
        rows[row, lane] = position[row, lane] + scale * direction
    if before <= 0.0 or after <= 0.0:
        return -np.inf
    return 0.5 * (count - 1) * np.log(after / before)


@njit(cache=True, nogil=True)
def _single_step(stream, position, lane, rows, factor, noise):
    count = position.shape[0]
    row = integer(stream, count)
    spread = 0.0
    for column in range(row + 1):
        spread += factor[row, column] ** 2
    for other in range(count):
        rows[other, lane] = position[other, lane]
    normals(stream, noise[:1])
    size = np.exp(np.log(0.02) * uniform(stream))
    rows[row, lane] += 2.38 * np.sqrt(spread) * size * noise[0]


@njit(cache=True, nogil=True)
def propose_lanes(stream, position, lane, rows, factor, kinship, archive, filled, noise):
    """Proposal of the default sampler for one lane; see the module.

    Parameters
    ----------
    stream : array (4,) of uint64
    position, rows : array (parameter, lane)
    lane : int
    factor : array (parameter, parameter)
        Lower Cholesky factor of the unit's covariance.
    kinship : array (parameter, parameter)
        Squared partial correlations of the unit's parameters.
    archive : array (state, parameter)
        Past states of the unit.
    filled : int
        Number of states in the archive, at least three.
    noise : array (parameter,)

    Returns
    -------
    float
        Logarithm of the reverse over the forward proposal density.
    """
    chance = uniform(stream)
    if chance < COVARIANCE_MOVES:
        _covariance_step(stream, position, lane, rows, factor, noise)
    elif chance < COVARIANCE_MOVES + DIFFERENCE_MOVES:
        _difference_step(stream, position, lane, rows, kinship, archive, filled, noise)
    elif chance < COVARIANCE_MOVES + DIFFERENCE_MOVES + SNOOKER_MOVES:
        return _snooker_step(stream, position, lane, rows, archive, filled)
    else:
        _single_step(stream, position, lane, rows, factor, noise)
    return 0.0


@njit(cache=True, nogil=True)
def _kept(rows, position, lane):
    """Put a lane's proposal back where it was: what must not be run is not."""
    for row in range(position.shape[0]):
        rows[row, lane] = position[row, lane]


@njit(cache=True, nogil=True)
def lanes_window(
    address, context, first, last, position, logp, streams, factor, kinship, archive, filled,
    count, record, recorded, accepted, rows, out,
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
    factor, kinship, archive, filled
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
    noise, log_ratio = np.empty(size), np.zeros(logp.size)
    valid = np.zeros(logp.size, np.bool_)
    begin, end = first * width, min(last * width, logp.size)
    for turn in range(count):
        for lane in range(begin, end):
            log_ratio[lane] = propose_lanes(
                streams[lane], position, lane, rows, factor, kinship, archive, filled, noise
            )
            valid[lane] = inside(rows, lane)
            if not valid[lane]:
                _kept(rows, position, lane)
        evaluate(address, rows, first, last, context, out)
        for lane in range(begin, end):
            proposed = out[lane // width, LOGP, lane % width]
            drawn = accept(streams[lane], proposed, logp[lane], log_ratio[lane])
            if drawn and valid[lane]:
                logp[lane] = proposed
                accepted[lane] += 1
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
                _kept(rows, position, lane)
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
                _kept(rows, position, lane)
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
