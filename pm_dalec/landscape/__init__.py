"""Land as pixels and strata: grids, exact areas, assembly of a region from products or from the twin."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.landscape.allometry import wood_carbon as wood_carbon
    from pm_dalec.landscape.assembly import assemble_region as assemble_region
    from pm_dalec.landscape.grid import target_grid as target_grid
    from pm_dalec.landscape.layers import LandCover as LandCover, Layer as Layer, Loss as Loss
    from pm_dalec.landscape.overlap import stratum_areas as stratum_areas
    from pm_dalec.landscape.pixel_sample import (
        represented_areas as represented_areas,
        sample_pixels as sample_pixels,
    )
    from pm_dalec.landscape.polygons.boxes import pixel_boxes as pixel_boxes
    from pm_dalec.landscape.region_file import (
        open_region as open_region,
        write_region as write_region,
    )
    from pm_dalec.landscape.strata_maps import strata_from_lcm2015 as strata_from_lcm2015
else:
    __getattr__, __dir__, __all__ = face(__name__)
