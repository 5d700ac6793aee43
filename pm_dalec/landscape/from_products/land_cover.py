"""Land cover of a region, resampled by mode onto the grid of each product.

One map a product grid, as the paper does it: 300 m for leaf area, 100 m for biomass, 250 m for soil
carbon, 30 m for losses, 500 m for fire (the paper, G5).
"""

from typing import NamedTuple

import numpy as np
import xarray as xr
from rasterio.transform import from_origin
from rasterio.warp import transform as transform_points

from pm_dalec.data import messages
from pm_dalec.landscape.grid import Grid, edges_of
from pm_dalec.landscape.layers import LandCover
from pm_dalec.landscape.overlap import centres_in, overlap_with
from pm_dalec.landscape.parts import Polygons
from pm_dalec.landscape.strata_maps import modal_strata_projected, strata_from_lcm2015
from pm_dalec.products import lai300, landcover, lc100
from pm_dalec.products.modis import mcd12q1
from pm_dalec.products.reading import windows


class LandCoverMaps(NamedTuple):
    """The land-cover map as it came, from which those of the products are made.

    Attributes
    ----------
    strata : ndarray of uint8
        On the map's own grid, north up.
    transform, crs
        Its place.
    grid : Grid or Polygons
        Target pixels, or the polygons in their place.
    reference : LandCover
        The map from which fractions, areas and masks come.
    source : str
        Product and version.
    """

    strata: np.ndarray
    transform: object
    crs: str
    grid: Grid | Polygons
    reference: LandCover | None
    source: str

    def on(self, layer):
        """Strata on the grid of a product's layer, and where its cells lie in the pixels.

        Parameters
        ----------
        layer : xarray.DataArray
            Last two dimensions (lat, lon), or (y, x) on an equal-area projection; attribute crs.

        Returns
        -------
        pm_dalec.landscape.LandCover
        """
        y_name, x_name = layer.dims[-2:]
        y, x = layer[y_name].values, layer[x_name].values
        crs = layer.attrs["crs"]
        strata = modal_strata_projected(
            self.strata,
            transform=self.transform,
            crs=self.crs,
            target_transform=_transform(y, x),
            target_crs=crs,
            target_shape=(y.size, x.size),
        )
        weights = _overlap(self.grid, y, x) if y_name == "lat" else _centres(self.grid, y, x, crs)
        return LandCover(strata, weights, self.source)


def _transform(y, x):
    width, height = abs(x[1] - x[0]), abs(y[1] - y[0])
    return from_origin(x[0] - width / 2, y[0] + height / 2, width, height)


def _overlap(grid, lat, lon):
    return overlap_with(grid, latitude_edges=edges_of(lat), longitude_edges=edges_of(lon))


def _centres(grid, y, x, crs):
    if isinstance(grid, Polygons):
        return grid.projected_parts(edges_of(y), edges_of(x), crs)
    columns, rows = np.meshgrid(x, y)
    lon, lat = transform_points(crs, windows.WGS84, columns.ravel(), rows.ravel())
    return centres_in(
        grid,
        longitude=np.reshape(lon, rows.shape),
        latitude=np.reshape(lat, rows.shape),
        cell_area=abs((x[1] - x[0]) * (y[1] - y[0])),
    )


OPENERS = {
    "lcm2015": landcover.open_lcm2015,
    "esa_cci": landcover.open_esa_cci_landcover,
    "mcd12q1": mcd12q1.open_mcd12q1,
    "lc100": lc100.open_lc100,
}
"""Readers of land cover in the classes of LCM2015, by the name of the product in a region file."""


def land_cover_maps(path, *, window, grid, product, resolution=25, year=None):
    """Land cover of a region: strata, and the reference map of fractions.

    Parameters
    ----------
    path : Path
        File of the product.
    window : Window
        [degrees].
    grid : Grid
        Target pixels.
    product : str
        One of `OPENERS`.
    resolution : int
        Cell width of LCM2015 [m].
    year : int, optional
        Of the map; needed where the files do not tell it, or are of several years.

    Returns
    -------
    LandCoverMaps
        The reference map is the map itself where it is on a grid of latitude and longitude; else the
        modal one on the grid of about 300 m of the leaf area product.
    """
    if product not in OPENERS:
        raise KeyError(
            messages.sentence(
                "land cover",
                wanted=f"a product among {', '.join(OPENERS)}",
                came=repr(product),
                where="key 'product' of [land_cover]",
                do="choose one of them",
            )
        )
    extra = {"resolution": resolution} if product == "lcm2015" else {}
    cover = OPENERS[product](path, window=window, year=year, **extra)
    classes = cover["land_cover"]
    y, x = (classes[dim].values for dim in classes.dims)
    maps = LandCoverMaps(
        strata=strata_from_lcm2015(classes.values),
        transform=_transform(y, x),
        crs=cover.attrs["crs"],
        grid=grid,
        reference=None,
        source=f"{cover.attrs['product']} {cover.attrs['product_version']}",
    )
    if classes.dims[0] == "lat":
        reference = LandCover(maps.strata, _overlap(grid, y, x), maps.source)
    else:
        lat, lon = windows.grid_axes(lai300.GRID, window)
        cells = xr.DataArray(
            np.empty((lat.size, lon.size), np.uint8),
            {"lat": lat, "lon": lon},
            ("lat", "lon"),
            attrs={"crs": windows.WGS84},
        )
        reference = maps.on(cells)
    return maps._replace(reference=reference)
