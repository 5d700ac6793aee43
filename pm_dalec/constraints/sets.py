"""Sets of constraints by era of the code that they stood in."""

from math import log
from typing import NoReturn

from pm_dalec.constraints.rules import (
    Constraint,
    Level,
    Margin,
    foliage_matches_roots,
    initial_below_bound,
    leaves_balance_roots,
    litter_faster_than_som,
    near_steady,
    never_negative,
    photosynthesis_happens,
    roots_faster_than_som,
    slow_change,
    som_slower_than_litter,
    wood_outlives_leaves,
)
from pm_dalec.tables.kinds import Era
from pm_dalec.tables.table import Table
from pm_dalec.tables.variables import GAINS, HARVESTED, LOSSES, POOLS


def _rule(
    number: int, name: str, inequality: str, margin: Margin, level: Level = "trajectory"
) -> Constraint:
    return Constraint(name, inequality, level, "bloom2015", number, margin)


def _rules(
    *, wood_limit: float, change_limit: float, two_sided: bool, count_harvest: bool
) -> Table[Constraint]:
    """Rules of one era of CARDAMOM."""
    balances, changes = [], []
    for position, pool in enumerate(POOLS):
        limit = wood_limit if pool == "wood" else 2
        balances.append(
            _rule(
                13 + position,
                f"steady_{pool}",
                f"|ln(inputs/outputs of {pool})| <= ln {limit:g} after the second year",
                near_steady(pool, log(limit), count_harvest),
            )
        )
        change = (
            "|ln(in/out)| of year one and year two differ by"
            if two_sided
            else ("|ln(in/out)| of year one exceeds that of year two by")
        )
        changes.append(
            _rule(
                20 + position,
                f"slow_change_{pool}",
                f"{change} <= {change_limit:g} for {pool}",
                slow_change(pool, change_limit, two_sided, count_harvest),
            )
        )
    return Table(
        "constraint", (*_PARAMETER_RULES, *_SHAPE_RULES[:1], *balances, *changes, *_SHAPE_RULES[1:])
    )


_PARAMETER_RULES = (
    _rule(
        1,
        "som_slower_than_litter",
        "SOM mineralisation <= litter mineralisation",
        som_slower_than_litter,
        "parameter",
    ),
    _rule(
        2,
        "litter_to_som_faster_than_som",
        "litter to SOM rate >= SOM mineralisation",
        litter_faster_than_som,
        "parameter",
    ),
    _rule(
        3,
        "wood_outlives_leaves",
        "wood turnover <= 1/(365.25 leaf lifespan)",
        wood_outlives_leaves,
        "parameter",
    ),
    _rule(
        4,
        "roots_faster_than_som",
        "root turnover >= SOM mineralisation at mean temperature",
        roots_faster_than_som,
        "parameter",
    ),
    _rule(
        5,
        "leaves_balance_roots",
        "allocation to leaves and labile within 5 of that to roots",
        leaves_balance_roots,
        "parameter",
    ),
    _rule(
        36,
        "initial_below_bound",
        "initial pools <= their upper bounds",
        initial_below_bound,
        "parameter",
    ),
)

_SHAPE_RULES = (
    _rule(
        6,
        "foliage_matches_roots",
        "mean foliage within a factor 5 of mean roots",
        foliage_matches_roots,
    ),
    _rule(35, "photosynthesis_happens", "largest GPP > 0", photosynthesis_happens),
    *(
        _rule(
            37 + position,
            f"{pool}_never_negative",
            f"{pool} >= 0 and finite in every step",
            never_negative(pool),
        )
        for position, pool in enumerate(POOLS)
    ),
)


class Sets(dict[Era, Table[Constraint]]):
    """Sets of rules by name; a `KeyError` lists the names."""

    def __missing__(self, name: object) -> NoReturn:
        """Answer an unknown name with those that exist."""
        raise KeyError(f"no set of constraints {name!r}; there are {', '.join(map(repr, self))}")


NO_CONSTRAINTS: Table[Constraint] = Table("constraint", ())
EDCS = Sets(
    {
        "edinburgh2021": _rules(
            wood_limit=5, change_limit=0.30, two_sided=False, count_harvest=False
        ),
        "edinburgh2024": _rules(
            wood_limit=2, change_limit=0.05, two_sided=True, count_harvest=True
        ),
        None: NO_CONSTRAINTS,
    }
)

# fluxes that rules look at
WATCHED = (
    "gpp",
    *dict.fromkeys(name for part in (*GAINS.values(), *LOSSES.values()) for name in part),
    *(f"{pool}_harvest" for pool in HARVESTED),
)
