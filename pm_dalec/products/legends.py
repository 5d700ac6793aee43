"""Classes of land-cover products, and the class of LCM2015 that each of them joins.

The strata of the paper are made of classes of LCM2015, so maps of other products are read in its codes.
For products besides the paper's the groups were chosen here: crops and crop mosaics to arable,
needleleaf to conifer, broadleaf, mixed and unknown trees to broadleaf, shrub, grass, savanna, moss,
sparse and wet land to heath; urban, bare, snow and water are masked.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from pm_dalec.data.messages import sentence

ARABLE, CONIFER, BROADLEAF, HEATH, URBAN, NONE = 3, 2, 1, 9, 20, 0
"""Class of LCM2015 that stands for each group."""


class Legend(NamedTuple):
    """Codes of a product by the class of LCM2015 that they join.

    Attributes
    ----------
    name : str
        For the message.
    groups : dict of int to iterable of int
        Class of LCM2015 -> codes of the product.
    fills : tuple of int
        Codes for no data; they join `NONE`, where there is other land.
    """

    name: str
    groups: dict
    fills: tuple = ()

    def joined(self, codes, *, product, where):
        """Class of LCM2015 of each cell.

        Parameters
        ----------
        codes : numpy.ndarray of uint8
            Of the product.
        product, where : str
            For the message.

        Returns
        -------
        numpy.ndarray of uint8
        """
        table = np.full(256, 255, np.uint8)
        for group, members in self.groups.items():
            table[list(members)] = group
        table[list(self.fills)] = NONE
        came = table[codes]
        if (came == 255).any():
            first = int(codes[came == 255].flat[0])
            raise ValueError(
                sentence(
                    product,
                    wanted=f"the classes of {self.name}",
                    came=f"{int((came == 255).sum())} cells with other codes, such as {first}",
                    where=where,
                    do="check that this is the map of classes of this product and year, and choose a "
                    "window inside it",
                )
            )
        return came


def with_cover(classes: xr.DataArray, legend: Legend, *, product: str, where: str) -> xr.Dataset:
    """Map of a product's classes beside the classes of LCM2015 that they join.

    Parameters
    ----------
    classes : xarray.DataArray
        Codes of the product, with its name.
    legend : Legend
    product, where : str
        For the message.

    Returns
    -------
    xarray.Dataset
        The classes, and ``land_cover``, both uint8.
    """
    cover = classes.copy(data=legend.joined(classes.values, product=product, where=where))
    cover.attrs["long_name"] = "class in the codes of LCM2015"
    return xr.Dataset({classes.name: classes, "land_cover": cover.rename("land_cover")})


_SAME = {code: (code,) for code in range(22)}

LCM = {
    # UKCEH: 1990 (new edition) and 2015 on have one table; 2007 has rough grassland and montane land
    2007: Legend(
        "LCM2007",
        {
            **{code: (code,) for code in range(6)},
            5: (5, 6),
            6: (7,),
            7: (8,),
            8: (9,),
            9: (10,),
            10: (11,),
            11: (12,),
            12: (13, 14),
            **{code: (code + 2,) for code in range(13, 22)},
        },
    ),
    **{year: Legend("LCM2015", _SAME) for year in range(2015, 2025)},
}
"""Legend of each year of the UKCEH Land Cover Map whose classes are known here."""

LCCS = Legend(
    "LCCS, version 2",
    {
        ARABLE: (10, 11, 12, 20, 30),
        CONIFER: (70, 71, 72, 80, 81, 82),
        BROADLEAF: (50, 60, 61, 62, 90, 160, 170),
        HEATH: (40, 100, 110, 120, 121, 122, 130, 140, 150, 151, 152, 153, 180),
        URBAN: (190,),
        NONE: (200, 201, 202, 210, 220),
    },
)
"""ESA CCI and C3S land cover, `lccs_class`."""

IGBP = Legend(
    "IGBP, layer LC_Type1",
    {
        ARABLE: (12, 14),
        CONIFER: (1, 3),
        BROADLEAF: (2, 4, 5),
        HEATH: (6, 7, 8, 9, 10, 11),
        URBAN: (13,),
        NONE: (15, 16, 17),
    },
    fills=(255,),
)
"""MODIS MCD12Q1, International Geosphere-Biosphere Programme."""

LC100 = Legend(
    "the discrete classification of LC100, version 2 or 3",
    {
        ARABLE: (40,),
        CONIFER: (111, 113, 121, 123),
        BROADLEAF: (112, 114, 115, 116, 122, 124, 125, 126),
        HEATH: (20, 30, 90, 100),
        URBAN: (50,),
        NONE: (60, 70, 80, 200),
    },
    fills=(0, 255),
)
"""Copernicus Global Land Cover at 100 m."""
