"""A study: a land, a model, and variants of its choices; calibrated all, resumable, as one tree."""

from __future__ import annotations

import hashlib
import re
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from pm_dalec.data import storage
from pm_dalec.data.formats import trees
from pm_dalec.data.land import PIXELS
from pm_dalec.graph.choices import PAPER, Choices
from pm_dalec.posterior import fit_file
from pm_dalec.sampling.bank.bank_file import said_of
from pm_dalec.sampling.calibration import COMPILING, check_budget
from pm_dalec.sampling.identity import run_identity
from pm_dalec.sampling.progress import Progress
from pm_dalec.sampling.region_store import (
    FIT,
    calibrate_region,
    check_region_run,
    expect_build,
)
from pm_dalec.sensitivity.draws.expected import expect_choices
from pm_dalec.sensitivity.studies.fleet import (
    BUDGET,
    PILOT,
    Recipe,
    at_work,
    bank_of_first,
    side_by_side,
    spent_in,
    usable,
)
from pm_dalec.sensitivity.studies.results import (
    STUDY,
    joined,
    routes_in,
    summary_of,
    unconverged,
)
from pm_dalec.sensitivity.studies.variants import Variant, variants_of
from pm_dalec.tables.numbers import flag, whole_number

if TYPE_CHECKING:
    import pymc as pm
    from distributed import Client

SUMMARY, STAMP = "summary.nc", "made_from"
SECONDS = "seconds"
FITS, BANKS = "fits", "banks"


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
        expect_build(build)
        expect_choices("choices", choices)
        if not isinstance(land, xr.Dataset | xr.DataTree):
            raise TypeError(
                f"wanted a site (Dataset) or a region (DataTree), got {type(land).__name__} as land; "
                "open one with open_site, load_site or open_region"
            )
        if isinstance(land, xr.DataTree) and PIXELS not in land.children:
            raise ValueError(
                f"wanted a region with the group {PIXELS!r}, got groups {sorted(land.children)} in land; open "
                "one with open_region"
            )
        self.build, self.land, self.folder = build, land, None
        self.places: dict[str, str] = {}  # folders of the fits of the last run
        self._taken: dict[str, tuple[Path, threading.Lock]] = {}
        self._worked = False
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
        threads: int | None = None,
        pilot: int = BUDGET,
        client: Client | str | None = None,
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
        threads : int, optional
            Variants run side by side in so many; all processors by default.
        pilot : int
            Budget of each chain with which every unit of the first variant is sampled widely (likelihood
            to the power 0.5, soft constraints), so that the others take over its draws with exact
            weights; it ends before where 3,000 effective draws are there. 0 for none: then every variant
            begins by itself.
        client : distributed.Client or str, optional
            Workers of a cluster, as for `pm_dalec.calibrate_region`: the units of all variants are its
            tasks, as many variants side by side as it has threads.
        **settings
            Of `pm_dalec.calibrate_region`: draws, rhat, ess, proposals, random_seed, groups.

        Returns
        -------
        DataTree
            At the root, by ``variant``: changes, folder, seconds and compile_seconds [s] (of the run
            that finished it); attributes core_seconds and wall_seconds [s], of all runs in the folder,
            interrupted ones as well, in which something was done. Groups as in `summary_of`, the dimension ``variant`` in front; ``route``
            in ``units`` says how a unit came to its draws. It is kept as ``study.nc``; units that failed
            or did not converge are named in a warning.

        Notes
        -----
        Draws of the pilot are taken over (route "bank") where the k-hat of their weights is below 0.5 and
        more effective ones than asked for are left; each is then moved by the variant's own chain. Where
        they drift, or chains that were dealt different draws disagree, and where bounds are wider or other
        parameters are fixed, the variant begins by itself ("full").
        """
        settings = {"groups": (), **settings}
        check_region_run(self.build, chains, progress, client, threads=threads, **settings)
        threads = check_budget(threads, None)
        whole_number("pilot", pilot, least=0, advice="the budget of a chain; 0 for no pilot")
        self.folder, self._taken, self._worked = storage.folder_to_write(folder), {}, False
        names, counter, shown = list(self.variants), count(1), Progress(flag("progress", progress))
        began = time.monotonic()
        with at_work(client, threads, self.folder, lambda: self._worked) as (made, side, stop):
            workers, of_all = min(side, len(names)), settings | {"client": made}
            said = {"threads": threads, "progress": progress, "say": shown.message}
            bank = self._bank(pilot, of_all | said)
            share = {"chains": chains, "threads": max(1, threads // workers), "progress": False}

            def one(name):
                if stop.is_set():
                    raise KeyboardInterrupt
                summary, said = self._one(name, bank, share | of_all)
                done, total = next(counter), len(names)
                left = (time.monotonic() - began) / done * (total - done)
                words = f"{done} of {total}: {name}: {_ended(summary)}"
                took = f"{said[SECONDS]:.0f} s; the others in about {left:.0f} s"
                shown.message(f"{words}, {took}")
                return summary, said

            found = side_by_side(one, names, workers, stop)
        study = self._joined(found)
        _warn(study)
        return study

    def _bank(self, pilot, settings):
        """Draws of the first variant that the others begin at, where they are wanted."""
        if not pilot:
            return None
        name = next(iter(self.variants))
        land = self.variants[name].land(self.land)
        model = self.build(land, self.choices[name])
        decisive = {"seed": settings.get("random_seed", 0)} | PILOT
        path = self.folder / BANKS / f"{_digest(model, decisive)}.nc"
        recipe = Recipe(self.build, self.choices[name], model)
        of_a_bank = ("threads", "progress", "say", "client", "random_seed")
        chosen = {key: settings[key] for key in of_a_bank if key in settings}
        return bank_of_first(recipe, land, path, proposals=pilot, **chosen)

    def _joined(self, found):
        """Results of all variants as one tree, kept in the folder, with what all runs in it have cost."""
        summaries = {name: summary for name, (summary, _) in found.items()}
        told = {
            name: {"changes": self.variants[name].words} | said for name, (_, said) in found.items()
        }
        self.places = {name: str(one["folder"]) for name, one in told.items()}
        study = joined(summaries, told)
        study.attrs = spent_in(self.folder)
        with storage.whole(self.folder / STUDY) as draft:
            trees.write_netcdf(study, draft)
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

    def _one(self, name, bank, settings):
        """Summary of one variant, from its folder where it is finished, and what is told of it."""
        land = self.variants[name].land(self.land)
        with COMPILING:
            model = self.build(land, self.choices[name])
            bank = usable(bank, model)
            store, turn = self._store(name, model, settings | said_of(bank))
        started = time.perf_counter()
        with turn:
            recipe = Recipe(self.build, self.choices[name], model)
            fit = calibrate_region(recipe, land, store=store, bank=bank, **settings)
            kept, stamp = store / SUMMARY, str(fit_file.changed_at(store / FIT))
            summary = _kept(kept, stamp)
            if summary is None:
                self._worked, summary = True, summary_of(fit)
                summary.attrs = {STAMP: stamp, SECONDS: time.perf_counter() - started}
                with storage.whole(kept) as draft:
                    trees.write_netcdf(summary, draft)
        return summary, {
            "folder": store.name,
            SECONDS: float(summary.attrs[SECONDS]),
            "compile_seconds": float(fit.attrs["compile_seconds"]),
        }

    def _store(self, name, model, settings):
        """Folder of a variant, and the lock of who is at work in it.

        One that holds the same already, whatever its name, or a new one.
        """
        decisive = {key: settings.get(key) for key in ("chains", "draws", "random_seed")}
        if "bank" in settings:
            decisive["bank"] = settings["bank"]
        digest, fits = _digest(model, decisive), self.folder / FITS
        if digest not in self._taken:
            found = sorted(fits.glob(f"*-{digest}"))
            slug = re.sub(r"[^\w.]+", "_", name).strip("_")[:60]
            self._taken[digest] = (
                found[0] if found else fits / f"{slug}-{digest}",
                threading.Lock(),
            )
        return self._taken[digest]


def _digest(model, decisive):
    """Hash of a model and of what decides its draws."""
    identity = run_identity(model, decisive).parts
    text = "".join(f"{key} {part.digest}\n" for key, part in sorted(identity.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _kept(path, stamp):
    """Summary on disk, where it is of the fit as it is now."""
    if not path.exists():
        return None
    held = trees.read_tree(path, what="a summary", group="quantiles", writer="pm_dalec.sensitivity")
    return held if held.attrs.get(STAMP) == stamp else None


def _ended(summary):
    status = summary["units"]["status"].values.ravel()
    status = status[status != "not run"]
    done = int((status == "converged").sum())
    worst = float(summary["units"]["worst_rhat"].max())
    return (
        f"{routes_in(summary['units']['route'])}, {done} of {status.size} units converged, worst R-hat "
        f"{worst:.3f}"
    )


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
