"""What an argument may be, and strategies of hypothesis for everything else.

A domain knows nothing of the code: it says what the documentation promises. `wrong` draws values outside
it, `harmless` other spellings of the right value, which must give the same numbers.
"""

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import xarray as xr
from hypothesis import strategies as st

KINDLESS = st.sampled_from(
    [
        "",
        "x",
        b"x",
        (),
        [],
        {},
        {"a": 1},
        object,
        3 + 4j,
        np.array([1, 2]),
        np.array([]),
        np.array("x"),
        np.datetime64("2014-01-01"),
        float("nan"),
        [None],
        range(0),
        slice(None),
        ...,
    ]
)


def other_than(*kinds):
    """Things of no use as an argument, without those of some kinds."""
    return KINDLESS.filter(lambda value: not isinstance(value, kinds))


def misspelt(names):
    """Names with one letter dropped, doubled, exchanged or in another case."""

    def spoil(drawn):
        name, place, how = drawn
        place %= max(len(name), 1)
        spoilt = {
            "drop": name[:place] + name[place + 1 :],
            "double": name[: place + 1] + name[place:],
            "exchange": name[:place] + name[place + 1 : place + 2] + name[place : place + 1] + name[place + 2 :],
            "case": name.swapcase(),
            "space": f" {name}",
        }  # fmt: skip
        return spoilt[how]

    drawn = st.tuples(
        st.sampled_from(sorted(names)),
        st.integers(0, 30),
        st.sampled_from(["drop", "double", "exchange", "case", "space"]),
    )
    return drawn.map(spoil).filter(lambda name: name not in names)


@dataclass(frozen=True)
class Whole:
    """Whole number from ``least`` to ``most``."""

    least: int
    most: int | None = None
    optional: bool = False

    def wrong(self):
        """Of another kind, or outside."""
        outside = [st.integers(max_value=self.least - 1)]
        if self.most is not None:
            outside.append(st.integers(min_value=self.most + 1))
        nothing = [] if self.optional else [st.none()]
        fractions = st.floats().map(float)
        return st.one_of(*outside, fractions, st.booleans(), other_than(), *nothing)

    def harmless(self, value):
        """Whole numbers of NumPy."""
        return st.sampled_from([np.int64(value), np.uint64(value)])


@dataclass(frozen=True)
class Real:
    """Finite number, above or from and up to a limit."""

    above: float | None = None
    least: float | None = None
    most: float | None = None
    optional: bool = False

    def wrong(self):
        """Of another kind, not finite, or outside."""
        low = self.above if self.above is not None else self.least
        outside = [st.sampled_from([float("nan"), float("inf"), -float("inf")])]
        if low is not None:
            outside.append(st.floats(max_value=low, exclude_max=self.above is None))
        if self.most is not None:
            outside.append(st.floats(min_value=self.most, exclude_min=True))
        nothing = [] if self.optional else [st.none()]
        return st.one_of(*outside, st.booleans(), other_than(float), *nothing)

    def harmless(self, value):
        """The same number in other types."""
        return st.sampled_from([np.float64(value), Fraction(value)])


@dataclass(frozen=True)
class Flag:
    """True or False."""

    def wrong(self):
        """What Python takes as true or false, and nobody means."""
        return st.one_of(st.sampled_from(["no", "false", "yes", "0", 2, -1, None]), other_than())

    def harmless(self, value):
        """That of NumPy."""
        return st.just(np.bool_(value))


@dataclass(frozen=True)
class Name:
    """One name out of some."""

    names: tuple
    optional: bool = False

    def wrong(self):
        """Another name, or none."""
        nothing = [] if self.optional else [st.none()]
        lists = st.sampled_from(self.names).map(lambda name: [name])
        return st.one_of(misspelt(self.names), lists, st.integers(), other_than(), *nothing)

    def harmless(self, value):
        """Text of NumPy."""
        return st.just(np.str_(value))


@dataclass(frozen=True)
class Length(Name):
    """A name, or a length above 0."""

    def wrong(self):
        """Another name, a list, a number that is no length."""
        return st.one_of(
            misspelt(self.names), st.floats(max_value=0.0), st.booleans(), other_than()
        )


@dataclass(frozen=True)
class Names:
    """Some names out of more, each once."""

    names: tuple
    optional: bool = False
    empty: bool = False

    def wrong(self):
        """One text, a name twice or misspelt, a number among them, none at all."""
        one = st.sampled_from(self.names)
        drawn = [
            one,
            one.map(lambda name: (name, name)),
            misspelt(self.names).map(lambda name: (self.names[0], name)),
            one.map(lambda name: (name, 1)),
            one.map(lambda name: [[name]]),
            st.integers(),
            st.sampled_from(["", b"lai", float("nan"), 3j, ..., [None]]),
        ]
        drawn += [] if self.empty else [st.sampled_from([(), [], {}])]
        drawn += [] if self.optional else [st.none()]
        return st.one_of(*drawn)

    def harmless(self, value):
        """Other sequences."""
        return st.sampled_from([list(value), dict.fromkeys(value), np.array(list(value))])


@dataclass(frozen=True)
class Seed:
    """Whole number from 0, a generator, a sequence; None draws a new one."""

    plain: bool = False

    def wrong(self):
        """Below zero, too large, of another kind."""
        outside = st.one_of(st.integers(max_value=-1), st.integers(min_value=2**63))
        nothing = [st.none()] if self.plain else []
        return st.one_of(outside, st.floats(), st.booleans(), other_than(), *nothing)

    def harmless(self, value):
        """That of NumPy."""
        return st.just(np.int64(value))


@dataclass(frozen=True)
class Kind:
    """Object of a kind, such as a fit or a model."""

    others: tuple = field(default=(), compare=False)
    optional: bool = False

    def wrong(self):
        """Other objects of this library and of its users."""
        nothing = [] if self.optional else [st.none()]
        empty = [xr.Dataset(), xr.DataTree(), xr.DataArray([1.0, 2.0]), 3]
        return st.one_of(st.sampled_from([*self.others, *empty]), other_than(), *nothing)

    def harmless(self, value):
        """Nothing but itself."""
        return st.just(value)


@dataclass(frozen=True)
class Place:
    """Path of a file that is there."""

    folder: object

    def wrong(self):
        """Nothing there, a folder, a text, another file, no path at all."""
        names = ["absent.nc", "absent.zarr", "", ".", "text.nc", "empty.nc", "folder.nc", "a\0b.nc"]
        paths = [self.folder / name for name in names] + [str(self.folder / n) for n in names]
        return st.one_of(st.sampled_from(paths), st.integers(), st.none(), other_than(str))

    def harmless(self, value):
        """The same path as text."""
        return st.just(str(value))
