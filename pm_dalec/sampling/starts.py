"""Starts that meet the constraints."""

import numpy as np

from pm_dalec.sampling.settings import Settings
from pm_dalec.sampling.state import new_state
from pm_dalec.sampling.target import compile_target, natural
from pm_dalec.sampling.unit import SEARCH_WINDOW, Unit


def feasible_start(model, *, chains=1, random_seed=0, most=200_000):
    """Starting points in which every constraint holds, dispersed, for ``pm.sample(initvals=...)``.

    Parameters
    ----------
    model : pm.Model
        Of one site.
    chains : int
    random_seed : int
    most : int
        Proposals of each chain after which the search ends.

    Returns
    -------
    list of dict
        One a chain: free variables in natural units by name.

    Raises
    ------
    ValueError
        If a chain found none; names how far its best state was.
    """
    target = compile_target(model)
    if not target.site:
        raise ValueError(
            "wanted the model of one site, got one with units; calibrate finds the starts of each unit "
            "by itself, or build the model of units.isel(pixel=...)"
        )
    bound = target.function.bind(lanes=chains)
    settings = Settings(search=max(most, SEARCH_WINDOW))
    padded = bound.data.blocks * bound.function.width
    state = new_state(0, len(target.rows), chains, padded, settings, random_seed)
    unit = Unit(bound, target, state, settings)
    while state.phase == "search":
        unit.advance()
    if state.phase == "no start":
        lacking = np.flatnonzero(state.logp > 0)
        raise ValueError(
            f"wanted {chains} states in which all constraints hold, got {chains - lacking.size} in "
            f"{state.searched} proposals each; the best of the others lacks "
            f"{state.logp[lacking].min():.3g} in logarithmic margin: see `pm-dalec edc-report`, widen "
            "the bounds, or drop a constraint"
        )
    found = natural(target, state.position[:, :chains].T)
    return [{name: float(value[chain]) for name, value in found.items()} for chain in range(chains)]
