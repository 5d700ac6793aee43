"""A draw bank: draws of pilots by class with their densities, and the one file that keeps them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pm_dalec.data import storage
from pm_dalec.data.formats import trees
from pm_dalec.tables.numbers import path_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pm_dalec.sampling.target import Target
    from pm_dalec.tables.kinds import Array

VERSION = 4
"""Raised whenever a bank holds other things, or other numbers from the same pilots."""

MOVES = 2
"""Raised whenever a unit makes other draws of the same bank."""

BANK, WRITER = "a draw bank", "pm_dalec.sampling.bank.make_bank"
ROUNDING = 1e-12  # of logarithms of bounds
CLASSES = "classes"  # group that makes a file a bank


@dataclass(frozen=True)
class Share:
    """Draws of the pilots of one class.

    Parameters
    ----------
    positions : array (draw, parameter)
        In the unit interval.
    origins : array (draw,) of int
        Pilot that a draw is of.
    log_mixture : array (draw,)
        Log-density of the mixture of the pilots' wide targets.
    shares : array (draw, pilot)
        Part of each pilot in the density of the mixture.
    constants : array (pilot,)
        Logarithms of the MBAR constants.
    worth : array (pilot, parameter)
        Effective draws for one draw.
    pilots : array (pilot,) of int
        Identities of the units.
    rhat, ess : array (pilot,)
        Of the worst parameter.
    proposals : array (pilot,) of int
        Of all chains, the search for a start counted: what the pilot has cost.
    """

    positions: Array
    origins: Array
    log_mixture: Array
    shares: Array
    constants: Array
    worth: Array
    pilots: Array
    rhat: Array
    ess: Array
    proposals: Array


DIMENSIONS = {
    "positions": ("draw", "parameter"),
    "origins": ("draw",),
    "log_mixture": ("draw",),
    "shares": ("draw", "pilot"),
    "constants": ("pilot",),
    "worth": ("pilot", "parameter"),
    "pilots": ("pilot",),
    "rhat": ("pilot",),
    "ess": ("pilot",),
    "proposals": ("pilot",),
}


@dataclass(frozen=True)
class DrawBank:
    """Draws of pilots, which units of the same classes take over with weights.

    Parameters
    ----------
    classes : dict of str to Share
        By stratum, or "baseline"; by number of the unit where each was a pilot by itself.
    parameters : tuple of str
        In the order of the positions.
    bounds : array (parameter, 2)
        Lower bound in its units, and logarithm of upper over lower: what a position means.
    made_of : str
        Identity of the run of the pilots, as JSON; the width of their target is a part of it.
    """

    classes: dict[str, Share]
    parameters: tuple[str, ...]
    bounds: Array
    made_of: str

    @cached_property
    def digest(self) -> str:
        """Hash of all that a unit's result depends on; stands in the identity of every fit."""
        made = hashlib.sha256(f"{VERSION} {self.parameters}".encode())
        made.update(np.ascontiguousarray(self.bounds, float).tobytes())
        for name, share in sorted(self.classes.items()):
            made.update(name.encode())
            for field in DIMENSIONS:
                values = np.ascontiguousarray(getattr(share, field))
                made.update(f"{field} {values.dtype.str} {values.shape}".encode())
                made.update(values.tobytes())
        return made.hexdigest()[:16]

    def share_of(self, kind: str, identity: int) -> Share | None:
        """Draws for a unit: its own where it was a pilot by itself, else those of its class, if any.

        Parameters
        ----------
        kind : str
            Class of the unit.
        identity : int
            Of the unit.
        """
        return self.classes.get(str(identity), self.classes.get(kind))

    def lacks(self, names: Sequence[str], bounds: Array) -> str:
        """What keeps the draws from a target, as the rest of a sentence; empty where nothing does.

        Parameters
        ----------
        names : sequence of str
            Parameters that the target samples.
        bounds : array (parameter, 2)
            Of the target, from `bounds_of`.
        """
        if tuple(names) != self.parameters:
            other = sorted({*names} ^ {*self.parameters})
            return (
                f"wanted a draw bank of the {len(names)} parameters that the model samples, got one of "
                f"{len(self.parameters)} ({', '.join(other[:3]) or 'in another order'} differ)"
            )
        beyond = (bounds[:, 0] < self.bounds[:, 0]) | (
            _upper(bounds) > _upper(self.bounds) + ROUNDING
        )
        wider = np.flatnonzero(beyond & (bounds != self.bounds).any(axis=1))
        if wider.size:
            return (
                "wanted a draw bank whose bounds hold those of the model, got narrower ones for "
                f"{names[int(wider[0])]!r}"
            )
        return ""

    def carried_to(self, target: Target) -> DrawBank:
        """Bank in the positions of a target, whose bounds may be narrower: draws outside are left out.

        The densities of what is left are those of the bank cut at the bounds, so weights stay exact.

        Parameters
        ----------
        target : Target

        Raises
        ------
        ValueError
            If the target has other parameters or wider bounds.
        """
        ours = bounds_of(target.transforms)
        if told := self.lacks(target.rows, ours):
            raise ValueError(f"{told}; make a bank with the same choices")
        moved = (ours != self.bounds).any(axis=1)
        if not moved.any():
            return self
        carried = {
            name: _carried(share, self.bounds[moved], ours[moved], moved)
            for name, share in self.classes.items()
        }
        kept = {name: share for name, share in carried.items() if len(share.positions)}
        return replace(self, classes=kept, bounds=ours)


def bounds_of(transforms):
    """What positions mean (parameter, 2): lower bounds, logarithms of upper over lower."""
    return np.array([[each.lower, each.span] for each in transforms], float)


def _upper(bounds):
    """Upper bounds, on the logarithmic scale."""
    return np.log(bounds[:, 0]) + bounds[:, 1]


def _carried(share, old, new, moved):
    """Share in positions of other bounds, without the draws that lie outside."""
    positions = share.positions.copy()
    logarithms = np.log(old[:, 0]) + old[:, 1] * positions[:, moved]
    positions[:, moved] = (logarithms - np.log(new[:, 0])) / new[:, 1]
    kept = ((positions > 0) & (positions < 1)).all(axis=1)
    by_draw = ("origins", "log_mixture", "shares")
    left = {name: getattr(share, name)[kept] for name in by_draw}
    return replace(share, positions=positions[kept], **left)


def save_bank(bank: DrawBank, path: str | Path) -> Path:
    """Write a draw bank whole or not at all.

    Parameters
    ----------
    bank : DrawBank
    path : str or Path
        Ends in ``.nc``; what is there is replaced.

    Returns
    -------
    Path
    """
    path = checked_path(path)
    parts = {
        "/": xr.Dataset(
            {"bounds": (("parameter", "bound"), bank.bounds)},
            coords={"parameter": list(bank.parameters), "bound": ["lower", "span"]},
            attrs={"bank_version": VERSION, "made_of": bank.made_of, "digest": bank.digest},
        ),
        f"/{CLASSES}": xr.Dataset(),
    }
    for name, share in bank.classes.items():
        held = {field: (where, getattr(share, field)) for field, where in DIMENSIONS.items()}
        parts[f"/{CLASSES}/{name}"] = xr.Dataset(held)
    with storage.whole(path) as draft:
        trees.write_netcdf(xr.DataTree.from_dict(parts), draft)
    return path


def checked_path(path):
    """Path of a bank, which ends in .nc."""
    path = path_of("path", path)
    if path.suffix not in trees.NETCDF:
        raise ValueError(
            f"wanted '.nc' at the end of the path of {BANK}, got '{path.name}'; rename it"
        )
    return path


def load_bank(path: str | Path) -> DrawBank:
    """Draw bank from a file.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    DrawBank

    Raises
    ------
    FileNotFoundError, ValueError
        A sentence, where nothing is there, or no bank, or one of another version or damaged.
    """
    path = checked_path(path)
    tree = trees.read_tree(path, what=BANK, group=CLASSES, writer=WRITER)
    if tree.attrs.get("bank_version") != VERSION:
        raise ValueError(
            f"wanted a draw bank of version {VERSION} in '{path}', got version "
            f"{tree.attrs.get('bank_version', 'unknown')}; make it again with {WRITER}"
        )
    classes = {
        name: Share(**{field: node[field].values for field in DIMENSIONS})
        for name, node in tree[CLASSES].children.items()
    }
    names = tuple(str(name) for name in tree["parameter"].values)
    bank = DrawBank(classes, names, tree["bounds"].values, tree.attrs["made_of"])
    if bank.digest != tree.attrs["digest"]:
        raise ValueError(
            f"wanted the draw bank that '{path}' says it is, got other numbers; make it again with "
            f"{WRITER}"
        )
    return bank


def said_of(bank: DrawBank | None) -> dict[str, str | int]:
    """What a fit and the identity of its run say of the bank, if any."""
    return {} if bank is None else {"bank": bank.digest, "bank_moves": MOVES}


def opened(bank: DrawBank | str | Path | None) -> DrawBank | None:
    """Draw bank of an argument that may be one, a path of one, or None."""
    return bank if bank is None or isinstance(bank, DrawBank) else load_bank(bank)
