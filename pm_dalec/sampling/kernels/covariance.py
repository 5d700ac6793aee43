"""Running covariances of lanes, as CARDAMOM's AP-MCMC keeps them (MODEL, section 11)."""

import numpy as np

ESTABLISHED = 10  # states per parameter in the covariance before it is used


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
