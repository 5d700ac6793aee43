"""Names, units and options of CBF files: what is read, and what is known and left."""

import numpy as np

PRODUCT = "JPL CBF"

# Name in the file, units when it names none, units of the schema.
DRIVERS = {
    "tmin": ("T2M_MIN", "degC", "degC"),
    "tmax": ("T2M_MAX", "degC", "degC"),
    "sw_rad": ("SSRD", "MJ m-2 d-1", "MJ m-2 d-1"),
    "co2": ("CO2", "ppm", "ppm"),
    "vpd": ("VPD", "hPa", "Pa"),
    "burned_fraction": ("BURNED_AREA", "1", "1"),
}
OBSERVATIONS = {
    "lai": ("LAI", "m2 m-2", "m2 m-2"),
    "gpp": ("GPP", "g m-2 d-1", "g m-2 d-1"),
    "nee": ("NEE", "g m-2 d-1", "g m-2 d-1"),
    "nbe": ("NBE", "g m-2 d-1", "g m-2 d-1"),
    "cwood": ("ABGB", "g m-2", "g m-2"),
    "csom": ("SOM", "g m-2", "g m-2"),
}
# What the format has no name for; the writer keeps it under ours.
WITHOUT_NAME = {"wind": "m s-1", "forest_loss_fraction": "1"}
UNCERTAINTY = ("unc", "_unc", "UNC")
PLACES = {"lat": ("LAT", "lat", "latitude", "Lat"), "lon": ("LON", "lon", "longitude", "Lon")}
# Observations of other quantities, which the model does not have
NOT_READ = ("ET", "EWT", "SCF", "FIR", "CH4", "ROFF", "DOM", "SIF", "SWE", "LE", "H")
# Priors and observed means of the whole run begin with these
NOT_READ_BEGINNINGS = ("PEQ_", "Mean_", "MEAN_")

PROVENANCE = {
    "product": PRODUCT,
    "source": "CBF conventions and manual",
    "vpd_comment": "es(Tmax) - es(Tdew), larger than the daily mean",
    "wind_comment": "not in the file, given by the caller",
    "biomass_comment": "ABGB, above and below ground, is compared with wood",
    "verified_on": "synthetic files only",
}


def option(attrs, name):
    """Number of an option of a variable, or None where it is not set (absent, NaN, -9999, a fill).

    Parameters
    ----------
    attrs : mapping
        Attributes of the variable.
    name : str

    Returns
    -------
    float or None
    """
    try:
        value = float(np.ravel(attrs.get(name, np.nan))[0])
    except (TypeError, ValueError, IndexError):
        return None
    return value if -9998.0 < value < 1e15 else None
