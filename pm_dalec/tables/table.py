"""The container behind every table of the project: frozen, ordered, indexed by name."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from html import escape
from typing import Any, ClassVar, Protocol, cast, runtime_checkable


def html_table(header: Iterable[str], rows: Iterable[Iterable[object]], caption: str = "") -> str:
    """Table in HTML, every cell escaped; notebooks set symbols between dollar signs as mathematics.

    Parameters
    ----------
    header : iterable of str
    rows : iterable of iterable
        Cells are told as `cell_words` tells them.
    caption : str
    """

    def line(kind: str, cells: Iterable[object]) -> str:
        left = ' style="text-align: left"'
        return "".join(f"<{kind}{left}>{escape(cell_words(cell))}</{kind}>" for cell in cells)

    head = f"<caption>{escape(caption)}</caption>" if caption else ""
    body = "".join(f"<tr>{line('td', row)}</tr>" for row in rows)
    return f"<table>{head}<thead><tr>{line('th', header)}</tr></thead><tbody>{body}</tbody></table>"


def cell_words(value: object) -> str:
    """Value of a record in words, as in a cell of a table.

    Examples
    --------
    >>> cell_words((1.001, 8.0)), cell_words(True), cell_words(None)
    ('1.001 to 8', 'yes', '')
    """
    if isinstance(value, bool) or value is None:
        return "yes" if value else ""
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, tuple) and value and isinstance(value[0], float):
        return " to ".join(map(cell_words, value))
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value)


class Named(Protocol):
    """What a table holds: a frozen dataclass with a name."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def name(self) -> str:
        """Name of the record, its key in the table."""


@runtime_checkable
class Holder(Protocol):
    """Record that knows what it holds instead: a parameter takes a number, and is fixed."""

    def holding(self, value: object) -> object:
        """Copy that holds another value."""


class Table[Record: Named](Mapping[str, Record]):
    """Ordered, immutable collection of records that have a ``name``.

    Parameters
    ----------
    kind : str
        What one record is, for messages: ``"parameter"``.
    records : iterable
        Frozen dataclasses with a ``name`` each.

    Raises
    ------
    ValueError
        If two records share a name.
    """

    def __init__(self, kind: str, records: Iterable[Record]) -> None:
        self.kind = kind
        self._records: dict[str, Record] = {}
        for record in records:
            if record.name in self._records:
                raise ValueError(
                    f"wanted one {kind} per name, got {record.name!r} twice in the table; rename one"
                )
            self._records[record.name] = record

    def __getitem__(self, name: str) -> Record:
        """Record of this name; a `KeyError` lists the nearest names that exist."""
        try:
            return self._records[name]
        except (KeyError, TypeError):  # a list is no name
            raise KeyError(self._missing(name)) from None

    def __contains__(self, name: object) -> bool:
        """Whether there is a record of this name; unlike ``[]``, without a look for the nearest names."""
        return isinstance(name, str) and name in self._records

    def __iter__(self) -> Iterator[str]:
        """Names in the order of declaration."""
        return iter(self._records)

    def __len__(self) -> int:
        """Count the records."""
        return len(self._records)

    def __hash__(self) -> int:
        """Tables are immutable: equal ones have the same hash."""
        return hash((self.kind, tuple(self._records.values())))

    def __repr__(self) -> str:
        """Kind and names."""
        return f"Table({self.kind}: {', '.join(self._records)})"

    def _repr_html_(self) -> str:
        """Table for a notebook: a row a record, a column a field."""
        records = list(self._records.values())
        names = [
            field.name
            for field in (fields(records[0]) if records else ())
            if not any(callable(getattr(record, field.name)) for record in records)
        ]
        rows = ([getattr(record, name) for name in names] for record in records)
        caption = f"{len(records)} {self.kind}s"
        return html_table([name.replace("_", " ") for name in names], rows, caption)

    @property
    def names(self) -> tuple[str, ...]:
        """Names in the order of declaration."""
        return tuple(self._records)

    def select(self, **wanted: object) -> "Table[Record]":
        """Part of the table whose records have these field values, in the same order.

        Examples
        --------
        >>> from pm_dalec import VARIABLES
        >>> VARIABLES.select(role="pool").names
        ('labile', 'foliage', 'roots', 'wood', 'litter', 'som')
        """
        return Table(
            self.kind,
            [
                record
                for record in self._records.values()
                if all(getattr(record, field) == value for field, value in wanted.items())
            ],
        )

    def only(self, *patterns: str) -> "Table[Record]":
        """Part of the table with these names, in the same order.

        Parameters
        ----------
        *patterns : str
            Names, or patterns of names such as ``steady_*``.
        """
        kept = self._matching(patterns)
        return Table(self.kind, [record for name, record in self.items() if name in kept])

    def without(self, *patterns: str) -> "Table[Record]":
        """Part of the table without these names, or names of these patterns.

        Examples
        --------
        >>> from pm_dalec import EDCS
        >>> len(EDCS["edinburgh2021"]), len(EDCS["edinburgh2021"].without("steady_*"))
        (26, 20)
        """
        left_out = self._matching(patterns)
        return Table(self.kind, [record for name, record in self.items() if name not in left_out])

    def _matching(self, patterns: Iterable[str]) -> set[str]:
        """Names that match; a `KeyError` for a pattern that matches none."""
        found: set[str] = set()
        for pattern in patterns:
            matched = {name for name in self if fnmatchcase(name, str(pattern))}
            if not matched:
                raise KeyError(self._missing(pattern))
            found |= matched
        return found

    def replace(self, name: str | None = None, /, **changes: Any) -> "Table[Record]":
        """Copy of the table in which the record ``name`` has other field values.

        Without a name, the changes are records by name, each with what it holds instead.

        Examples
        --------
        >>> from pm_dalec import PARAMETERS
        >>> PARAMETERS.replace("leaf_lifespan", bounds=(1.001, 4.0))["leaf_lifespan"].bounds
        (1.001, 4.0)
        >>> PARAMETERS.replace(leaf_lifespan=3.0)["leaf_lifespan"].prior
        Fixed(value=3.0)
        """
        if name is None:
            changed = {key: self._holding(key, value) for key, value in changes.items()}
        else:
            known = [field.name for field in fields(self[name])]
            for key in changes:
                if key not in known:
                    raise TypeError(
                        f"no field {key!r} of the {self.kind} {name!r}; there are {', '.join(known)}"
                    )
            changed = {name: replace(self[name], **changes)}
        return Table(self.kind, [changed.get(key, record) for key, record in self.items()])

    def _holding(self, name: str, value: object) -> Record:
        """Record with another content, where its kind knows what that is."""
        record = self[name]
        if not isinstance(record, Holder):
            raise TypeError(
                f"wanted the name of a {self.kind} and its changes, got {name}={value!r}; write "
                f"replace({name!r}, ...)"
            )
        return cast("Record", record.holding(value))

    def _missing(self, name: str) -> str:
        near = get_close_matches(str(name), self._records, n=4, cutoff=0.4)
        hint = f"the nearest are {', '.join(near)}" if near else "there are " + ", ".join(self)
        return f"no {self.kind} {name!r}; {hint}"
