"""What functions of sensitivity are given: refused in a sentence where it is something else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import xarray as xr

from pm_dalec.graph.choices import Choices

if TYPE_CHECKING:
    from collections.abc import Sequence


def expect_result(
    name: str,
    found: object,
    maker: str,
    needs: Sequence[str],
    kind: type[xr.Dataset | xr.DataTree] = xr.Dataset,
) -> None:
    """Refuse what is not the result of a function.

    Parameters
    ----------
    name : str
        Of the argument.
    found : Dataset or DataTree
    maker : str
        Function that gives it.
    needs : sequence of str
        Variables, coordinates, groups and attributes that it must have.
    kind : type
        Dataset or DataTree.

    Raises
    ------
    TypeError, ValueError
    """
    if not isinstance(found, xr.Dataset | xr.DataTree) or not isinstance(found, kind):
        raise TypeError(
            f"wanted {name} as the {kind.__name__} that {maker} returns, got {type(found).__name__}; call "
            f"{maker} for it"
        )
    groups = set(found.children) if isinstance(found, xr.DataTree) else set()
    there = {*found.variables, *groups, *found.attrs}
    missing = [one for one in needs if one not in there]
    if missing:
        raise ValueError(
            f"wanted {name} with {missing[0]!r}, as {maker} returns it, got "
            f"{', '.join(sorted(map(str, there))) or 'nothing in it'}; call {maker} for it"
        )


def expect_choices(name: str, choices: object) -> None:
    """Refuse what is no `Choices`.

    Parameters
    ----------
    name : str
        Of the argument.
    choices : Choices
    """
    if not isinstance(choices, Choices):
        raise TypeError(
            f"wanted {name} as Choices, got {type(choices).__name__}; write "
            "pm_dalec.Choices(pm_dalec.tables.PRIOR_SETS['edinburgh2023'])"
        )


def expect_site(land: object) -> None:
    """Refuse what is no dataset of one site.

    Parameters
    ----------
    land : Dataset
    """
    if not isinstance(land, xr.Dataset):
        raise TypeError(
            f"wanted land as the Dataset of a site, got {type(land).__name__}; open one with open_site or "
            "load_site"
        )


def expect_levels(factors: object) -> Mapping[str, Mapping[str, Mapping[str, object]]]:
    """Factors with their levels by name, or the sentence that says how they are written.

    Parameters
    ----------
    factors : mapping of str to mapping
    """
    write = "write {'era': {'2021': {}, '2024': {'constraints': 'edinburgh2024'}}}"
    if not isinstance(factors, Mapping) or not factors:
        raise TypeError(f"wanted factors by name, got factors={factors!r:.80}; {write}")
    for name, levels in factors.items():
        if not isinstance(name, str):
            raise TypeError(f"wanted factors by name, got {name!r} as a name; {write}")
        if not isinstance(levels, Mapping) or not levels:
            raise ValueError(
                f"wanted the levels of factor {name!r} by name, got {levels!r:.80}; {write}"
            )
        for level, changes in levels.items():
            if not isinstance(changes, Mapping):
                raise TypeError(
                    f"wanted the changes of level {level!r} of factor {name!r} by name, got "
                    f"{changes!r:.80}; {write}"
                )
    return factors
