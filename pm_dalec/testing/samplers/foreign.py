"""Targets of posteriordb: models, data and summaries of reference draws from another sampler.

A file of a folder holds ``data`` and ``reference``, with mean, sd and quantiles of reference draws by
parameter. Which model it means is said by its name; `MODELS` has those that are written, and takes more:
a function of the data that gives a model of PyMC with the names of the reference.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
from pymc.distributions.transforms import ordered

from pm_dalec.testing.samplers.verdicts import Reference, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def autoregression(data: dict) -> pm.Model:
    """Autoregression of order K: ``arK-arK``."""
    series, order = np.asarray(data["y"], float), data["K"]
    past = np.stack([series[order - k : len(series) - k] for k in range(1, order + 1)], axis=1)
    with pm.Model() as model:
        level, slopes = pm.Normal("alpha", 0, 10), pm.Normal("beta", 0, 10, shape=order)
        sigma = pm.HalfCauchy("sigma", 2.5)
        pm.Normal("y", level + pt.dot(past, slopes), sigma, observed=series[order:])
    return model


def garch(data: dict) -> pm.Model:
    """GARCH(1, 1): ``garch-garch11``. The density of ``beta1`` within its bounds is taken out: it is flat."""
    series, first = (
        np.asarray(data["y"], float),
        pt.constant(float(data["sigma1"]), dtype="float64"),
    )
    with pm.Model() as model:
        mean, base = pm.Flat("mu"), pm.HalfFlat("alpha0")
        shock = pm.Uniform("alpha1", 0, 1)
        memory = pm.Uniform("beta1", 0, 1 - shock)
        pm.Potential("flat", pt.log1p(-shock))
        later = pytensor.scan(
            lambda value, sigma, mean, base, shock, memory: pt.sqrt(
                base + shock * (value - mean) ** 2 + memory * sigma**2
            ),
            sequences=[pt.as_tensor(series[:-1])],
            outputs_info=[first],
            non_sequences=[mean, base, shock, memory],
            return_updates=False,
        )
        pm.Normal("y", mean, pt.concatenate([first[None], later]), observed=series)
    return model


def kid_score(data: dict) -> pm.Model:
    """Regression on the mother's score: ``kidiq-kidscore_momiq``."""
    with pm.Model() as model:
        slopes, sigma = pm.Flat("beta", shape=2), pm.HalfCauchy("sigma", 2.5)
        score = slopes[0] + slopes[1] * np.asarray(data["mom_iq"], float)
        pm.Normal("kid_score", score, sigma, observed=data["kid_score"])
    return model


def regression(data: dict) -> pm.Model:
    """Regression on D columns: ``sblrc-blr``."""
    with pm.Model() as model:
        slopes, sigma = pm.Normal("beta", 0, 10, shape=data["D"]), pm.HalfNormal("sigma", 10)
        pm.Normal("y", pt.dot(np.asarray(data["X"], float), slopes), sigma, observed=data["y"])
    return model


def eight_schools(data: dict) -> pm.Model:
    """Hierarchy of schools, not centred: ``eight_schools-eight_schools_noncentered``."""
    with pm.Model() as model:
        apart = pm.Normal("theta_trans", 0, 1, shape=data["J"])
        mean, spread = pm.Normal("mu", 0, 5), pm.HalfCauchy("tau", 5)
        effects = pm.Deterministic("theta", mean + spread * apart)
        pm.Normal("y", effects, np.asarray(data["sigma"], float), observed=data["y"])
    return model


def two_normals(data: dict) -> pm.Model:
    """Mixture of two normals in order: ``low_dim_gauss_mix-low_dim_gauss_mix``."""
    with pm.Model() as model:
        means = pm.Normal("mu", 0, 2, shape=2, transform=ordered, initval=[-1.0, 1.0])
        sigma, share = pm.HalfNormal("sigma", 2, shape=2), pm.Beta("theta", 5, 5)
        weights = pt.stack([share, 1 - share])
        pm.NormalMixture("y", w=weights, mu=means, sigma=sigma, observed=data["y"])
    return model


MODELS: dict[str, Callable[[dict], pm.Model]] = {
    "arK-arK": autoregression,
    "garch-garch11": garch,
    "kidiq-kidscore_momiq": kid_score,
    "sblrc-blr": regression,
    "eight_schools-eight_schools_noncentered": eight_schools,
    "low_dim_gauss_mix-low_dim_gauss_mix": two_normals,
}


def foreign_targets(
    folder: str | Path, models: Mapping[str, Callable[[dict], pm.Model]] = MODELS
) -> dict[str, Target]:
    """Targets of a folder of posteriordb, by name.

    Parameters
    ----------
    folder : path
        A file ``NAME.json`` a target.
    models : mapping of str to callable, optional
        Model from the data, by name of the target; add your own: ``MODELS | {"mine": build}``.

    Returns
    -------
    dict of str to Target

    Raises
    ------
    ValueError
        If the folder has no such file, or one whose model is not written.
    """
    paths = sorted(Path(folder).glob("*.json"))
    if not paths:
        raise ValueError(
            f"wanted files NAME.json of posteriordb, got none in '{folder}'; name the folder they are in"
        )
    unknown = [path.stem for path in paths if path.stem not in models]
    if unknown:
        raise ValueError(
            f"wanted a model for every file, got none for {', '.join(unknown)} in '{folder}'; write a "
            "function of its data and pass models=MODELS | {name: function}"
        )
    return {path.stem: _read(path, models[path.stem]) for path in paths}


def _read(path, build):
    held = json.loads(path.read_text(encoding="utf-8"))
    references = {
        name: Reference(told["mean"], told["sd"], told["q05"], told["q95"])
        for name, told in held["reference"].items()
    }
    return Target(lambda: build(held["data"]), references, first=1)
