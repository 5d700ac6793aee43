"""Commands for regions: the synthetic landscape, and regions from products."""

from pathlib import Path

from pm_dalec.cli.cluster.land import BUILD, Model
from pm_dalec.cli.console import console, tell
from pm_dalec.data.formats import trees
from pm_dalec.data.formats.polygons import open_polygons
from pm_dalec.data.storage import folder_to_write
from pm_dalec.landscape.from_products.region import build_from_config, future_from_config
from pm_dalec.landscape.grid import target_grid
from pm_dalec.landscape.polygons.region import region_from_polygons
from pm_dalec.landscape.region_file import open_region, write_region
from pm_dalec.landscape.twin.region import build_region, fractions_of
from pm_dalec.landscape.twin.table import DOMAIN
from pm_dalec.landscape.twin.twin import make_twin
from pm_dalec.plots.land_cover import fraction_maps, land_cover_map
from pm_dalec.plots.style import save_figure
from pm_dalec.sampling.bank.making import make_bank
from pm_dalec.sampling.calibration import SCOUTS
from pm_dalec.tables.constants import RESOLUTIONS
from pm_dalec.tables.strata import MASKED

MAPPED = RESOLUTIONS[1:]  # degree, of the maps of fractions


def landscape(
    *,
    resolution: float = 1.0,
    seed: int = 1,
    out: Path = Path("region.nc"),
    figures: Path | None = None,
    polygons: Path | None = None,
    ids: str | None = None,
):
    """Write the region of the synthetic twin, and its maps when asked.

    Parameters
    ----------
    resolution
        1.0, 0.5, 0.25 or 0.05 degree.
    seed
        Of the landscape.
    out
        File to write, .nc or .zarr.
    figures
        Folder for the maps of Fig. 2 and Fig. A1.
    polygons
        GeoPackage, GeoJSON or Shapefile whose polygons are the units, instead of pixels.
    ids
        Its column with the ids; the number of the row where it is not given.
    """
    target_grid(resolution, **DOMAIN)
    _check_out(out)
    _check_polygons(polygons, ids)
    if figures is not None:
        folder_to_write(figures)
    tell(f"landscape of seed {seed}: land cover, biomass, soil, felling")
    twin = make_twin(seed)
    units = f"{resolution} degree" if polygons is None else polygons.name
    tell(f"units of {units}: leaf area, wood, soil, losses, weather")
    if polygons is None:
        made = build_region(twin, resolution=resolution)
    else:
        made = region_from_polygons(polygons, twin, ids=ids)
    count = int((twin.fields["stratum"] != MASKED).sum())
    tell(f"{made.sizes['pixel']} units from {count} unmasked cells; writing {out}")
    write_region(made, out)
    console.print(f"wrote {out}")
    if figures is not None:
        _save_maps(twin, figures)


def _check_out(out):
    """Refuse a file that cannot be written before long work begins."""
    trees.is_netcdf(out, what="a region")
    folder_to_write(out.parent)


def _check_polygons(polygons, ids):
    """Refuse polygons that cannot be read before long work begins, and ids without any."""
    if polygons is not None:
        open_polygons(polygons, ids)
    elif ids is not None:
        raise ValueError(
            f"wanted --ids with --polygons, got --ids {ids} alone; name the file of polygons, or leave it out"
        )


def _save_maps(twin, folder):
    strata = twin.fields["stratum"]
    regions = {resolution: fractions_of(strata, resolution) for resolution in MAPPED}
    save_figure(land_cover_map(strata), folder / "fig02_land_cover")
    save_figure(fraction_maps(regions), folder / "figA1_fractions")
    console.print(f"wrote maps to {folder}")


def region(
    config: Path,
    /,
    *,
    out: Path = Path("region.nc"),
    polygons: Path | None = None,
    ids: str | None = None,
):
    """Write a region from real products.

    The TOML file says which product stands for what. Leaf area of MODIS and land cover of MCD12Q1 or LC100
    are free, and need none of the paper's licensed products.

    Parameters
    ----------
    config
        TOML file that names the products' files.
    out
        File to write, .nc or .zarr; future drivers, where the TOML file has a table [scenario],
        stand beside it as NAME_scenario.
    polygons
        GeoPackage, GeoJSON or Shapefile whose polygons are the units, instead of pixels of
        ``resolution`` in ``bounds``.
    ids
        Its column with the ids; the number of the row where it is not given.
    """
    _check_out(out)
    _check_polygons(polygons, ids)
    if polygons is None:
        made = build_from_config(config, progress=tell)
    else:
        made = region_from_polygons(polygons, config, ids=ids, progress=tell)
    tell(f"{made.sizes['pixel']} units; writing {out}")
    write_region(made, out)
    console.print(f"wrote {out}")
    future = future_from_config(config, made)
    if future is not None:
        beside = out.with_stem(f"{out.stem}_scenario")
        write_region(future, beside)
        console.print(f"wrote {beside}")


def bank(
    file: Path,
    /,
    *,
    out: Path = Path("bank.nc"),
    approach: Model = "stratified",
    pilots: int = 12,
    chains: int = 16,
    proposals: int = 1_000_000,
    scouts: int = SCOUTS,
    seed: int = 0,
    threads: int | None = None,
    dask: str | None = None,
):
    """Calibrate pilots of a region whose draws its other units take over.

    Give the file to `pm-dalec calibrate-region --bank` or `pm_dalec.calibrate_region(..., bank=FILE)`. Pilots that are done are kept beside it, and
    the same command goes on where it was stopped.

    Parameters
    ----------
    file
        Region, .nc or .zarr.
    out
        Draw bank to write, .nc.
    approach
        Model whose units the bank is for.
    pilots
        Of each class, those that stand for most others in what the data say of them.
    chains
        Of each pilot.
    proposals
        Budget of each chain.
    scouts
        So many lanes look for other parts of the posterior of a pilot once its chains have converged; 0
        sends none.
    seed
        Of the pilots.
    threads
        Of this process, or processes of --dask local; all processors by default.
    dask
        local, or the address of a scheduler whose workers calibrate the pilots.
    """
    made = make_bank(
        BUILD[approach],
        open_region(file),
        path=out,
        pilots=pilots,
        chains=chains,
        proposals=proposals,
        scouts=scouts,
        random_seed=seed,
        threads=threads,
        client=dask,
    )
    for name, share in made.classes.items():
        told = ", ".join(f"{r:.3f} ({e:.0f})" for r, e in zip(share.rhat, share.ess, strict=True))
        console.print(f"{name}: worst R-hat (ESS) of the pilots {told}")
    console.print(f"wrote {out}, {made.digest}")
