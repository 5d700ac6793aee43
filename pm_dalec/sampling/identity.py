"""What a calibration was made from: compared before anything is resumed, loaded or used again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
import pymc as pm

from pm_dalec.constraints.prior_draws import factor_of
from pm_dalec.data.land import averages_of
from pm_dalec.errors.likelihood import GAUSSIAN, Likelihood
from pm_dalec.graph import notes
from pm_dalec.lanes.cut import lane_dimensions
from pm_dalec.tables.constants import MODEL_VERSION, SAMPLER_VERSION
from pm_dalec.tables.priors import Fixed
from pm_dalec.tables.streams import operator_of

if TYPE_CHECKING:
    from pm_dalec.constraints.rules import Constraint
    from pm_dalec.tables.table import Table

SHOWN = 4
"""Differences that a message names."""

ATTRIBUTE = "identity"
"""Attribute of a fit that holds the identity of its model, as JSON."""


LIKELIHOOD = "likelihood"
"""What the parts begin with that say the error model of a stream; a stream without is Gaussian."""


@dataclass(frozen=True)
class Part:
    """One thing that a calibration was made from.

    Parameters
    ----------
    digest : str
        Of its numbers or its words; equal things have equal digests.
    words : str
        What it is, for a person.
    """

    digest: str
    words: str


@dataclass(frozen=True)
class Identity:
    """What a calibration was made from, part by part.

    Parameters
    ----------
    parts : dict of str to Part
    """

    parts: dict[str, Part]

    def as_json(self) -> str:
        """Text that `read` reads."""
        return json.dumps({name: [p.digest, p.words] for name, p in self.parts.items()}, indent=1)

    @classmethod
    def read(cls, text: str) -> Identity:
        """Identity from the text of `as_json`."""
        return cls({name: Part(*pair) for name, pair in json.loads(text).items()})

    def differences(self, other: Identity) -> list[str]:
        """What differs, a phrase each: what is here, and what the other holds."""
        found = []
        for name in dict.fromkeys((*self.parts, *other.parts)):
            ours, theirs = self.parts.get(name), other.parts.get(name)
            if ours is not None and theirs is not None and ours.digest == theirs.digest:
                continue
            absent = GAUSSIAN if name.startswith(LIKELIHOOD) else "none"
            here = absent if ours is None else ours.words
            there = absent if theirs is None else theirs.words
            if here == there:
                there = "other numbers of the same kind"
            found.append(f"{name}: here {here}, there {there}")
        return found


def identity_of(model: pm.Model) -> Identity:
    """Identity of a model: data and coordinates, parameters and priors, rules, solver, versions.

    Parameters
    ----------
    model : pm.Model

    Returns
    -------
    Identity
    """
    known = notes.of(model)
    parts = {f"coordinate {name}": _coordinate(values) for name, values in model.coords.items()}
    for variable in model.data_vars:
        parts[f"data {variable.name}"] = _data(model, variable)
    for name, parameter in known.parameters.items():
        parts[f"parameter {name}"] = _parameter(parameter, known.units)
    for stream, likelihood in known.likelihoods.items():
        if (
            likelihood != Likelihood()
        ):  # fits of before there was a choice have none, and are Gaussian
            parts[f"{LIKELIHOOD} of {stream}"] = _text(str(likelihood))
        if operator_of(known.units, stream) is not None:
            parts[f"windows of {stream}"] = _windows(known.units, stream)
    parts["constraints"] = constraints_part(known.constraints, known.rules)
    parts["solver"] = _text(known.solver)
    parts["terms"] = _text(", ".join(t.name for t in (*model.basic_RVs, *model.potentials)))
    parts["model"] = _text(f"version {MODEL_VERSION} of DALEC and its constraints")
    return Identity(parts)


def constraints_part(name: str, rules: Table[Constraint]) -> Part:
    """Constraints: the name of their set and its form, and what every rule says."""
    said = "; ".join(rule.inequality for rule in rules.values())
    return Part(_text(f"{name}: {said}").digest, name)


def run_identity(model: pm.Model, settings: dict[str, object]) -> Identity:
    """Identity of a calibration that can be resumed: that of its model, and how it is sampled.

    Parameters
    ----------
    model : pm.Model
    settings : dict
        What must be the same when it goes on: chains, seed and the like.
    """
    parts = dict(identity_of(model).parts)
    parts |= {name: _text(str(value)) for name, value in settings.items()}
    parts["sampler"] = _text(f"version {SAMPLER_VERSION} (pm_dalec {version('pm_dalec')})")
    return Identity(parts)


def refuse_another(identity: Identity, text: str, *, where: object, what: str) -> None:
    """Refuse what was made from something else.

    Parameters
    ----------
    identity : Identity
        What is wanted.
    text : str
        Identity of what was found, as it was kept.
    where : path
    what : str
        What was found there, for the message.

    Raises
    ------
    ValueError
        Names what differs, and what to do.
    """
    try:
        found = Identity.read(text)
    except (ValueError, TypeError, AttributeError) as fault:
        raise ValueError(
            f"wanted {what} of this model, got some that do not say what they were made from "
            f"({where}); they are of an older version or damaged: use another folder, or remove them"
        ) from fault
    differing = identity.differences(found)
    if differing:
        more = f", and {len(differing) - SHOWN} more" if len(differing) > SHOWN else ""
        raise ValueError(
            f"wanted {what} of this model, got those of another ({where}): "
            f"{'; '.join(differing[:SHOWN])}{more}; use the same data and choices, or another folder"
        )


def _parameter(parameter, units) -> Part:
    """A prior, with the numbers of a factor that comes from the data."""
    prior = parameter.prior
    if isinstance(prior, Fixed):
        return _text(f"fixed at {prior.value:g} [{parameter.units}]")
    mean, sigma, logarithmic = factor_of(parameter, units)
    low, high = parameter.bounds
    words = f"log-uniform from {low:g} to {high:g} {parameter.units}"
    if np.isfinite(sigma).any():
        names = ("log-normal, median", "factor") if logarithmic else ("Gaussian, mean", "sigma")
        words += f" times a {names[0]} {np.mean(mean):g} and {names[1]} {np.mean(sigma):g}"
    if logarithmic:
        mean, sigma = np.log(mean), np.log(sigma)
    return _array(np.stack(np.broadcast_arrays(low, high, mean, sigma)), words)


def _windows(units, stream) -> Part:
    """Over which steps a stream is averaged, and what it is of them."""
    averages, compared = averages_of(units, stream), operator_of(units, stream)
    words = f"{len(averages.weights)} windows, compared with the {compared}"
    return _array(np.concatenate([averages.weights, averages.places]), words)


def _text(words: str) -> Part:
    return Part(hashlib.sha256(words.encode()).hexdigest()[:16], words)


def _array(values, words: str) -> Part:
    """Digest of numbers or labels and their shape."""
    values = np.asarray(values)
    held = values.astype(str) if values.dtype.kind in "OUS" else np.ascontiguousarray(values)
    made = hashlib.sha256(f"{held.dtype.str}{held.shape}".encode())
    made.update(held.tobytes())
    return Part(made.hexdigest()[:16], words)


def _coordinate(values) -> Part:
    values = np.asarray(values)
    if values.dtype.kind == "M":
        values = values.astype("datetime64[ns]")
    if not values.size:
        return _array(values, "nothing")
    first, last = (str(value).removesuffix("T00:00:00.000000000") for value in values[[0, -1]])
    return _array(values, f"{values.size} from {first} to {last}")


def _data(model: pm.Model, variable) -> Part:
    values = np.asarray(variable.get_value(), float)
    where = model.named_vars_to_dims.get(variable.name, ())
    shape = " x ".join(f"{size} {name}" for size, name in zip(values.shape, where)) or "one number"
    mean = float(np.nanmean(values)) if values.size else float("nan")
    if variable.name.endswith("_seen"):
        return _array(values, f"{int(values.sum())} observed of {shape}")
    return _array(values, f"{shape}, mean {mean:.6g}")


STRIDE = 10**9  # identity of a stratum's units: its number times this, plus the pixel


def identities(model):
    """Number of every unit of a model that stays the same when others join or leave.

    Parameters
    ----------
    model : pm.Model

    Returns
    -------
    array of int
        In the flat order of (stratum, pixel): the pixel's label where it is a whole number, its place
        otherwise, plus 1e9 for the first stratum, 2e9 for the second.
    """
    space = lane_dimensions(model)
    if not space:
        return np.zeros(1, np.int64)
    labels = np.asarray(model.coords[space[-1]])
    pixels = labels if labels.dtype.kind in "iu" else np.arange(labels.size)
    if len(space) == 1:
        return pixels.astype(np.int64)
    strata = np.arange(1, len(model.coords[space[0]]) + 1)
    return (STRIDE * strata[:, None] + pixels).ravel().astype(np.int64)


def places_of(only, count):
    """Flat places of the units to sample.

    Parameters
    ----------
    only : sequence of int or None
    count : int
        Units of the model.

    Returns
    -------
    array of int
    """
    if only is None:
        return np.arange(count)
    places = np.asarray(only)
    if places.ndim != 1 or not places.size or places.dtype.kind not in "iu":
        raise TypeError(
            f"wanted whole numbers, the flat places of units, got only={only!r}; give a list such as "
            "[0, 3], or np.flatnonzero of a mask"
        )
    outside = places[(places < 0) | (places >= count)]
    if outside.size:
        raise ValueError(
            f"wanted places from 0 to {count - 1} of the {count} units of the model, got "
            f"{int(outside[0])} in only; they count from 0, stratum by stratum"
        )
    if np.unique(places).size < places.size:
        raise ValueError(f"wanted each unit once, got only={only!r}; leave out the second")
    return places.astype(int)
