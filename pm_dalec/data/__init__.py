"""Drivers and observations as one checked dataset; every message to a user is built here."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.data.by_name import available_sites as available_sites, load_site as load_site
    from pm_dalec.data.land import average_observations as average_observations
    from pm_dalec.data.series.era5 import open_era5 as open_era5
    from pm_dalec.data.series.flux_towers import open_flux_tower as open_flux_tower
    from pm_dalec.data.series.frame import site_from_frame as site_from_frame
    from pm_dalec.data.site_file import open_site as open_site
    from pm_dalec.data.standardised import (
        site_from_arrays as site_from_arrays,
        standardise as standardise,
    )
    from pm_dalec.data.synthetic_sites import (
        synthetic_drivers as synthetic_drivers,
        synthetic_site as synthetic_site,
        truth_of as truth_of,
    )
    from pm_dalec.data.uncertainties import prepare_uncertainties as prepare_uncertainties
    from pm_dalec.data.units import conversion as conversion
else:
    __getattr__, __dir__, __all__ = face(__name__)
