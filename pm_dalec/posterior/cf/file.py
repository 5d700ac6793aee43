"""Results of a fit as a CF file: fluxes in kg m-2 s-1, stocks in kg m-2, members and quantiles."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from pm_dalec.data.storage import whole
from pm_dalec.posterior.cf.axes import encoding_of, with_axes
from pm_dalec.posterior.cf.series import drawn, numbered, summaries
from pm_dalec.posterior.cf.variables import QUANTITIES
from pm_dalec.posterior.ensembles import checked_quantiles
from pm_dalec.posterior.runs import expect_fit
from pm_dalec.posterior.trajectory import trajectories
from pm_dalec.tables.numbers import names_of, path_of, whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence

MEMBERS = 100
_CONVENTIONS = "CF-1.11"


def export(
    fit: xr.DataTree,
    path: str | Path,
    *,
    names: Sequence[str] = tuple(QUANTITIES),
    members: int = MEMBERS,
    quantiles: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95),
) -> Path:
    """Write results of a fit as a CF NetCDF file, under the names that ILAMB and C4MIP use.

    Each quantity is there as its mean over the draws (``gpp``), with the same quantiles at every step
    (``gpp_quantiles``) and as members of the ensemble (``gpp_members``), which keep what belongs
    together in time. Means add up: ``nbp`` is ``gpp - ra - rh - fFire``.

    Parameters
    ----------
    fit : DataTree
        Of a site or a region; strata are added up within pixels.
    path : str or Path
        Ends in ``.nc``; what is there is replaced.
    names : sequence of str
        Of ``gpp``, ``nbp``, ``ra``, ``rh``, ``fFire``, ``fHarvest`` [kg m-2 s-1], ``cVeg``, ``cLitter``,
        ``cSoil`` [kg m-2] and ``lai`` [1]; all by default.
    members : int, default 100
        Draws that are kept, evenly spaced over chains and draws; 0 for none.
    quantiles : sequence of float
        Shares; an empty one for none.

    Returns
    -------
    Path

    Raises
    ------
    ValueError, TypeError, KeyError
        A sentence, where an argument does not fit.
    """
    expect_fit(fit, "constant_data")
    path = path_of("path", path)
    if path.suffix != ".nc":
        raise ValueError(
            f"wanted '.nc' at the end of the path of an export, got '{path.name}'; rename it"
        )
    chosen = [QUANTITIES[name] for name in names_of("names", names)]
    if not chosen:
        raise ValueError("wanted quantities to export, got no name; write names=('gpp',)")
    whole_number("members", members, least=0, advice="0 keeps no draws")
    levels = checked_quantiles(quantiles)
    needed = tuple(dict.fromkeys(name for quantity in chosen for name in quantity.terms))
    units = fit["constant_data"].to_dataset()
    series = trajectories(fit, names=needed)
    fraction = units.get("area_fraction")
    found = {}
    for quantity in chosen:
        draws = drawn(quantity, series, fraction)
        found |= summaries(quantity, draws, members=members, quantiles=levels)
    file = numbered(with_axes(xr.Dataset(found), units))
    file.attrs = _attributes(fit)
    with whole(path) as draft:
        file.to_netcdf(draft, engine="h5netcdf", encoding=encoding_of(file))
    return path


def _attributes(fit):
    return {
        "Conventions": _CONVENTIONS,
        "title": "Carbon cycle of DALEC, calibrated to observations",
        "source": f"pm_dalec {version('pm_dalec')}, solver {fit.attrs.get('solver', 'converged')}",
        "references": "Milodowski, Smallman and Williams (2023), Biogeosciences 20, 3301-3327",
        "comment": "means over draws; members and quantiles where they are; amounts of carbon",
    }
