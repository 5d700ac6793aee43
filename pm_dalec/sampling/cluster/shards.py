"""Draws and quantiles of units on disk: zarr arrays of which one task writes whole shards.

A shard is one file and holds all units of a block. Who writes less than a shard reads it before and
writes it again, and two who do so at a time lose units without a word. So nothing here writes less than
a block, and a block has one writer (see `work`). A file gets its name when it is complete.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr
import zarr

from pm_dalec.data.storage import remove
from pm_dalec.tables import dims

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pm_dalec.sampling.cluster.blocks import Blocks
    from pm_dalec.tables.kinds import Array

LEVELS = (0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975)
DRAWS, QUANTILES = "units/draws.zarr", "quantiles.zarr"


class Lengths(NamedTuple):
    """Most draws of a chain, chains, and free parameters of a unit."""

    draws: int
    chains: int
    parameters: int


class Shards(NamedTuple):
    """Arrays of one store.

    Parameters
    ----------
    store : Path
    blocks : Blocks
    lengths : Lengths
    """

    store: Path
    blocks: Blocks
    lengths: Lengths

    def create(self, names: tuple[str, ...], coords: Mapping[str, Array]) -> None:
        """Make empty arrays; what was there goes.

        Parameters
        ----------
        names : tuple of str
            Free parameters in the order of the positions.
        coords : dict of str to array
            Labels of pixels and, where there are any, of strata.
        """
        draws, chains, parameters = self.lengths
        path, inner = self.store / QUANTILES, (draws, chains, parameters + 1)
        for old in (path, self.store / DRAWS):
            remove(old)
        write_labels(path, coords | {"quantile": np.array(LEVELS), "parameter": np.asarray(names)})
        # one unit of draws is read without the others; quantiles of a block are small
        create_array(self.store / DRAWS, self.blocks, inner, ("draw", "chain", "row"), alone=True)
        for name, inner, labels in (
            ("quantiles", (len(LEVELS), parameters), ("quantile", "parameter")),
            ("mean", (parameters,), ("parameter",)),
            ("sd", (parameters,), ("parameter",)),
        ):
            create_array(path / name, self.blocks, inner, labels)

    def write(self, number: int, drawn: Mapping[int, Array], natural: Mapping[int, Array]) -> None:
        """Write all units of a block: whole shards.

        Parameters
        ----------
        number : int
            Of the block.
        drawn : dict of int to array (draw, chain, parameter + 1)
            In the unit interval, by flat place; the last row is the log-probability.
        natural : dict of int to array (draw, chain, parameter)
            The same draws in natural units.
        """
        slots, extent = self.blocks.slots(number), self.blocks.extent(number)
        draws, chains, parameters = self.lengths
        whole = np.full((*slots.shape, draws, chains, parameters + 1), np.nan)
        quantiles = np.full((*slots.shape, len(LEVELS), parameters), np.nan)
        mean, sd = (np.full((*slots.shape, parameters), np.nan) for _ in range(2))
        for where in np.ndindex(slots.shape):
            values = drawn.get(int(slots[where]))
            if values is None or not len(values):
                continue
            whole[where][: len(values)] = values
            known = natural[int(slots[where])].reshape(-1, parameters)
            quantiles[where] = np.quantile(known, LEVELS, axis=0)
            mean[where], sd[where] = known.mean(axis=0), known.std(axis=0)
        zarr.open_array(self.store / DRAWS, mode="r+")[extent] = whole
        reduced = {"quantiles": quantiles, "mean": mean, "sd": sd}
        for name, values in reduced.items():
            zarr.open_array(self.store / QUANTILES / name, mode="r+")[extent] = values

    def read(self, number: int, lines: Mapping[int, tuple[int, str]]) -> dict[int, Array]:
        """Draws of the units of a block, by flat place.

        Parameters
        ----------
        number : int
        lines : dict of int to tuple
            Number of draws and their digest, by place.

        Raises
        ------
        ValueError
            If draws are not those that were written.
        """
        held = zarr.open_array(self.store / DRAWS, mode="r")[self.blocks.extent(number)]
        slots, found = self.blocks.slots(number), {}
        for where in np.ndindex(slots.shape):
            place = int(slots[where])
            if place not in lines:
                continue
            kept, told = lines[place]
            found[place] = np.ascontiguousarray(held[where][:kept])
            if digest_of(found[place]) != told:
                raise ValueError(
                    f"wanted the draws of unit {place} in '{self.store / DRAWS}' as they were written, "
                    f"got others; remove '{self.store / 'units'}', and the units are done again from "
                    "their states"
                )
        return found


def write_labels(path: Path, coords: Mapping[str, Array]) -> None:
    """Begin a folder of arrays with the labels of their dimensions.

    Parameters
    ----------
    path : Path
        Nothing is there yet.
    coords : dict of str to array
    """
    made = {
        name: (name, values.astype(object) if values.dtype.kind in "OU" else values)
        for name, values in ((name, np.asarray(values)) for name, values in coords.items())
    }
    xr.Dataset(coords=made).to_zarr(path, mode="w-", zarr_format=3, consolidated=False)


def create_array(
    path: Path,
    blocks: Blocks,
    inner: tuple[int, ...],
    labels: tuple[str, ...],
    *,
    alone: bool = False,
    strata: bool = True,
) -> None:
    """Make an empty array of all units or pixels, a shard a block.

    Parameters
    ----------
    path : Path
    blocks : Blocks
    inner : tuple of int
        Lengths behind those of the units.
    labels : tuple of str
        Names of these dimensions.
    alone : bool
        Whether a unit is a chunk by itself.
    strata : bool
        Whether it is of the strata of pixels; else of pixels.
    """
    units = {dims.PIXEL: (blocks.pixels, blocks.size), dims.STRATUM: (blocks.strata, blocks.strata)}
    kept = (dims.PIXEL, dims.STRATUM) if strata else (dims.PIXEL,)
    size = tuple(units[name][1] for name in kept)
    zarr.create_array(
        path,
        shape=(*(units[name][0] for name in kept), *inner),
        chunks=((1,) * len(size) if alone else size) + inner,
        shards=(*size, *inner),
        dtype="f8",
        fill_value=np.nan,
        compressors=None,
        dimension_names=(*kept, *labels),
    )


def digest_of(drawn: Array) -> str:
    """Digest of the draws of one unit.

    Parameters
    ----------
    drawn : array
    """
    made = hashlib.sha256(f"{drawn.shape}".encode())
    made.update(np.ascontiguousarray(drawn, float).tobytes())
    return made.hexdigest()[:16]


def open_quantiles(store: str | Path) -> xr.Dataset:
    """Quantiles, mean and standard deviation of every parameter and unit of a region, not yet in memory.

    They are there as soon as the block of a unit is done, and are written for stores that a cluster or
    parts of a job array filled.

    Parameters
    ----------
    store : path
        As for `pm_dalec.calibrate_region`.

    Returns
    -------
    Dataset
        Dims (pixel, stratum, quantile, parameter); NaN where a unit is absent or not done.
    """
    path = Path(store) / QUANTILES
    if not path.is_dir():
        raise FileNotFoundError(
            f"wanted quantiles of units at '{path}', found nothing there; calibrate the region with "
            "client= or in parts"
        )
    return xr.open_zarr(path, consolidated=False, chunks=None)
