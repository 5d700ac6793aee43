"""GeoTIFF files written, small ones for tests."""

from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin

from pm_dalec.products.reading.windows import crs_of


def write_geotiff(path, bands, *, crs, dtype, nodata=None):
    """Write bands on a regular grid as a compressed, tiled GeoTIFF.

    Parameters
    ----------
    path : str or Path
        Target.
    bands : list of xarray.DataArray
        Coded values on the same two axes, cell centres; y or lat descending.
    crs : str
        Coordinate system.
    dtype : str
        Type on disk.
    nodata : float, optional
        Tag of missing values.

    Returns
    -------
    Path
    """
    first = bands[0]
    y, x = (first[dim].values for dim in first.dims)
    width, height = abs(x[1] - x[0]), abs(y[1] - y[0])
    profile = {
        "driver": "GTiff",
        "width": x.size,
        "height": y.size,
        "count": len(bands),
        "dtype": dtype,
        "crs": crs_of(crs),
        "transform": from_origin(x[0] - width / 2, y[0] + height / 2, width, height),
        "compress": "deflate",
        "tiled": True,
        "nodata": nodata,
    }
    path = Path(path)
    with rasterio.open(path, "w", **profile) as target:
        for number, band in enumerate(bands, start=1):
            target.write(np.asarray(band.values).astype(dtype), number)
    return path
