"""Names under which a table may hold drivers and observations, and the uncertainties of these."""

from dataclasses import dataclass

from pm_dalec.tables.streams import ANNUAL, OBSERVED, STREAMS, WINDOW, wanted_units
from pm_dalec.tables.table import Table
from pm_dalec.tables.variables import DRIVERS

DATE = "time"
UNCERTAINTY = ("unc", "uncertainty", "sigma", "sd", "std", "se", "stderr", "error", "err")
"""Ends of a column that is the one-sigma uncertainty of another, after a space, `_` or a dot."""
_ANNUAL_WORDS = ("annual", "yearly")
FACTOR = "factor"
"""End of a column that is the factor of a log-normal uncertainty."""


@dataclass(frozen=True)
class Column:
    """One thing that a table may hold.

    Parameters
    ----------
    name : str
        Its name in a site.
    spellings : tuple of str
        Names of columns, in lower case, with ``_`` for everything that is no letter or digit.
    """

    name: str
    spellings: tuple[str, ...]

    @property
    def units(self):
        """Units that are taken where a table names none."""
        return wanted_units(self.name) if self.name in (*DRIVERS, *OBSERVED) else ""


def _column(name, *more):
    return Column(name, (name, *more))


COLUMNS = Table(
    "column",
    (
        _column(DATE, "date", "datetime", "timestamp", "period", "day_month_year"),
        _column("year", "yr", "yyyy"),
        _column("month", "mon", "mo", "mm"),
        _column("day", "dd", "day_of_month", "dom"),
        _column("doy", "day_of_year", "julian_day", "dayofyear", "yday"),
        _column("lat", "latitude"),
        _column("lon", "longitude", "long"),
        _column(
            "tmin",
            *("t_min", "tmn", "tn", "mint", "min_t", "minimum_temperature", "min_temperature"),
            *(
                "temperature_min",
                "temp_min",
                "min_temp",
                "tasmin",
                "ta_min",
                "airt_min",
                "tair_min",
            ),
            *("air_temperature_min", "t2m_min", "mn2t"),
        ),
        _column(
            "tmax",
            *("t_max", "tmx", "tx", "maxt", "max_t", "maximum_temperature", "max_temperature"),
            *(
                "temperature_max",
                "temp_max",
                "max_temp",
                "tasmax",
                "ta_max",
                "airt_max",
                "tair_max",
            ),
            *("air_temperature_max", "t2m_max", "mx2t"),
        ),
        _column(
            "sw_rad",
            *("swrad", "sw", "sw_in", "swin", "swdown", "sw_down", "rg", "srad", "rsds", "ssrd"),
            *("radiation", "solar_radiation", "global_radiation", "shortwave"),
            *("shortwave_radiation", "incoming_shortwave_radiation", "short_wave_radiation"),
        ),
        _column("co2", "ca", "atmospheric_co2", "co2_concentration", "co2_mole_fraction"),
        _column("vpd", "vapour_pressure_deficit", "vapor_pressure_deficit"),
        _column(
            "wind", "wind_speed", "windspeed", "wind_spd", "ws", "wsp", "sfcwind", "wind_velocity"
        ),
        _column(
            "forest_loss_fraction",
            *("forest_loss", "loss_fraction", "harvest_fraction", "deforestation"),
            "removed_fraction",
        ),
        _column(
            "burned_fraction", "burnt_fraction", "burned_area", "burnt_area", "burned_area_fraction"
        ),
        _column("lai", "leaf_area_index", "leaf_area"),
        _column(
            "cwood", "wood", "wood_carbon", "woody_carbon", "wood_stock", "c_wood", "cwood_stock"
        ),
        _column("gpp", "gross_primary_productivity", "gross_primary_production"),
        _column("nee", "net_ecosystem_exchange"),
        _column("nbe", "net_biome_exchange", "net_biosphere_exchange"),
        _column("reco", "er", "ter", "ecosystem_respiration"),
        _column("cfol", "cfol_stock", "foliage", "foliar_carbon", "c_fol"),
        _column("croots", "croots_stock", "roots", "fine_roots", "root_carbon", "c_roots"),
        _column("csom", "csom_stock", "som", "soc", "soil_organic_carbon", "soil_carbon", "c_som"),
        _column("csom_prior", "csom_initial", "initial_soil_carbon"),
    ),
)
DATES = (DATE, "year", "month", "day", "doy")
PLACE = ("lat", "lon")
SERIES = tuple(name for name in COLUMNS if name not in (*DATES, *PLACE))
_BY_SPELLING = {text: column.name for column in COLUMNS.values() for text in column.spellings}


def name_of(text):
    """Name in a site of what a column is called, or None.

    Parameters
    ----------
    text : str
        Without units.

    Returns
    -------
    str or None
        Driver, observation, ``<stream>_unc``, ``<stream>_factor``, ``<stream>_window``, date or place;
        a stream may be that of means of years, ``<stream>_annual``.

    Examples
    --------
    >>> name_of("Wind speed"), name_of("LAI sd"), name_of("GPP annual"), name_of("rain")
    ('wind', 'lai_unc', 'gpp_annual', None)
    """
    plain = plain_text(text)
    found = _plain_name(plain)
    if found is not None:
        return found
    base, _, end = plain.rpartition("_")
    found = _plain_name(base)
    if found not in OBSERVED:
        return None
    if end == FACTOR:
        return f"{found}_{FACTOR}"
    if f"_{end}" == WINDOW and found in STREAMS:
        return f"{found}{WINDOW}"
    return f"{found}_unc" if end in UNCERTAINTY else None


def _plain_name(plain):
    """Name of a driver, a date, a place, or of observations or their means of years; or None."""
    if plain in _BY_SPELLING:
        return _BY_SPELLING[plain]
    base, _, end = plain.rpartition("_")
    found = f"{_BY_SPELLING.get(base)}{ANNUAL}"
    return found if end in _ANNUAL_WORDS and found in STREAMS else None


def plain_text(text):
    """Name of a column in lower case, with ``_`` for all that is no letter or digit."""
    parts = "".join(sign if sign.isalnum() else " " for sign in str(text).lower()).split()
    return "_".join(parts)
