"""Regions whose units are polygons: parcels, estates, catchments."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.landscape.polygons.estates import forest_estates as forest_estates
    from pm_dalec.landscape.polygons.region import region_from_polygons as region_from_polygons
else:
    __getattr__, __dir__, __all__ = face(__name__)
