"""NUTS on the model of a site: gradients by JAX, the sampler of NumPyro, starts and metric by the lanes.

Walls have no gradient: NUTS samples constraints in the soft form. `pm_dalec.sensitivity.reweight` turns its
draws into those under the hard ones, where weights allow. Hoffman and Gelman (2014).
"""

from __future__ import annotations

from importlib.util import find_spec
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, log_expit, logit

from pm_dalec.graph import notes
from pm_dalec.lanes.cut import lane_dimensions
from pm_dalec.sampling.calibration import COMPILING, FEWEST_CHAINS, Job, compiled, stated_of
from pm_dalec.sampling.families.gradients import potential_of
from pm_dalec.sampling.families.judging import end
from pm_dalec.sampling.identity import identities
from pm_dalec.sampling.labelled_fit import as_fit
from pm_dalec.sampling.progress import Progress
from pm_dalec.sampling.state import Settings, new_state
from pm_dalec.sampling.target import check_dalec
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import number, seed_of, whole_number

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

WARM = Settings(draws=250, rhat=1.02, ess=400, proposals=100_000)
"""Of the lanes that find starts and metric."""
STEP_SIZE = "adapt_state.step_size"
KEPT = ("num_steps", "diverging", "accept_prob", STEP_SIZE, "potential_energy")
FEWEST_LANES = 16
DEEPEST = 9  # doublings of a trajectory
SHORTER = 0.7  # of the median step that the chains tune to: what all of them take


def calibrate_nuts(
    model: pm.Model,
    *,
    chains: int = 8,
    draws: int = 1000,
    tune: int = 150,
    target_accept: float = 0.9,
    random_seed: int | np.random.Generator | np.random.SeedSequence | None = 0,
    progress: bool = True,
) -> xr.DataTree:
    """Sample the model of a site by NUTS.

    Chains begin where lanes have been, and do not come to a part of the posterior that these have missed; nobody
    looks for one.

    Parameters
    ----------
    model : pm.Model
        Of one site, with constraints in the soft form (`pm_dalec.constraints.Soft`) or none.
    chains : int
        At least 4; they run side by side, in step.
    draws, tune : int
        Of each chain. While tuning, the step size is adapted, by each chain; then all of them take 0.7 of the
        median. The metric is the covariance of the draws of the lanes, of which there are more than NUTS
        would have made by then.
    target_accept : float
        Mean acceptance that the step size aims at.
    random_seed : int, Generator, SeedSequence or None
    progress : bool

    Returns
    -------
    DataTree
        As from `calibrate` with ``groups=()``, of the posterior with soft constraints. In ``sample_stats``
        also ``diverging``, ``tree_steps`` and ``step_size`` by draw; ``proposals`` are evaluations of the
        gradient, ``search_proposals`` those of the lanes before, for each chain.
    """
    _check(model)
    _check_packages()
    advice = "chains run side by side: 8 cost little more than 4"
    chains = whole_number("chains", chains, least=FEWEST_CHAINS, advice=advice)
    draws = whole_number("draws", draws, least=8, advice="1000 are usual")
    tune = whole_number("tune", tune, least=8, advice="150 are usual")
    number("target_accept", target_accept, above=0.0, most=0.999, advice="0.9 is usual")
    seed, identity = seed_of(random_seed), int(identities(model)[0])
    with Progress(progress) as bar:
        target, compile_seconds = compiled(model)
        bar.message("lanes find starts and metric")
        warm, lanes = _warm(target, chains, seed, identity)
        began = perf_counter()
        with COMPILING:
            potential = potential_of(model)
        compile_seconds += perf_counter() - began
        bar.message(f"NUTS: {chains} chains of {tune} and {draws} iterations")
        found, steps = _sampled(potential, warm, (chains, tune, draws, target_accept), seed)
    drawn, state = _unit(target, found, steps, identity, seed)
    state.searched = (lanes.searched + lanes.proposed) * lanes.logp.size // chains
    stated = stated_of("nuts", seed, compile_seconds, Settings(draws=draws), chains)
    fit = as_fit(model, target, {0: (drawn, state)}, chains, stated)
    names = {"diverging": "diverging", "num_steps": "tree_steps", STEP_SIZE: "step_size"}
    fit["sample_stats"] = (
        fit["sample_stats"]
        .to_dataset()
        .assign({ours: (dims.SAMPLE, np.asarray(found[theirs])) for theirs, ours in names.items()})
    )
    return fit


def _check(model):
    """Refuse what has no gradient, or more than one unit."""
    check_dalec(model, "calibrate_nuts")
    known = notes.of(model)
    if lane_dimensions(model):
        raise ValueError(
            "wanted the model of one site, got one with units in calibrate_nuts; build the model of "
            "units.isel(pixel=...)"
        )
    if known.shortfall is not None and known.softness is None:
        raise ValueError(
            f"wanted constraints that have a gradient, got {known.constraints!r} in the hard form in "
            "calibrate_nuts; build the model with Choices(constraints=pm_dalec.constraints.Soft(...)), "
            "and reweight its draws with pm_dalec.sensitivity.reweight"
        )
    if known.solver != "converged":
        raise ValueError(
            f"wanted the smooth solver 'converged', got {known.solver!r} in calibrate_nuts; its steps "
            "have no gradient"
        )


def _check_packages():
    missing = [name for name in ("jax", "numpyro") if find_spec(name) is None]
    if missing:
        raise ImportError(
            f"wanted JAX and NumPyro for calibrate_nuts, got no {missing[0]}; install them with "
            "pip install 'pm_dalec[nuts]'"
        )


def _warm(target, chains, seed, identity):
    """Draws of the lanes (draw, chain, parameter), and their state."""
    quiet, count = Progress(enabled=False), max(chains, FEWEST_LANES)
    quiet.begin(1, WARM)
    drawn, state = Job(target, WARM, count, seed, 1, None, quiet).one(0, identity)
    if len(drawn) < FEWEST_CHAINS:
        raise ValueError(
            "wanted states in which NUTS can begin, got none from the lanes; see what "
            "`pm-dalec edc-report` says of the constraints, or widen the bounds"
        )
    return drawn[..., :-1], state


def _sampled(potential, warm, how, seed):
    """Draws of NUTS (chain, draw, parameter) with what is known of them, and gradients of the tuning."""
    import jax
    from numpyro.infer import MCMC, NUTS

    chains, tune, draws, target_accept = how
    logits = logit(warm.reshape(-1, warm.shape[-1]))
    metric = np.cov(logits, rowvar=False)
    with jax.enable_x64(True), jax.default_device(jax.devices("cpu")[0]):
        kernel = NUTS(
            potential_fn=potential,
            inverse_mass_matrix=jax.numpy.asarray(metric),
            dense_mass=True,
            adapt_mass_matrix=False,
            target_accept_prob=target_accept,
            max_tree_depth=DEEPEST,
        )
        run = MCMC(
            kernel,
            num_warmup=tune,
            num_samples=draws,
            num_chains=chains,
            chain_method="vectorized",
            progress_bar=False,
        )
        begin = jax.numpy.asarray(logit(warm[-1, :chains]))
        keys = jax.random.split(jax.random.PRNGKey(seed), chains)
        run.warmup(keys, init_params=begin, extra_fields=("num_steps",), collect_warmup=True)
        tuned = np.asarray(run.get_extra_fields(group_by_chain=True)["num_steps"])
        run.post_warmup_state = one_step(run.post_warmup_state)
        run.run(run.post_warmup_state.rng_key, extra_fields=KEPT)
        found = {n: np.asarray(v) for n, v in run.get_extra_fields(group_by_chain=True).items()}
        return found | {"logits": np.asarray(run.get_samples(group_by_chain=True))}, tuned


def one_step(state):
    """The state of tuned chains, all with one step size.

    In a narrow corner a chain tunes to a step of its own; with a longer one it would not have got there, and
    with that shorter one it does not come out. Chains that step alike sample alike, there and elsewhere.
    """
    steps = state.adapt_state.step_size
    shared = SHORTER * np.median(steps) * np.ones_like(steps)
    return state._replace(adapt_state=state.adapt_state._replace(step_size=shared))


def _unit(target, found, tuned, identity, seed):
    """Draws (draw, chain, parameter + 1) in the unit interval, and the state that tells of them."""
    logits = found["logits"]
    chains, draws, size = logits.shape
    logp = -found["potential_energy"] - (log_expit(logits) + log_expit(-logits)).sum(axis=-1)
    drawn = np.concatenate([expit(logits), logp[..., None]], axis=-1).swapaxes(0, 1)
    settings = Settings(draws=draws)
    state = new_state(identity, size, chains, chains, settings, seed)
    gradients = tuned.sum(axis=1) + found["num_steps"].sum(axis=1)
    state.proposed = round(gradients.mean())
    state.in_round, state.evaluated[:] = state.proposed, gradients
    state.accepted = np.array(found["accept_prob"].mean(axis=1) * state.proposed)
    end(state, target, drawn, settings)
    return drawn, state
