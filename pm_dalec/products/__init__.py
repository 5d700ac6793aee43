"""Earth-observation products, one reader (and a writer of small files) each, on the native grid."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.products.biomass import open_biomass as open_biomass
    from pm_dalec.products.crujra import open_crujra as open_crujra
    from pm_dalec.products.hansen import open_hansen as open_hansen
    from pm_dalec.products.lai300 import open_lai300 as open_lai300
    from pm_dalec.products.landcover import (
        open_esa_cci_landcover as open_esa_cci_landcover,
        open_lcm2015 as open_lcm2015,
    )
    from pm_dalec.products.lc100 import open_lc100 as open_lc100
    from pm_dalec.products.mauna_loa import open_mauna_loa as open_mauna_loa
    from pm_dalec.products.mcd64a1 import open_mcd64a1 as open_mcd64a1
    from pm_dalec.products.modis.leaf_area import open_modis_lai as open_modis_lai
    from pm_dalec.products.modis.mcd12q1 import open_mcd12q1 as open_mcd12q1
    from pm_dalec.products.reading.windows import Window as Window
    from pm_dalec.products.soilgrids import open_soilgrids as open_soilgrids
    from pm_dalec.products.ukesm import open_ukesm as open_ukesm
else:
    __getattr__, __dir__, __all__ = face(__name__)
