"""Table of the land-cover strata and of the classes of land cover that each holds."""

from typing import NamedTuple

from pm_dalec.tables.table import html_table

MASKED = 255
"""Code of a cell that belongs to no stratum: a class of its own, never 'no data'."""


class Stratum(NamedTuple):
    """One stratum of the landscape.

    Attributes
    ----------
    name : str
        Short name, coordinate of the stratum dimension.
    label : str
        Name in legends and tables.
    lcm2015 : tuple of int
        Classes of LCM2015 that belong to it.
    colour : str
        Colour in maps and figures (Okabe and Ito).
    """

    name: str
    label: str
    lcm2015: tuple[int, ...]
    colour: str


class Strata(tuple[Stratum, ...]):
    """Strata in the order of their codes on a map."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        """Table for a notebook."""
        return html_table(Stratum._fields, self, f"{len(self)} strata")


STRATA = Strata(
    (
        Stratum("conifer", "coniferous woodland", (2,), "#009E73"),
        Stratum("broadleaf", "broadleaf woodland", (1,), "#E69F00"),
        Stratum("heath", "heathland", (5, 6, 7, 8, 9, 10, 11, 12), "#CC79A7"),
        Stratum("arable", "arable and pasture", (3, 4), "#F0E442"),
    )
)

STRATUM_NAMES = tuple(stratum.name for stratum in STRATA)

LCM2015_MASKED = (0, 13, 14, 15, 16, 17, 18, 19, 20, 21)
"""Sea and none, salt and fresh water, coast (15-19), urban and suburban."""
