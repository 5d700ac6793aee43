"""Managements as text, for the command line: actions joined by ``+``, each a word and its numbers.

``none``; ``mean`` and ``mean,by=stratum``; ``rate,share=0.02,strata=conifer``;
``felling,years=2040/2080,share=0.9``; ``rotation,every=44,share=0.9,first=2030``;
``thinning,every=15,share=0.3,first=2030``; ``planting,source=arable,target=conifer,share=0.01,years=2025-2044``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from pm_dalec.forecasting.management import (
    AnnualRate,
    Felling,
    Management,
    MeanRate,
    Planting,
    rotation,
)

NONE = "none"
ACTIONS = {
    "mean": (MeanRate, ()),
    "rate": (AnnualRate, ("share",)),
    "felling": (Felling, ("years", "share")),
    "rotation": (rotation, ("every", "share", "first")),
    "thinning": (rotation, ("every", "share", "first")),
    "planting": (Planting, ("source", "target", "share", "years")),
}
OPTIONAL = {
    "mean": ("by",),
    "rate": ("strata",),
    "felling": ("strata", "month"),
    "rotation": ("last", "strata", "month"),
    "thinning": ("last", "strata", "month"),
    "planting": ("seedlings",),
}
WHOLE, NUMBERS, LISTS = ("every", "first", "last", "month"), ("share", "seedlings"), ("strata",)


def management_from(text: str) -> Management:
    """Management that a text says.

    Parameters
    ----------
    text : str
        ``none``, or actions joined by ``+``.

    Returns
    -------
    Management
        Named by the text.
    """
    if not isinstance(text, str):
        raise TypeError(
            f"wanted a management, or its text, got {type(text).__name__}; write 'none' or 'mean'"
        )
    if text == NONE:
        return Management(NONE)
    return Management(text, tuple(_action(part) for part in text.split("+")))


def managements_of(given: object) -> dict[str, Management]:
    """Managements by name, from one or several of them or of their texts.

    Parameters
    ----------
    given : Management, str, mapping or sequence of them

    Returns
    -------
    dict of str to Management
    """
    if isinstance(given, Mapping):
        given = [Management(name, _actions(name, held)) for name, held in given.items()]
    if isinstance(given, Management | str):
        given = [given]
    if not isinstance(given, Iterable) or np.ndim(given) == 0:
        raise TypeError(
            f"wanted managements as texts or objects, got {type(given).__name__} in management; write "
            "management=['none', 'mean']"
        )
    several = [m if isinstance(m, Management) else management_from(m) for m in given]
    names = [management.name for management in several]
    if not names or len(set(names)) < len(names):
        raise ValueError(
            f"wanted managements with names of their own, got {names or 'none'}; write "
            "management=['none', 'mean']"
        )
    return dict(zip(names, several, strict=True))


def _actions(name, held):
    if not isinstance(held, Sequence) or isinstance(held, str):
        raise TypeError(
            f"wanted the actions of the management {name!r} as a sequence, got {type(held).__name__}; write "
            "management={'mine': [MeanRate()]}"
        )
    return tuple(held)


def _action(text):
    word, *settings = text.strip().split(",")
    if word not in ACTIONS:
        raise ValueError(
            f"wanted a management out of {NONE}, {', '.join(ACTIONS)}, got {word!r} in {text!r}; "
            "see pm-dalec forecast --help"
        )
    make, needed = ACTIONS[word]
    given = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        if name not in (*needed, *OPTIONAL[word]) or not value or name in given:
            known = ", ".join(f"{name}=" for name in (*needed, *OPTIONAL[word]))
            raise ValueError(
                f"wanted {known} once each, got {setting!r} in the management {text!r}; write "
                "NAME=VALUE, parted by commas"
            )
        given[name] = _value(name, value, text)
    missing = [name for name in needed if name not in given]
    if missing:
        raise ValueError(
            f"wanted {', '.join(f'{name}=' for name in needed)} in the management {text!r}, got no "
            f"{missing[0]}; add it"
        )
    return make(**given)


def _value(name, text, whole):
    """Value of a setting in its kind."""
    try:
        if name in WHOLE:
            return int(text)
        if name in NUMBERS:
            return float(text)
        if name == "years":
            return _years(text)
    except ValueError:
        raise ValueError(
            f"wanted a number for {name}, got {text!r} in the management {whole!r}; write "
            "share=0.02, years=2040/2080 or years=2025-2044"
        ) from None
    return tuple(text.split("/")) if name in LISTS else text


def _years(text):
    """Years: single ones parted by strokes, and spans from first to last."""
    found = []
    for part in text.split("/"):
        span = re.fullmatch(r"(\d+)-(\d+)", part)
        found += range(int(span[1]), int(span[2]) + 1) if span else [int(part)]
    return tuple(found)
