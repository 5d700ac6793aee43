"""Commands for regions: the synthetic landscape, and regions from products."""

from pm_dalec.cli.console import console
from pm_dalec.landscape.from_products.region import build_from_config, silent
from pm_dalec.landscape.grid import target_grid
from pm_dalec.landscape.region_file import write_region
from pm_dalec.landscape.twin.region import build_region
from pm_dalec.landscape.twin.table import DOMAIN
from pm_dalec.landscape.twin.twin import make_twin
from pm_dalec.tables.strata import MASKED


def landscape(options):
    """Write the units of the synthetic twin, and its maps when asked."""
    landscape_command(
        options.resolution, options.seed, options.out, 
        progress=lambda words: console.print(words, style="dim"),
    )  # fmt: skip
    console.print(f"wrote {options.out}")
    if options.figures is not None:
        _landscape_figures(options)
    return 0


def _landscape_figures(options):
    from pm_dalec.landscape.twin.region import build_region
    from pm_dalec.landscape.twin.twin import make_twin
    from pm_dalec.plots.land_cover import fraction_maps, land_cover_map
    from pm_dalec.plots.style import save_figure

    twin = make_twin(options.seed)
    regions = {
        resolution: build_region(twin, resolution=resolution)["strata"]
        for resolution in (0.5, 0.25, 0.05)
    }
    save_figure(land_cover_map(twin.fields["stratum"]), options.figures / "fig02_land_cover")
    save_figure(fraction_maps(regions), options.figures / "figA1_fractions")
    console.print(f"wrote maps to {options.figures}")


def region(options):
    """Write the units of a region from real products."""
    region_command(
        options.config, options.out, progress=lambda words: console.print(words, style="dim")
    )
    console.print(f"wrote {options.out}")
    return 0


def landscape_command(resolution, seed, out, *, progress=None):
    """Make a twin and write its region: `pm-dalec landscape`.

    Parameters
    ----------
    resolution : float
        1.0, 0.5, 0.25 or 0.05 [degree].
    seed : int
        Seed of the landscape.
    out : str or pathlib.Path
        File to write, ``.nc`` or ``.zarr``.
    progress : callable, optional
        Called with a sentence before each stage.

    Returns
    -------
    xarray.Dataset
        What was written.
    """
    tell = progress or (lambda sentence: None)
    target_grid(resolution, **DOMAIN)
    tell(f"landscape of seed {seed}: land cover, biomass, soil, felling")
    twin = make_twin(seed)
    tell(f"units of {resolution} degree: leaf area, wood, soil, losses, weather")
    units = build_region(twin, resolution=resolution)
    count = int((twin.fields["stratum"] != MASKED).sum())
    tell(f"{units.sizes['pixel']} pixels from {count} unmasked cells; writing {out}")
    write_region(units, out)
    return units


def region_command(config, out, *, progress=None):
    """Build a region from its TOML file and write it: `pm-dalec region`.

    Parameters
    ----------
    config : str or Path
        The TOML file.
    out : str or Path
        File to write, ``.nc`` or ``.zarr``.
    progress : callable, optional
        Called with a sentence before each stage.

    Returns
    -------
    xarray.Dataset
        What was written.
    """
    tell = progress or silent
    units = build_from_config(config, progress=tell)
    tell(f"{units.sizes['pixel']} pixels; writing {out}")
    write_region(units, out)
    return units
