"""Parts of a forecast on disk: one a pixel, scenario and management, so that a killed run goes on."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import xarray as xr

from pm_dalec.data.formats import trees
from pm_dalec.data.storage import folder_to_write, locked, remove, whole
from pm_dalec.forecasting.continuation import Kept
from pm_dalec.sampling.identity import Identity, Part, refuse_another
from pm_dalec.tables.constants import MODEL_VERSION

DONE, MANIFEST, PARTS = "forecast.nc", "manifest.json", "parts"
IDENTITY = "identity"
WHAT, WRITER = "a forecast", "`pm-dalec forecast` or pm_dalec.forecast"


def identity_of(
    posterior: xr.Dataset, datasets: dict[str, xr.Dataset], settings: dict[str, object]
) -> Identity:
    """What a forecast is made from.

    Parameters
    ----------
    posterior : Dataset
    datasets : dict of str to Dataset
        The calibration's drivers, and each scenario, by name.
    settings : dict
    """
    parts = {name: _of_dataset(part) for name, part in ({"draws": posterior} | datasets).items()}
    parts |= {name: _part(str(value).encode(), str(value)) for name, value in settings.items()}
    words = f"version {MODEL_VERSION} of DALEC"
    return Identity(parts | {"model": _part(words.encode(), words)})


def _part(content, words):
    return Part(hashlib.sha256(content).hexdigest()[:16], words)


def _of_dataset(part):
    made = hashlib.sha256()
    for name in sorted(map(str, part.variables)):
        values = part[name].values
        values = values.astype(str) if values.dtype.kind in "OUST" else values
        made.update(f"{name}{part[name].dims}{values.dtype}{values.shape}".encode())
        made.update(np.ascontiguousarray(values).tobytes())
    sizes = " x ".join(f"{size} {name}" for name, size in part.sizes.items())
    return Part(made.hexdigest()[:16], f"{len(part.data_vars)} variables of {sizes or 'one value'}")


class Parts:
    """Parts of one forecast; kept in a folder, or nowhere but in memory.

    Parameters
    ----------
    folder : Path or None
    """

    def __init__(self, folder):
        self.folder = folder
        self.held = {}

    def _path(self, key):
        return self.folder / ("-".join(map(str, key)) + ".npz")

    def holds(self, key: tuple[int, ...]) -> bool:
        """Whether a part is made.

        Parameters
        ----------
        key : tuple of int
            As for `read`.
        """
        return key in self.held if self.folder is None else self._path(key).exists()

    def read(self, key: tuple[int, ...]) -> Kept | None:
        """Part of a scenario, a management and a pixel, by their numbers; None where it is not made.

        Parameters
        ----------
        key : tuple of int
        """
        if self.folder is None or not self.holds(key):
            return self.held.get(key)
        try:
            with self._path(key).open("rb") as stream, np.load(stream) as held:
                kept = Kept(*(held[name] for name in Kept._fields))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as fault:
            raise ValueError(
                f"wanted a part of a forecast in '{self._path(key)}', got a file that cannot be read "
                f"as one ({fault}); remove it, and the part is made anew"
            ) from fault
        return kept._replace(closure=float(kept.closure))

    def write(self, key: tuple[int, ...], kept: Kept) -> None:
        """Keep a part, whole or not at all.

        Parameters
        ----------
        key : tuple of int
        kept : Kept
        """
        if self.folder is None:
            self.held[key] = kept
            return
        with whole(self._path(key)) as draft, draft.open("wb") as stream:
            np.savez(stream, **kept._asdict())


@contextmanager
def opened_parts(store: str | Path | None, identity: Identity) -> Iterator[Parts]:
    """Parts in a folder that nobody else writes to in the meantime.

    Parameters
    ----------
    store : path or None
        Made where it is absent; None keeps parts in memory.
    identity : Identity
        Parts of another forecast are refused.

    Yields
    ------
    Parts
    """
    if store is None:
        yield Parts(None)
        return
    folder = folder_to_write(folder_to_write(store) / PARTS)
    with locked(folder):
        path = folder / MANIFEST
        if path.exists():
            what = "the parts of a forecast"
            refuse_another(identity, path.read_text(), where=folder, what=what)
        else:
            with whole(path) as draft:
                draft.write_text(identity.as_json())
        yield Parts(folder)


def finished(store: str | Path | None, identity: Identity) -> xr.DataTree | None:
    """The forecast of a folder where it is done; None where it is not.

    Parameters
    ----------
    store : path or None
    identity : Identity
        A forecast of something else is refused.
    """
    if store is None or not (Path(store) / DONE).exists():
        return None
    tree = load_forecast(Path(store) / DONE)
    refuse_another(identity, tree.attrs.get(IDENTITY, ""), where=store, what="the forecast")
    return tree


def save_forecast(tree: xr.DataTree, path: str | Path) -> Path:
    """Write a forecast to a NetCDF file, whole or not at all.

    Parameters
    ----------
    tree : DataTree
        From `forecast`.
    path : str or Path

    Returns
    -------
    Path
    """
    path = Path(path)
    with whole(path) as draft:
        tree.to_netcdf(draft, engine="h5netcdf", mode="w")
    return path


def finish(tree: xr.DataTree, store: str | Path) -> None:
    """Write a forecast beside its parts, and remove these.

    Parameters
    ----------
    tree : DataTree
    store : path
    """
    save_forecast(tree, Path(store) / DONE)
    remove(Path(store) / PARTS)


def load_forecast(path: str | Path) -> xr.DataTree:
    """Forecast from a file, in memory.

    Parameters
    ----------
    path : str or Path
        Ends in ``.nc``.

    Returns
    -------
    DataTree
    """
    return trees.read_tree(path, what=WHAT, group="domain", writer=WRITER)
