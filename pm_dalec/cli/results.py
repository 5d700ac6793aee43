"""The command `pm-dalec export`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from pm_dalec.cli.console import console
from pm_dalec.posterior import fit_file
from pm_dalec.posterior.cf.file import MEMBERS, export as write
from pm_dalec.posterior.cf.variables import QUANTITIES


def export(
    fit: Path,
    /,
    *,
    out: Path = Path("results.nc"),
    members: int = MEMBERS,
    quantiles: Annotated[tuple[float, ...], Parameter(consume_multiple=True)] = (0.05, 0.5, 0.95),
    names: Annotated[tuple[str, ...], Parameter(consume_multiple=True)] = tuple(QUANTITIES),
):
    """Write the results of a fit as a CF NetCDF file.

    Parameters
    ----------
    fit
        File or folder of a fit, as `pm-dalec calibrate` writes it.
    out
        File to write.
    members
        Draws that are kept; 0 for none.
    quantiles
        Over the draws, as shares.
    names
        Quantities, such as gpp nbp ra rh cVeg cSoil lai; all by default.
    """
    path = write(fit_file.load(fit), out, names=names, members=members, quantiles=quantiles)
    console.print(f"wrote {path}")
