"""Targets whose answer is known without a sampler, hard in one way each."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from scipy import stats

from pm_dalec.testing.samplers.verdicts import Reference, Target

SIZE = 23  # parameters, as many as DALEC has
TIE = 0.75  # correlation of neighbours
FUNNEL = 9  # normals whose width the first parameter of the funnel decides
MODES, APART, RIGHT = 4, 12.0, 0.7  # parameters; standard deviations; mass of the right mode
EXACT = 400_000  # draws that stand for the exact answer where there is no formula


def half_gaussian() -> Target:
    """Gaussian of 23 parameters, cut by a half-space through its middle.

    The sum of a normal vector is normal; given that it is above zero it is half-normal, and what is at
    right angles to it does not change. Means, and quantiles by exact draws, follow from that.
    """
    places = np.arange(SIZE)
    covariance = TIE ** np.abs(places[:, None] - places)
    factor = np.linalg.cholesky(covariance)
    draws = np.random.default_rng(1).normal(size=(EXACT, SIZE)) @ factor.T
    draws *= np.where(draws.sum(axis=1) > 0, 1.0, -1.0)[
        :, None
    ]  # the mirror image has the same density

    def build():
        with pm.Model() as model:
            x = [pm.Uniform(f"x{place}", -10, 10) for place in places]
            centred = pt.stack(x)
            pm.Potential(
                "normal", -0.5 * (centred * pt.dot(np.linalg.inv(covariance), centred)).sum()
            )
            pm.Potential("cut", pt.switch(centred.sum() > 0, 0.0, -np.inf))
        return model

    named = zip((f"x{place}" for place in places), draws.T, strict=True)
    return Target(build, {name: _of_draws(column) for name, column in named})


def funnel() -> Target:
    """Neal's funnel: a normal of sd 3 is the logarithm of the variance of nine others."""

    def build():
        with pm.Model() as model:
            width = pm.Normal("width", 0, 3)
            pm.Normal("x", 0, pt.exp(width / 2), shape=FUNNEL)
        return model

    return Target(build, {"width": _of_density(stats.norm(0, 3))})


def two_modes() -> Target:
    """Two equal Gaussians 12 standard deviations apart, with .3 and .7 of the mass."""

    def build():
        with pm.Model() as model:
            x = [pm.Uniform(f"x{place}", -15, 15) for place in range(MODES)]
            rest = sum(value**2 for value in x[1:])
            left = -0.5 * ((x[0] + APART / 2) ** 2 + rest) + np.log(1 - RIGHT)
            right = -0.5 * ((x[0] - APART / 2) ** 2 + rest) + np.log(RIGHT)
            top = pt.maximum(left, right)
            pm.Potential("modes", top + pt.log(pt.exp(left - top) + pt.exp(right - top)))
        return model

    rng = np.random.default_rng(2)
    side = np.where(rng.uniform(size=EXACT) < RIGHT, APART / 2, -APART / 2)
    references = {"x0": _of_draws(side + rng.normal(size=EXACT))}
    references |= {f"x{place}": _of_density(stats.norm()) for place in range(1, MODES)}
    return Target(build, references)


def _of_draws(values):
    return Reference(values.mean(), values.std(), *np.quantile(values, [0.05, 0.95]))


def _of_density(density):
    return Reference(density.mean(), density.std(), *density.ppf([0.05, 0.95]))


KNOWN = {
    "Gaussian of 23, cut by a half-space": half_gaussian,
    "funnel of 10": funnel,
    "two modes 12 sd apart": two_modes,
}
"""Functions that give a target, by its name in the table."""
