"""Parameter vectors for tests: one that meets the constraints, and random ones."""

from __future__ import annotations

import numpy as np

from pm_dalec.tables.parameters import PARAMETERS, Theta

SPREAD = 0.01  # of the parameters of a tiny fit, relative
SIGMA = 0.2  # of the observations of a tiny site, relative

# A sparse young woodland. Found by a search among draws of the constrained prior with the drivers of
# `tiny_site`, then rounded; a test shows that it meets every rule.
FEASIBLE = Theta(
    litter_to_som_rate=0.00106,
    autotrophic_fraction=0.36,
    foliage_fraction=0.103,
    root_fraction=0.223,
    leaf_lifespan=1.13,
    wood_turnover_rate=8.47e-05,
    root_turnover_rate=0.00264,
    litter_mineralisation_rate=0.0126,
    som_mineralisation_rate=5.1e-06,
    temperature_exponent=0.0374,
    canopy_efficiency=16.8,
    labile_release_day=616.0,
    labile_fraction=0.371,
    labile_release_period=86.9,
    leaf_fall_day=591.0,
    leaf_fall_period=79.7,
    leaf_carbon_per_area=94.2,
    initial_labile=4.58,
    initial_foliage=18.2,
    initial_roots=13.4,
    initial_wood=1680.0,
    initial_litter=11.4,
    initial_som=16800.0,
)


def theta_at(position):
    """Parameters at a position of the unit cube, in which the base prior is flat.

    Parameters
    ----------
    position : array (..., parameter) [1]
        In the order of `Theta`, between zero and one.

    Returns
    -------
    Theta
    """
    position = np.asarray(position, float)
    values = []
    for place, name in enumerate(Theta._fields):
        lower, upper = PARAMETERS[name].bounds
        values.append(lower * (upper / lower) ** position[..., place])
    return Theta(*values)


def random_theta(shape: tuple[int, ...], rng: np.random.Generator) -> Theta:
    """Parameters drawn from the log-uniform box, without Gaussian factors or constraints.

    Parameters
    ----------
    shape : int or tuple of int
    rng : numpy.random.Generator

    Returns
    -------
    Theta
        Arrays of this shape.
    """
    return theta_at(rng.uniform(size=(*np.atleast_1d(shape), len(Theta._fields))))


def near_feasible(
    shape: tuple[int, ...], rng: np.random.Generator, *, spread: float = SPREAD
) -> Theta:
    """Parameters within a relative distance of `FEASIBLE`.

    Parameters
    ----------
    shape : int or tuple of int
    rng : numpy.random.Generator
    spread : float
        Largest relative distance [1].

    Returns
    -------
    Theta
        Arrays of this shape, inside the bounds.
    """
    values = []
    for name, value in FEASIBLE._asdict().items():
        moved = value * (1 + spread * rng.uniform(-1, 1, tuple(np.atleast_1d(shape))))
        values.append(np.clip(moved, *PARAMETERS[name].bounds))
    return Theta(*values)
