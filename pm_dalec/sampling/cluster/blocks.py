"""Blocks of units: what one task of a cluster calibrates, and writes as whole shards."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pm_dalec.tables import dims

if TYPE_CHECKING:
    import xarray as xr

MOST_UNITS = 64  # of a block: minutes of work, and some 100 MB of draws in memory
FEWEST_BLOCKS = 64  # of a region that is large enough: so many workers have something to do


class Blocks(NamedTuple):
    """Pixels of a region in blocks of neighbours; a block has all strata of its pixels.

    Parameters
    ----------
    pixels, strata : int
        Of the region; one stratum where a pixel is one unit.
    size : int
        Pixels of a block; the last block may have fewer.
    """

    pixels: int
    strata: int
    size: int

    @property
    def count(self) -> int:
        """Number of blocks."""
        return -(-self.pixels // self.size)

    def extent(self, number: int) -> slice:
        """Pixels of a block."""
        return slice(number * self.size, min((number + 1) * self.size, self.pixels))

    def slots(self, number: int) -> np.ndarray:
        """Flat places (stratum, pixel) of a block, (pixel, stratum)."""
        extent = self.extent(number)
        pixels = np.arange(extent.start, extent.stop)
        return pixels[:, None] + self.pixels * np.arange(self.strata)

    def places(self, number: int, exist: np.ndarray) -> np.ndarray:
        """Flat places of the units of a block that exist.

        Parameters
        ----------
        number : int
        exist : array of bool
            By flat place.
        """
        slots = self.slots(number).ravel()
        return slots[exist[slots]]

    def part(self, part: tuple[int, int]) -> range:
        """Numbers of the blocks of part i of n; i counts from one.

        Parameters
        ----------
        part : tuple of int
        """
        first, count = part
        return range(first - 1, self.count, count)


def blocks_of(pixels: int, strata: int) -> Blocks:
    """Blocks of a region; they depend on nothing but its size.

    Parameters
    ----------
    pixels, strata : int
    """
    size = min(max(1, pixels // FEWEST_BLOCKS), max(1, MOST_UNITS // strata))
    return Blocks(pixels, strata, size)


def present(units: xr.Dataset) -> np.ndarray:
    """Flat places ([stratum,] pixel) of the units that exist.

    Parameters
    ----------
    units : Dataset
        A stratum with ``area_fraction`` zero in a pixel is no unit; a site is one.
    """
    if not dims.space_of(units):
        return np.arange(1)
    if dims.STRATUM not in units.dims:
        return np.arange(units.sizes[dims.PIXEL])
    share = units["area_fraction"].transpose(*dims.SPACE).values
    return np.flatnonzero(share.ravel() > 0)


def part_of(text: str) -> tuple[int, int]:
    """Part i of n of a job array, from text such as ``3/8``.

    Parameters
    ----------
    text : str

    Raises
    ------
    ValueError

    Examples
    --------
    >>> part_of("3/8")
    (3, 8)
    """
    found = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", str(text))
    part = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= part[0] <= part[1]:
        raise ValueError(
            f"wanted part as i/n with i from 1 to n, such as '3/8', got {text!r}; the first task of a "
            "job array of eight is '1/8'"
        )
    return part
