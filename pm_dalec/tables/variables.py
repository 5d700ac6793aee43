"""Table of variables: drivers, pools, fluxes, diagnostics and observation streams.

Declared once; labels, unit checks, dataset attributes and the README tables are read from here.
Fluxes are means over the step, pools are at its end, ``lai`` is at its start (MODEL, section 3).
NEE and NBE are positive to the atmosphere.
"""

from dataclasses import dataclass
from typing import Literal

from pm_dalec.tables.table import Table

Role = Literal["driver", "pool", "flux", "rate", "diagnostic"]

CARBON = "g m-2"
CARBON_FLUX = "g m-2 d-1"


@dataclass(frozen=True)
class Variable:
    """One quantity with a time axis.

    Parameters
    ----------
    name : str
        Name in datasets, graphs and results.
    symbol : str
        Symbol on figure axes (mathtext).
    units : str
        Units in UDUNITS spelling; carbon masses are grams of carbon.
    long_name : str
        What it is, as on an axis.
    role : {"driver", "pool", "flux", "rate", "diagnostic"}
        Its part in the model.
    source : str
        Key of `pm_dalec.tables.SOURCES`.
    """

    name: str
    symbol: str
    units: str
    long_name: str
    role: Role
    source: str


def _driver(name: str, symbol: str, units: str, long_name: str) -> Variable:
    return Variable(name, symbol, units, long_name, "driver", "smallman2019")


def _pool(name: str, symbol: str, long_name: str) -> Variable:
    return Variable(name, symbol, CARBON, long_name, "pool", "bloom2015")


def _flux(name: str, symbol: str, long_name: str, source: str = "bloom2015") -> Variable:
    return Variable(name, symbol, CARBON_FLUX, long_name, "flux", source)


_DRIVERS = (
    _driver("tmin", "$T_{min}$", "degC", "daily minimum air temperature, mean over the step"),
    _driver("tmax", "$T_{max}$", "degC", "daily maximum air temperature, mean over the step"),
    _driver("sw_rad", "$S$", "MJ m-2 d-1", "incoming shortwave radiation"),
    _driver("co2", "CO$_2$", "ppm", "atmospheric CO2 mole fraction"),
    _driver("doy", "$d$", "d", "day of year at the end of the step"),
    _driver("vpd", "$D$", "Pa", "vapour pressure deficit"),
    _driver("wind", "$u$", "m s-1", "wind speed"),
    _driver("forest_loss_fraction", "$h$", "1", "fraction of living carbon removed in the step"),
    _driver("burned_fraction", "$b$", "1", "fraction burned in the step"),
    _driver("step_days", r"$\Delta t$", "d", "length of the step"),
)

_POOLS = (
    _pool("labile", "$C_{lab}$", "labile carbon"),
    _pool("foliage", "$C_{fol}$", "foliar carbon"),
    _pool("roots", "$C_{root}$", "fine-root carbon"),
    _pool("wood", "$C_{wood}$", "wood carbon, above and below ground"),
    _pool("litter", "$C_{lit}$", "litter carbon"),
    _pool("som", "$C_{som}$", "soil organic carbon"),
)

_FLUXES = (
    _flux("gpp", "GPP", "gross primary productivity", "smallman2019"),
    _flux("autotrophic_respiration", "$R_a$", "autotrophic respiration"),
    _flux("npp_to_foliage", "$NPP_{fol}$", "net primary production to foliage, direct"),
    _flux("npp_to_labile", "$NPP_{lab}$", "net primary production to the labile pool"),
    _flux("npp_to_roots", "$NPP_{root}$", "net primary production to fine roots"),
    _flux("npp_to_wood", "$NPP_{wood}$", "net primary production to wood"),
    _flux("labile_to_foliage", "$L_{lab}$", "labile carbon released to foliage"),
    _flux("foliage_to_litter", "$L_{fol}$", "leaf fall"),
    _flux("wood_to_som", "$L_{wood}$", "wood litter to soil organic matter"),
    _flux("roots_to_litter", "$L_{root}$", "fine-root litter"),
    _flux("litter_respiration", "$R_{h,lit}$", "heterotrophic respiration of litter"),
    _flux("som_respiration", "$R_{h,som}$", "heterotrophic respiration of soil organic matter"),
    _flux("litter_to_som", "$D_{lit}$", "litter decomposed to soil organic matter"),
    *(
        _flux(f"{pool}_harvest", f"$H_{{{symbol}}}$", f"harvest of {pool}", "milodowski2023")
        for pool, symbol in (("labile", "lab"), ("foliage", "fol"), ("wood", "wood"))
    ),
    _flux("harvest", "$H$", "carbon removed by harvest", "milodowski2023"),
    *(
        _flux(f"{pool}_combustion", f"$E_{{{symbol}}}$", f"fire emission from {pool}", "bloom2016")
        for pool, symbol in (
            ("labile", "lab"),
            ("foliage", "fol"),
            ("roots", "root"),
            ("wood", "wood"),
            ("litter", "lit"),
            ("som", "som"),
        )
    ),
    *(
        _flux(f"{pool}_fire_litter", f"$M_{{{symbol}}}$", f"fire mortality of {pool}", "bloom2016")
        for pool, symbol in (
            ("labile", "lab"),
            ("foliage", "fol"),
            ("roots", "root"),
            ("wood", "wood"),
            ("litter", "lit"),
        )
    ),
    _flux("fire", "$E$", "carbon emitted by fire", "bloom2016"),
    _flux("reco", "$R_{eco}$", "ecosystem respiration"),
    _flux("nee", "NEE", "net ecosystem exchange, positive to the atmosphere"),
    _flux("nbe", "NBE", "net biome exchange (NEE and fire), positive to the atmosphere"),
)

_RATES = (
    Variable(
        "temperature_rate", "$T$", "1", "temperature factor of decomposition", "rate", "bloom2015"
    ),
    Variable("leaf_fall_rate", r"$\Phi_{fall}$", "d-1", "leaf-fall rate", "rate", "bloom2015"),
    Variable(
        "labile_release_rate", r"$\Phi_{onset}$", "d-1", "labile release rate", "rate", "bloom2015"
    ),
)

_DIAGNOSTICS = (
    Variable(
        "lai",
        "LAI",
        "m2 m-2",
        "leaf area index at the start of the step",
        "diagnostic",
        "bloom2015",
    ),
    Variable(
        "stomatal_conductance",
        "$g_s$",
        "mmol m-2 s-1",
        "canopy stomatal conductance to water vapour",
        "diagnostic",
        "smallman2019",
    ),
    Variable(
        "boundary_conductance",
        "$g_b$",
        "mmol m-2 s-1",
        "canopy boundary-layer conductance",
        "diagnostic",
        "smallman2019",
    ),
    Variable(
        "ci_ratio",
        "$c_i/c_a$",
        "1",
        "ratio of leaf-internal to ambient CO2",
        "diagnostic",
        "smallman2019",
    ),
    Variable(
        "apar",
        "APAR",
        "MJ m-2 d-1",
        "absorbed photosynthetically active radiation",
        "diagnostic",
        "smallman2019",
    ),
)

VARIABLES = Table("variable", (*_DRIVERS, *_POOLS, *_FLUXES, *_RATES, *_DIAGNOSTICS))

# What flows into and out of each pool; `{pool}_harvest` is counted apart, because CARDAMOM leaves it
# out of its balances.
GAINS = {
    "labile": ("npp_to_labile",),
    "foliage": ("npp_to_foliage", "labile_to_foliage"),
    "roots": ("npp_to_roots",),
    "wood": ("npp_to_wood",),
    "litter": (
        "foliage_to_litter",
        "roots_to_litter",
        "labile_fire_litter",
        "foliage_fire_litter",
        "roots_fire_litter",
    ),
    "som": ("wood_to_som", "litter_to_som", "wood_fire_litter", "litter_fire_litter"),
}
LOSSES = {
    "labile": ("labile_to_foliage", "labile_combustion", "labile_fire_litter"),
    "foliage": ("foliage_to_litter", "foliage_combustion", "foliage_fire_litter"),
    "roots": ("roots_to_litter", "roots_combustion", "roots_fire_litter"),
    "wood": ("wood_to_som", "wood_combustion", "wood_fire_litter"),
    "litter": (
        "litter_respiration",
        "litter_to_som",
        "litter_combustion",
        "litter_fire_litter",
    ),
    "som": ("som_respiration", "som_combustion"),
}
HARVESTED = ("labile", "foliage", "wood")

DRIVERS = VARIABLES.select(role="driver")
POOLS = VARIABLES.select(role="pool")
LIVE, DEAD = ("labile", "foliage", "roots", "wood"), ("litter", "som")
FLUXES = VARIABLES.select(role="flux")
