"""Arguments: each is what it should be, or refused in a sentence that names it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from math import inf, isfinite
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pm_dalec.tables.constants import MISSING

if TYPE_CHECKING:
    import numpy.typing as npt

LARGEST_SEED = 2**63 - 1
"""What a file can hold as a whole number."""


def whole_number(
    name: str, value: object, *, least: int, advice: str, most: int | None = None
) -> int:
    """Whole number of an argument.

    Parameters
    ----------
    name : str
        Of the argument, for the message.
    value : int
    least : int
    advice : str
        What to do where it is none.
    most : int, optional

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, Integral):
        raise TypeError(
            f"wanted a whole number, got {name}={value!r} ({type(value).__name__}); {advice}"
        )
    found = int(value)
    if found < least or (most is not None and found > most):
        limits = f"from {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"wanted a whole number {limits}, got {name}={value}; {advice}")
    return found


def number(
    name: str,
    value: object,
    *,
    advice: str,
    above: float = -inf,
    least: float = -inf,
    most: float = inf,
) -> float:
    """Finite number of an argument.

    Parameters
    ----------
    name : str
        Of the argument, for the message.
    value : float
    advice : str
        What to do where it is none.
    above, least, most : float
        It must be larger than the first, and from the second to the third.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise TypeError(f"wanted a number, got {name}={value!r} ({type(value).__name__}); {advice}")
    found = float(value)
    if not isfinite(found) or found <= above or found < least or found > most:
        limits = [
            *([f"above {above:g}"] if above > -inf else []),
            *([f"from {least:g}"] if least > -inf else []),
            *([f"to {most:g}"] if most < inf else []),
        ]
        words = " ".join(["a finite number", *limits])
        raise ValueError(f"wanted {words}, got {name}={value}; {advice}")
    return found


_LARGEST = 1e15  # what is larger is a fill of a file


def real_numbers(
    name: str,
    values: npt.ArrayLike,
    *,
    advice: str,
    least: float = -inf,
    most: float = inf,
    gaps: bool = False,
) -> npt.NDArray[np.float64]:
    """Array of an argument as numbers in memory, in the byte order of this machine.

    Parameters
    ----------
    name : str
        Of the argument, for the message.
    values : array_like
        Whole or real numbers, of NumPy, dask or xarray; also as objects.
    advice : str
        What to do where it is none.
    least, most : float
        Smallest and largest number that it may be.
    gaps : bool
        Whether NaN may stand for what is missing.

    Returns
    -------
    ndarray of float64

    Raises
    ------
    TypeError, ValueError
        Where a number is none, infinite, a fill such as -9999 or 1e20, or outside.
    """
    found = np.asarray(values.filled(np.nan) if isinstance(values, np.ma.MaskedArray) else values)
    if found.dtype.kind == "O":
        with suppress(TypeError, ValueError):
            found = found.astype(np.float64)
    if found.dtype.kind not in "fiu":
        raise TypeError(f"wanted numbers, got {name} of {found.dtype}; {advice}")
    found = found.astype(np.float64, copy=False)
    inside = (found >= least) & (found <= most) & (found != MISSING) & (np.abs(found) < _LARGEST)
    bad = ~(inside | np.isnan(found)) if gaps else ~inside
    if bad.any():
        limits = [f"from {least:g}"] * (least > -inf) + [f"to {most:g}"] * (most < inf)
        words = " ".join(["finite numbers", *limits, *(["or NaN"] if gaps else [])])
        raise ValueError(
            f"wanted {words}, got {found[bad].flat[0]:g} and {int(bad.sum()) - 1} others in {name}; {advice}"
        )
    return found


def seed_of(
    random_seed: int | np.random.Generator | np.random.SeedSequence | None,
    name: str = "random_seed",
) -> int:
    """Seed of what is drawn, as a whole number that can be kept and given again.

    Parameters
    ----------
    random_seed : int, Generator, SeedSequence or None
        A generator gives its next number, a sequence the same one each time, None fresh entropy.
    name : str
        Of the argument, for the message.

    Returns
    -------
    int
    """
    if random_seed is None:
        random_seed = np.random.SeedSequence()
    if isinstance(random_seed, np.random.SeedSequence):
        return int(random_seed.generate_state(1, np.uint64)[0] >> np.uint64(1))
    if isinstance(random_seed, np.random.Generator):
        return int(random_seed.integers(LARGEST_SEED, endpoint=True))
    return whole_number(
        name,
        random_seed,
        least=0,
        most=LARGEST_SEED,
        advice="give a whole number, a Generator or a SeedSequence of NumPy, or None for a new one",
    )


def names_of(name: str, values: Iterable[str]) -> tuple[str, ...]:
    """Names of an argument: a sequence of texts, each of them once.

    Parameters
    ----------
    name : str
        Of the argument, for the message.
    values : sequence of str

    Returns
    -------
    tuple of str
    """
    if isinstance(values, str):
        raise TypeError(
            f"wanted {name} as a sequence of names, got the text {values!r}; write "
            f"{name}=({values!r},)"
        )
    if not isinstance(values, Iterable):
        raise TypeError(
            f"wanted {name} as a sequence of names, got {name}={values!r} "
            f"({type(values).__name__}); write a tuple of texts"
        )
    found = tuple(values)
    others = [value for value in found if not isinstance(value, str)]
    if others:
        raise TypeError(
            f"wanted {name} as a sequence of names, got {others[0]!r} "
            f"({type(others[0]).__name__}) among them; write texts"
        )
    if len(set(found)) < len(found):
        raise ValueError(
            f"wanted each name once in {name}, got {list(found)}; leave out the second"
        )
    return found


def flag(name: str, value: object) -> bool:
    """Argument that is true or false; texts such as "no" would be true.

    Parameters
    ----------
    name : str
        Of the argument, for the message.
    value : bool

    Returns
    -------
    bool
    """
    if not isinstance(value, bool | np.bool_):
        raise TypeError(
            f"wanted True or False, got {name}={value!r} ({type(value).__name__}); write {name}=True "
            f"or {name}=False"
        )
    return bool(value)


def text_of(name: str, value: object) -> str:
    """Argument that is text.

    Parameters
    ----------
    name : str
        Of the argument, for the message.
    value : str

    Returns
    -------
    str
    """
    if not isinstance(value, str):
        raise TypeError(
            f"wanted {name} as text, got {value!r} ({type(value).__name__}); write {name}='...'"
        )
    return value


def path_of(name: str, value: object) -> Path:
    """Path from text or a path.

    Parameters
    ----------
    name : str
        Of the argument, for the message.
    value : str or Path

    Returns
    -------
    Path
    """
    text = value if isinstance(value, str | PathLike) else None
    if text is None or "\0" in str(text):
        raise TypeError(
            f"wanted {name} as text or a Path, got {value!r} ({type(value).__name__}); give the name of "
            "a file or folder"
        )
    if not str(text):
        raise ValueError(
            f"wanted {name} as text or a Path, got an empty text; give the name of a file or folder, '.' "
            "for this one"
        )
    return Path(text)
