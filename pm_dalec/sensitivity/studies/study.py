"""A study: a land, a model, and variants of its choices; calibrated all, resumable, as one tree."""

from __future__ import annotations

import hashlib
import re
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from pm_dalec.data import storage
from pm_dalec.data.formats import trees
from pm_dalec.data.land import PIXELS
from pm_dalec.graph.choices import PAPER, Choices
from pm_dalec.posterior import fit_file
from pm_dalec.sampling.identity import run_identity
from pm_dalec.sampling.region_store import FIT, calibrate_region
from pm_dalec.sensitivity.studies.results import (
    STUDY,
    joined,
    summary_of,
    unconverged,
)
from pm_dalec.sensitivity.studies.variants import Variant, variants_of

if TYPE_CHECKING:
    import pymc as pm

SUMMARY, STAMP = "summary.nc", "made_from"
SECONDS = "seconds"
FITS = "fits"


class Study:
    """Variants of a model of a land.

    Parameters
    ----------
    build : callable
        ``build`` of a model in `models/`.
    land : Dataset or DataTree
        A site or a region.
    variants : mapping of str to mapping, or sequence of Variant
        Changes by name, such as ``{"base": {}, "no EDCs": {"constraints": None}}``; the first is what
        the others are compared with.
    choices : Choices
        Of which the variants are changes.

    Examples
    --------
    >>> from pm_dalec import synthetic_site
    >>> from pm_dalec.models import baseline
    >>> variants = {"base": {}, "wide": {"sigma": {"lai": 2.0}}, "LAI": {"streams": ["lai"]}}
    >>> study = Study(baseline.build, synthetic_site(0), variants)
    >>> list(study.variants)
    ['base', 'wide', 'LAI']
    """

    def __init__(
        self,
        build: Callable[..., pm.Model],
        land: xr.Dataset | xr.DataTree,
        variants: Mapping[str, object] | Sequence[Variant],
        *,
        choices: Choices = PAPER,
    ) -> None:
        """Refuse variants that cannot be, before anything is calibrated."""
        if not callable(build):
            raise TypeError(
                f"wanted build as a function that makes a model of a land, got {type(build).__name__}; "
                "give models.baseline.build"
            )
        if not isinstance(land, xr.Dataset | xr.DataTree):
            raise TypeError(
                f"wanted a site (Dataset) or a region (DataTree), got {type(land).__name__} as land; "
                "open one with open_site, load_site or open_region"
            )
        self.build, self.land, self.folder = build, land, None
        self.places: dict[str, str] = {}  # folders of the fits of the last run
        self.variants = variants_of(variants)
        units = land if isinstance(land, xr.Dataset) else land[PIXELS].to_dataset()
        self.choices = {name: one.choices(choices, units) for name, one in self.variants.items()}
        for variant in self.variants.values():
            variant.land(land)

    def run(
        self,
        folder: str | Path,
        *,
        chains: int = 8,
        progress: bool = True,
        **settings: object,
    ) -> xr.DataTree:
        """Calibrate all units of all variants; what is finished in the folder is not done again.

        Parameters
        ----------
        folder : path
            Made when absent. Of every variant the fit lies in a folder of its own in ``fits``, named by
            the variant and by a hash of what it is made from: a variant that was changed gets another.
        chains : int
            Of each unit.
        progress : bool
        **settings
            Of `pm_dalec.calibrate_region`: draws, rhat, ess, proposals, random_seed, threads, groups.

        Returns
        -------
        DataTree
            At the root, by ``variant``: changes, folder, seconds and compile_seconds [s] (of the run
            that finished it). Groups as in `summary_of`, the dimension ``variant`` in front. It is kept
            as ``study.nc``; units that failed or did not converge are named in a warning.
        """
        self.folder = storage.folder_to_write(folder)
        settings = {"groups": (), **settings}
        summaries, told, began = {}, {}, time.monotonic()
        for place, (name, variant) in enumerate(self.variants.items()):
            _tell(progress, f"variant {place + 1} of {len(self.variants)}: {name}")
            summaries[name], told[name] = self._one(name, chains, progress, settings)
            told[name] = {"changes": variant.words} | told[name]
            left = (time.monotonic() - began) / (place + 1) * (len(self.variants) - place - 1)
            _tell(progress, f"  {_ended(summaries[name])}; the others in about {left:.0f} s")
        self.places = {name: str(one["folder"]) for name, one in told.items()}
        study = joined(summaries, told)
        with storage.whole(self.folder / STUDY) as draft:
            trees.write_netcdf(study, draft)
        _warn(study)
        return study

    def fit(self, name: str) -> xr.DataTree:
        """Fit of one variant, with its draws.

        Parameters
        ----------
        name : str
        """
        if name not in self.variants:
            raise KeyError(f"no variant {name!r}; there are {', '.join(self.variants)}")
        if name not in self.places:
            raise ValueError("wanted a study that was run, got one that was not; call run first")
        return fit_file.load(self.folder / FITS / self.places[name] / FIT)

    def _one(self, name, chains, progress, settings):
        """Summary of one variant, from its folder where it is finished, and what is told of it."""
        land = self.variants[name].land(self.land)
        model = self.build(land, self.choices[name])
        store = self._store(name, model, {"chains": chains, **settings})
        started = time.perf_counter()
        fit = calibrate_region(
            lambda land: model, land, store=store, chains=chains, progress=progress, **settings
        )
        kept, stamp = store / SUMMARY, str(fit_file.changed_at(store / FIT))
        summary = _kept(kept, stamp)
        if summary is None:
            summary = summary_of(fit)
            summary.attrs = {STAMP: stamp, SECONDS: time.perf_counter() - started}
            with storage.whole(kept) as draft:
                trees.write_netcdf(summary, draft)
        return summary, {
            "folder": store.name,
            SECONDS: float(summary.attrs[SECONDS]),
            "compile_seconds": float(fit.attrs["compile_seconds"]),
        }

    def _store(self, name, model, settings):
        """Folder of a variant: one that holds the same already, whatever its name, or a new one."""
        decisive = {key: settings.get(key) for key in ("chains", "draws", "random_seed")}
        identity = run_identity(model, decisive).parts
        text = "".join(f"{key} {part.digest}\n" for key, part in sorted(identity.items()))
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        fits = self.folder / FITS
        found = sorted(fits.glob(f"*-{digest}"))
        slug = re.sub(r"[^\w.]+", "_", name).strip("_")[:60]
        return found[0] if found else fits / f"{slug}-{digest}"


def _kept(path, stamp):
    """Summary on disk, where it is of the fit as it is now."""
    if not path.exists():
        return None
    held = trees.read_tree(path, what="a summary", group="quantiles", writer="pm_dalec.sensitivity")
    return held if held.attrs.get(STAMP) == stamp else None


def _tell(progress, words):
    """Say what is going on, above the bar of the calibration."""
    if progress:
        print(words, file=sys.stderr, flush=True)


def _ended(summary):
    status = summary["units"]["status"].values.ravel()
    status = status[status != "not run"]
    done = int((status == "converged").sum())
    worst = float(summary["units"]["worst_rhat"].max())
    return f"{done} of {status.size} units converged, worst R-hat {worst:.3f}"


def _warn(study):
    """Name the variants that are not to be trusted."""
    doubtful = unconverged(study)
    if doubtful:
        told = "; ".join(f"{name!r}: {words}" for name, words in doubtful.items())
        warnings.warn(
            f"wanted {study.sizes['variant']} variants that converged, got {len(doubtful)} that did not "
            f"({told}); run the study again with more proposals, and they go on where they were",
            UserWarning,
            stacklevel=3,
        )
