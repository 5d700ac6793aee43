"""Variants of a study: a name, the changes, and the choices and observations that they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import xarray as xr

from pm_dalec.data.land import NODES, with_averages
from pm_dalec.data.uncertainties import prepare_uncertainties, scaled_uncertainties
from pm_dalec.graph.choices import Choices
from pm_dalec.sensitivity.studies.changes import TEMPERATURES, Changes, checked_changes

if TYPE_CHECKING:
    from collections.abc import Sequence

SHARED = "base"


@dataclass(frozen=True)
class Variant:
    """A named change of the choices of a model.

    Parameters
    ----------
    name : str
    changes : Changes or mapping
        What is not like the base; see `Changes`.

    Examples
    --------
    >>> Variant("no EDCs", {"constraints": None}).words
    'constraints=none'
    """

    name: str
    changes: Changes = field(default_factory=Changes)

    def __post_init__(self) -> None:
        """Refuse what is no change."""
        if not isinstance(self.name, str) or not self.name.strip():
            raise ValueError(
                f"wanted the name of a variant as text, got {self.name!r}; give each a short name"
            )
        where = f"variant {self.name!r}"
        object.__setattr__(self, "changes", checked_changes(self.changes, where))

    @property
    def words(self) -> str:
        """Changes in words; "base" where there are none."""
        given = self.changes.model_dump(include=self.changes.model_fields_set)
        told = (f"{name}={_words(value)}" for name, value in given.items())
        return ", ".join(told) or SHARED

    def choices(self, base: Choices, units: xr.Dataset) -> Choices:
        """Choices of a model of this variant.

        Parameters
        ----------
        base : Choices
        units : Dataset
            For the streams that there are.
        """
        try:
            return self.changes.applied(base, units)
        except (KeyError, TypeError, ValueError) as fault:
            raise type(fault)(f"variant {self.name!r}: {fault.args[0]}") from fault

    def land(self, land: xr.Dataset | xr.DataTree) -> xr.Dataset | xr.DataTree:
        """Land with the uncertainties and the weather of this variant.

        Parameters
        ----------
        land : Dataset or DataTree
        """
        if isinstance(land, xr.Dataset):
            return self._changed(land)
        changed = {}
        for node in NODES.values():
            averages = land[node].to_dataset(inherit=False)
            found = self._changed(averages)
            changed[node] = {
                name: values
                for name, values in found.items()
                if not values.identical(averages[name])
            }
        found = with_averages(land, changed)
        found.dataset = self._warmed(found.to_dataset())  # drivers that all averages share
        return found

    def _changed(self, units):
        """Units dataset with other drivers and uncertainties."""
        units = self._warmed(units)
        if self.changes.sigma_rules is not None:
            units = prepare_uncertainties(units, self.changes.sigma_rules)
        return scaled_uncertainties(units, self.changes.sigma) if self.changes.sigma else units

    def _warmed(self, units):
        """Dataset with other drivers, of those that are in it."""
        weather = {
            name: _other_weather(units[name], by)
            for name, by in self.changes.weather.items()
            if name in units
        }
        return units.assign(weather)


def _other_weather(values, by):
    """Driver, warmer where it is a temperature, else times a factor."""
    changed = values + by if values.name in TEMPERATURES else values * by
    return changed.assign_attrs(values.attrs)


def _words(value):
    if value is None:
        return "none"
    if isinstance(value, dict):
        return " ".join(f"{name}:{_words(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return " ".join(map(_words, value))
    return str(value)


def variants_of(given: Mapping[str, object] | Sequence[Variant]) -> dict[str, Variant]:
    """Variants by name, from a mapping of names to changes or from variants.

    Parameters
    ----------
    given : mapping of str to mapping, or sequence of Variant

    Raises
    ------
    ValueError, TypeError
    """
    if isinstance(given, Mapping):
        made = [
            changes if isinstance(changes, Variant) else Variant(name, changes)
            for name, changes in given.items()
        ]
    elif isinstance(given, list | tuple) and all(isinstance(one, Variant) for one in given):
        made = list(given)
    else:
        raise TypeError(
            f"wanted variants as a mapping of names to changes, got {given!r:.80}; write "
            "{'base': {}, 'no EDCs': {'constraints': None}}"
        )
    names = [variant.name for variant in made]
    twice = {name for name in names if names.count(name) > 1}
    if twice or not made:
        came = f"{min(twice)!r} twice" if twice else "none"
        raise ValueError(f"wanted one variant a name, got {came}; give each a name of its own")
    return dict(zip(names, made, strict=True))
