"""Table of the 23 parameters of DALEC C6 and their priors (the paper's Table A1).

CARDAMOM samples in ``x = ln(p/min) / ln(max/min)`` without a Jacobian. That is a log-uniform prior on
the box, times the Gaussian factors that are declared here.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

from pm_dalec.tables.constants import DAYS_PER_YEAR
from pm_dalec.tables.kinds import Array
from pm_dalec.tables.numbers import number
from pm_dalec.tables.priors import Fixed, FromData, Gaussian, LogUniform
from pm_dalec.tables.table import Table


@dataclass(frozen=True)
class Parameter:
    """One parameter of DALEC C6.

    Parameters
    ----------
    name : str
        Name in graphs and results.
    symbol : str
        Symbol on figure axes (mathtext).
    units : str
        UDUNITS spelling; carbon masses are grams of carbon.
    bounds : tuple of float
        Smallest and largest value, both positive.
    prior : LogUniform or Fixed
        Prior inside the bounds.
    meaning : str
        One phrase.
    source : str
        Key of `pm_dalec.tables.SOURCES`.
    number : int
        Position in the Fortran's vector, used to read reference files and for nothing else.
    process : str
        What it belongs to: photosynthesis, canopy, roots, wood, soil. The default sampler moves the
        parameters of a process together.
    circular : bool
        Whether the parameter is a day that acts modulo 365.25.
    """

    name: str
    symbol: str
    units: str
    bounds: tuple[float, float]
    prior: LogUniform | Fixed
    meaning: str
    source: str
    number: int
    process: str
    circular: bool = False

    def __post_init__(self) -> None:
        """Refuse bounds and priors that are none."""
        low, high = self._checked_bounds()
        if self.units == "1" and self.name.endswith("_fraction") and high > 1:
            raise ValueError(
                f"wanted bounds of the fraction {self.name!r} from 0 to 1, got {self.bounds}; give "
                "shares, not per cent"
            )
        if not isinstance(self.prior, LogUniform | Fixed):
            raise TypeError(
                f"wanted LogUniform() or Fixed(value) as the prior of {self.name!r}, got "
                f"{self.prior!r}; a Gaussian is a factor: LogUniform(Gaussian(mean, sigma))"
            )
        if isinstance(self.prior, Fixed) and not low <= self.prior.value <= high:
            raise ValueError(
                f"wanted {self.name!r} fixed inside its bounds, {low:g} to {high:g} {self.units}, "
                f"got {self.prior.value:g}; change the value or the bounds"
            )

    def _checked_bounds(self) -> tuple[float, float]:
        """Bounds that a logarithm may be taken of."""
        if isinstance(self.bounds, str) or not hasattr(self.bounds, "__len__"):
            raise TypeError(
                f"wanted bounds (min, max) of {self.name!r}, got {self.bounds!r}; give two numbers"
            )
        if len(self.bounds) != 2:
            raise ValueError(
                f"wanted bounds (min, max) of {self.name!r}, got {self.bounds!r}; give two numbers"
            )
        advice = f"bounds of {self.name!r} are finite and positive: its prior is logarithmic"
        low, high = (number("bounds", value, above=0.0, advice=advice) for value in self.bounds)
        if not low < high:
            raise ValueError(
                f"wanted the bounds of {self.name!r} as (min, max) with min < max, got "
                f"{self.bounds}; exchange them, or fix the parameter with Fixed"
            )
        return low, high

    def holding(self, value: object) -> "Parameter":
        """Copy with another prior: a number fixes the parameter."""
        if isinstance(value, LogUniform | Fixed):
            return replace(self, prior=value)
        if isinstance(value, tuple):
            return replace(self, bounds=value)
        advice = "a number fixes the parameter, a prior replaces its prior, (min, max) its bounds"
        return replace(self, prior=Fixed(number(self.name, value, advice=advice)))


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
