"""Table of the 23 parameters of DALEC C6 and their priors (the paper's Table A1).

CARDAMOM samples in ``x = ln(p/min) / ln(max/min)`` without a Jacobian. That is a log-uniform prior on
the box, times the Gaussian factors that are declared here.
"""

from typing import NamedTuple

from pm_dalec.tables.constants import DAYS_PER_YEAR
from pm_dalec.tables.kinds import Array
from pm_dalec.tables.priors import FromData, Gaussian, LogUniform, Parameter
from pm_dalec.tables.table import Table


def _initial(
    number: int,
    pool: str,
    symbol: str,
    upper: float,
    process: str,
    *,
    lower: float = 1.0,
    factor: Gaussian | FromData | None = None,
    words: str | None = None,
) -> Parameter:
    return Parameter(
        f"initial_{pool}",
        f"$C_{{{symbol},0}}$",
        "g m-2",
        (lower, upper),
        LogUniform(factor),
        f"{words or pool} carbon before the first step",
        "bloom2015",
        number,
        process,
    )


def _row(
    number: int,
    name: str,
    symbol: str,
    units: str,
    bounds: tuple[float, float],
    meaning: str,
    process: str,
    *,
    factor: Gaussian | FromData | None = None,
    circular: bool = False,
) -> Parameter:
    return Parameter(
        name,
        symbol,
        units,
        bounds,
        LogUniform(factor),
        meaning,
        "milodowski2023",
        number,
        process,
        circular,
    )


ONE_YEAR = (DAYS_PER_YEAR, 2 * DAYS_PER_YEAR)
THREE_YEARS = (DAYS_PER_YEAR, 4 * DAYS_PER_YEAR)

PARAMETERS = Table(
    "parameter",
    (
        _row(
            1,
            "litter_to_som_rate",
            r"$\theta_{min}$",
            "d-1",
            (1e-5, 1e-2),
            "litter to soil organic matter at 0 degC",
            "soil",
        ),
        _row(
            2,
            "autotrophic_fraction",
            "$f_{auto}$",
            "1",
            (0.2, 0.8),
            "autotrophic respiration as a fraction of GPP",
            "photosynthesis",
            factor=Gaussian(0.46, 0.12),
        ),
        _row(
            3,
            "foliage_fraction",
            "$f_{fol}$",
            "1",
            (0.01, 0.5),
            "fraction of NPP to foliage, direct",
            "canopy",
        ),
        _row(
            4,
            "root_fraction",
            "$f_{root}$",
            "1",
            (0.1, 0.8),
            "fraction of the remaining NPP to fine roots",
            "roots",
        ),
        _row(5, "leaf_lifespan", "$L_{fol}$", "yr", (1.001, 8.0), "leaf lifespan", "canopy"),
        _row(
            6,
            "wood_turnover_rate",
            r"$\theta_{wood}$",
            "d-1",
            (9e-6, 1e-3),
            "wood turnover",
            "wood",
        ),
        _row(
            7,
            "root_turnover_rate",
            r"$\theta_{root}$",
            "d-1",
            (0.001368925, 0.02),
            "fine-root turnover",
            "roots",
        ),
        _row(
            8,
            "litter_mineralisation_rate",
            r"$\theta_{lit}$",
            "d-1",
            (0.0001141, 0.02),
            "litter mineralisation at 0 degC",
            "soil",
        ),
        _row(
            9,
            "som_mineralisation_rate",
            r"$\theta_{som}$",
            "d-1",
            (1.368925e-6, 9.126169e-5),
            "soil organic matter mineralisation at 0 degC",
            "soil",
        ),
        _row(
            10,
            "temperature_exponent",
            r"$\Theta$",
            "degC-1",
            (0.019, 0.08),
            "temperature exponent of heterotrophic respiration",
            "soil",
        ),
        _row(
            11,
            "canopy_efficiency",
            "$C_{eff}$",
            "g m-2 d-1",
            (1.64, 42.0),
            "canopy efficiency, per leaf area",
            "photosynthesis",
            factor=Gaussian(21.1491, 4.267117),
        ),
        _row(
            12,
            "labile_release_day",
            "$d_{onset}$",
            "d",
            ONE_YEAR,
            "day of maximum labile release",
            "canopy",
            circular=True,
        ),
        _row(
            13,
            "labile_fraction",
            "$f_{lab}$",
            "1",
            (0.01, 0.5),
            "fraction of NPP after foliage to the labile pool",
            "canopy",
        ),
        _row(
            14,
            "labile_release_period",
            "$c_{onset}$",
            "d",
            (10.0, 100.0),
            "length of the labile release",
            "canopy",
        ),
        _row(
            15,
            "leaf_fall_day",
            "$d_{fall}$",
            "d",
            ONE_YEAR,
            "day of maximum leaf fall",
            "canopy",
            circular=True,
        ),
        _row(
            16,
            "leaf_fall_period",
            "$c_{fall}$",
            "d",
            (20.0, 150.0),
            "length of the leaf fall",
            "canopy",
        ),
        _row(
            17,
            "leaf_carbon_per_area",
            "LCA",
            "g m-2",
            (20.0, 180.0),
            "leaf carbon per leaf area",
            "canopy",
        ),
        _initial(18, "labile", "lab", 2000.0, "canopy"),
        _initial(19, "foliage", "fol", 2000.0, "canopy"),
        _initial(20, "roots", "root", 2000.0, "roots", words="fine-root"),
        _initial(21, "wood", "wood", 30000.0, "wood"),
        _initial(22, "litter", "lit", 2000.0, "soil"),
        _initial(
            23,
            "som",
            "som",
            250000.0,
            "soil",
            lower=200.0,
            words="soil organic",
            factor=FromData("csom_prior", "csom_prior_unc"),
        ),
    ),
)


class Theta(NamedTuple):
    """Parameter set of DALEC C6: one value or array a parameter, in the table's units."""

    litter_to_som_rate: Array
    autotrophic_fraction: Array
    foliage_fraction: Array
    root_fraction: Array
    leaf_lifespan: Array
    wood_turnover_rate: Array
    root_turnover_rate: Array
    litter_mineralisation_rate: Array
    som_mineralisation_rate: Array
    temperature_exponent: Array
    canopy_efficiency: Array
    labile_release_day: Array
    labile_fraction: Array
    labile_release_period: Array
    leaf_fall_day: Array
    leaf_fall_period: Array
    leaf_carbon_per_area: Array
    initial_labile: Array
    initial_foliage: Array
    initial_roots: Array
    initial_wood: Array
    initial_litter: Array
    initial_som: Array


PRIOR_SETS = {
    "edinburgh2020": PARAMETERS.replace("canopy_efficiency", prior=LogUniform()),
    "edinburgh2021": PARAMETERS,
    "edinburgh2023": PARAMETERS.replace(
        "autotrophic_fraction", prior=LogUniform(Gaussian(0.54, 0.12))
    ),
}


def with_three_year_days(parameters: Table[Parameter]) -> Table[Parameter]:
    """Copy of a parameter table whose day parameters span CARDAMOM's three-year box.

    The days act modulo 365.25, so this box holds the same day three times: rank statistics of a chain
    are then misleading, and circular ones are needed. The default is a box of one year.

    Examples
    --------
    >>> PARAMETERS["leaf_fall_day"].bounds
    (365.25, 730.5)
    >>> with_three_year_days(PARAMETERS)["leaf_fall_day"].bounds
    (365.25, 1461.0)
    """
    for parameter in parameters.values():
        if parameter.circular:
            parameters = parameters.replace(parameter.name, bounds=THREE_YEARS)
    return parameters


PRIOR_SETS["edinburgh2021_three_years"] = with_three_year_days(PARAMETERS)
