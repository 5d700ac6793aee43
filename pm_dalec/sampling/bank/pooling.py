"""One draw bank of several: the pilots of one land at two resolutions serve the units of both, and better."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pm_dalec.sampling.bank.bank_file import DrawBank, Share, bounds_of, checked_path, save_bank
from pm_dalec.sampling.bank.weights import pooled
from pm_dalec.sampling.bank.wide_target import Width, log_densities, wide_target
from pm_dalec.sampling.identity import Identity, identities, refuse_another, run_identity
from pm_dalec.sampling.target import bound_to, check_dalec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pymc as pm
    import xarray as xr

    from pm_dalec.sampling.target import Target
    from pm_dalec.tables.kinds import Array

LANES = 64  # that run at once where densities are computed


class Source(NamedTuple):
    """A bank, the wide target of its pilots, and the identities of the units of its land."""

    bank: DrawBank
    target: Target
    numbers: Array


def pool_banks(
    build: Callable[..., pm.Model],
    lands: Sequence[xr.DataTree | xr.Dataset],
    banks: Sequence[DrawBank],
    *,
    path: str | Path,
    power: float = Width.power,
    slack: float = Width.slack,
) -> DrawBank:
    """Pool draw banks of several lands into one, and keep it in a file.

    Parameters
    ----------
    build : callable
        ``build`` of the model that the banks were made with.
    lands : sequence of DataTree or Dataset
        Of every bank: such as one region at several resolutions.
    banks : sequence of DrawBank
    path : path
        Of the pooled bank, ends in ``.nc``.
    power, slack : float
        As of `make_bank`, the same for all.

    Returns
    -------
    DrawBank
        Of each class the pilots of all banks that have it: every pilot's density at every draw, from its
        own data, and the constants of MBAR anew. ``pilots`` are numbers of units of their own lands.

    Raises
    ------
    ValueError
        If a bank was made from another land, with other choices or of another width, or has draws that
        another one has, too.
    """
    path, width = checked_path(path), Width(power, slack)
    sources = [
        _source(build(land), bank, width, place)
        for place, (land, bank) in enumerate(zip(lands, banks, strict=True))
    ]
    names = dict.fromkeys(name for source in sources for name in source.bank.classes)
    classes = {
        name: _pooled([s for s in sources if name in s.bank.classes], name) for name in names
    }
    first = sources[0].bank
    made_of = json.dumps({"pooled": [json.loads(bank.made_of) for bank in banks]})
    bank = DrawBank(classes, first.parameters, first.bounds, made_of)
    save_bank(bank, path)
    return bank


def _source(model, bank, width, place):
    """What a bank was made with; refuses one of another land, choices or width."""
    check_dalec(model, "pool_banks")
    wanted, made = run_identity(model, {"width": width}), Identity.read(bank.made_of)
    known = Identity({name: part for name, part in made.parts.items() if name in wanted.parts})
    refuse_another(wanted, known.as_json(), where=f"banks[{place}]", what="a draw bank")
    target = wide_target(model, width)
    if told := bank.lacks(target.rows, bounds_of(target.transforms)):
        raise ValueError(f"{told}; make the bank again with the same choices")
    return Source(bank, target, identities(model))


def _expect_own_draws(parts, name):
    """Refuse the same draws twice, which would count as twice as many; those of one chain may repeat."""
    seen = set()
    for place, part in enumerate(parts):
        here = {row.tobytes() for row in np.ascontiguousarray(part)}
        if common := len(seen & here):
            raise ValueError(
                f"wanted banks whose draws are their own, got {common} of the class {name} that the {place + 1}. "
                "bank which has it shares with one before; pool banks of different pilots, or make one "
                "with another seed"
            )
        seen |= here


def _pooled(sources, name):
    """Share of a class from those of several banks."""
    shares = [source.bank.classes[name] for source in sources]
    parts = [share.positions for share in shares]
    _expect_own_draws(parts, name)
    positions = np.concatenate(parts)
    counts = [len(share.pilots) for share in shares]
    befores = np.cumsum([0, *counts[:-1]])
    origins = np.concatenate([s.origins + n for s, n in zip(shares, befores, strict=True)])
    columns = [
        log_densities(bound_to(source.target, LANES, _place(source, number)), positions)
        for source, share in zip(sources, shares, strict=True)
        for number in share.pilots
    ]
    return share_of_pilots(
        positions,
        origins,
        np.stack(columns, axis=1),
        {
            field: np.concatenate([getattr(share, field) for share in shares])
            for field in ("worth", "pilots", "rhat", "ess", "proposals")
        },
    )


def _place(source, number):
    return int(np.flatnonzero(source.numbers == number)[0])


def share_of_pilots(positions, origins, log_densities, known):
    """Share of a class, whose mixture is made of the densities of its pilots.

    Parameters
    ----------
    positions : array (draw, parameter)
    origins : array (draw,) of int
    log_densities : array (draw, pilot)
        Of every pilot at every draw, each up to a constant of its own.
    known : dict of str to array
        Other fields of `Share`, by pilot.
    """
    pool = pooled(log_densities, origins)
    return Share(
        positions=positions,
        origins=origins,
        log_mixture=pool.log_mixture,
        shares=pool.shares,
        constants=pool.constants,
        **known,
    )
