"""Commands for what comes out of a fit: `export` as a CF file, and `forecast` to 2100."""

from pathlib import Path
from typing import Annotated

import pandas as pd
from cyclopts import Parameter

from pm_dalec.cli.console import console, tell
from pm_dalec.data.land import units_of
from pm_dalec.data.site_file import open_site
from pm_dalec.data.storage import folder_to_write
from pm_dalec.forecasting.management_text import managements_of
from pm_dalec.forecasting.outputs import NAMES, checked_names
from pm_dalec.forecasting.projection import forecast as run
from pm_dalec.forecasting.scenarios import NAMES as SCENARIOS, named_scenario
from pm_dalec.landscape.region_file import open_region
from pm_dalec.plots.futures import forecast_figure, management_figure
from pm_dalec.plots.style import save_figure
from pm_dalec.posterior import fit_file
from pm_dalec.posterior.cf.file import MEMBERS, export as write
from pm_dalec.posterior.cf.variables import QUANTITIES
from pm_dalec.posterior.runs import units_to_run
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import names_of

FILES = (".nc", ".zarr")
Several = Annotated[list[str] | None, Parameter(consume_multiple=1)]


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
        File of a fit, or the folder into which `pm-dalec calibrate` wrote it.
    out
        File to write.
    members
        Draws that are kept; 0 for none.
    quantiles
        Over the draws, as shares.
    names
        Quantities, such as gpp nbp ra rh cVeg cSoil lai; all by default.
    """
    path = write(
        fit_file.load(_fit_at(fit)), out, names=names, members=members, quantiles=quantiles
    )
    console.print(f"wrote {path}")


def _fit_at(path):
    """Fit of a folder that `pm-dalec calibrate` wrote, or the path as given."""
    inside = path / "fit.nc"
    return inside if path.suffix not in FILES and inside.is_file() else path


def forecast(
    fit: Path,
    /,
    *,
    scenario: Several = None,
    management: Several = None,
    names: Several = None,
    reference: tuple[int, int] | None = None,
    every: str = "year",
    draws: int | None = None,
    seed: int = 0,
    threads: int | None = None,
    dask: str | None = None,
    out: Path = Path("forecast"),
):
    """Continue a fit to 2100 under scenarios and managements; resumable.

    Parameters
    ----------
    fit
        File or folder of a fit, .nc or .zarr, of a site or a region.
    scenario
        Names: control, ssp126, ssp245, ssp370, ssp585 (synthetic), each ssp also with -co2 or
        -climate; or files of drivers: a site file, or a region as `pm-dalec region` writes NAME_scenario.
    management
        none; mean or mean,by=stratum; rate,share=0.02,strata=conifer; felling,years=2040/2080,share=0.9;
        rotation,every=44,share=0.9,first=2030; thinning, like rotation;
        planting,source=arable,target=conifer,share=0.01,years=2025-2044. Actions are joined by +.
    names
        Outputs: pools, fluxes, live, dead, change_live, change_dead, harvested.
    reference
        First and last year of the reference that synthetic scenarios move; the last observed year.
    every
        year or step.
    draws
        About so many draws of each chain; all by default.
    seed
        Of the pairing of strata.
    threads
        Of this process, or processes of --dask local; all processors by default.
    dask
        local, or the address of a scheduler whose workers read the fit and run its pixels.
    out
        Folder for forecast.nc, a table and figures; what is done there is not done again.
    """
    wanted, chosen = checked_names(tuple(names or NAMES)), managements_of(management or ["none"])
    place = _fit_at(fit)
    held = fit_file.load(place) if dask is None else fit_file.open_fit(place)
    scenarios = _scenarios(scenario or ["ssp245"], held, reference)
    folder_to_write(out)
    tree = run(
        held if dask is None else place,
        scenarios,
        management=list(chosen.values()),
        names=wanted,
        every=every,
        draws=draws,
        seed=seed,
        store=out,
        threads=threads,
        client=dask,
        progress=tell,
    )
    table = _table(tree)
    table.to_csv(out / "forecast.csv", index=False)
    print(table.to_string(index=False))
    clipped, lost = int(tree["drivers/clipped"].sum()), float(tree["carbon/closure"].max())
    console.print(f"{clipped} values of drivers clipped; carbon closes to {lost:.0e}", markup=False)
    _figures(tree, out)
    console.print(f"wrote forecast.nc, forecast.csv and figures to {out}", markup=False)


def _scenarios(given, fit, reference):
    """Drivers of named scenarios and of files."""
    first = units_to_run(fit, None)
    observed = first if "time_bnds" in first.variables else units_to_run(fit, first)
    found = {}
    for name in names_of("scenarios", given):
        path = Path(name)
        if name in SCENARIOS:
            found[name] = named_scenario(name, observed, reference=reference)
        elif path.suffix in FILES:
            found[path.stem] = _drivers(path, observed)
        else:
            raise ValueError(
                f"wanted a scenario out of {', '.join(SCENARIOS)}, or a file {' or '.join(FILES)}, "
                f"got {name!r} in --scenario"
            )
    return found


def _drivers(path, observed):
    """Drivers of a region's future from a file, for the units of a fit."""
    each = dims.space_of(observed)
    return units_of(open_region(path), each) if each else open_site(path)


def _table(tree):
    """Medians and 90 % intervals of the domain at the end of every forecast."""
    domain = tree["domain"].to_dataset()
    time = domain["year"] if "year" in domain.dims else domain[dims.TIME]
    last = domain.isel({time.name: -1})
    rows = []
    for scenario in last["scenario"].values:
        for management in last["management"].values:
            for name in last.data_vars:
                one = last[name].sel(scenario=scenario, management=management)
                low, middle, high = (
                    float(one.sel(quantile=q, method="nearest")) for q in (0.05, 0.5, 0.95)
                )
                when = str(time.values[-1])[:10]
                units = one.attrs["units"]
                rows.append((scenario, management, when, name, units, middle, low, high))
    columns = ["scenario", "management", "time", "output", "units", "median", "5 %", "95 %"]
    return pd.DataFrame(rows, columns=columns)


def _figures(tree, out):
    """Living carbon, and what management does; for regions with strata."""
    if "strata" not in tree or not {"live", "year"} <= set(tree["strata"].variables):
        return
    last = int(tree.attrs["calibration_end"][:4]) - 1
    strata, domain = tree["strata"].to_dataset(), tree["domain"].to_dataset()
    one = {"scenario": strata["scenario"].values[0], "management": strata["management"].values[0]}
    series = {"stratified": domain["live"].sel(one)}
    save_figure(
        forecast_figure(series, strata["live"].sel(one), calibrated=last), out / "living_carbon"
    )
    if {"change_live", "harvest"} <= set(strata):
        one.pop("management")
        live = strata["change_live"].sel(one).sel(quantile=0.5, method="nearest")
        figure = management_figure(live, domain["harvest"].sel(one), calibrated=last)
        save_figure(figure, out / "management")
