"""The TOML file of a study: a table a variant, and the table ``factorial``, whose factors are crossed."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pm_dalec.data.messages import sentence
from pm_dalec.sensitivity.studies.design import factorial
from pm_dalec.sensitivity.studies.variants import Variant, variants_of
from pm_dalec.tables.numbers import path_of

FACTORIAL = "factorial"
EXAMPLE = Path(__file__).with_name("example.toml")
"""A file of variants that shows all that may be written."""
ANY_LAND = EXAMPLE.with_name("any_land.toml")
"""A file of variants that stand for any land with leaf area."""


def read_variants(path: str | Path) -> dict[str, Variant]:
    """Variants of a TOML file: a table a variant, and the optional table ``factorial``.

    Parameters
    ----------
    path : str or Path
        ``pm_dalec/sensitivity/studies/example.toml`` is one.

    Returns
    -------
    dict of str to Variant
        The first is what the others are compared with.
    """
    path = path_of("path", path)
    if not path.is_file():
        raise FileNotFoundError(
            sentence(
                "variants",
                wanted="an existing TOML file",
                came="a path where no file is",
                where=str(path),
                do="correct the path",
            )
        )
    try:
        parsed = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(
            sentence(
                "variants",
                wanted="TOML",
                came=f"text that is not: {error}",
                where=f"file {path}",
                do="correct the line",
            )
        ) from error
    crossed = parsed.pop(FACTORIAL, None)
    found = variants_of(parsed) if parsed else {}
    if crossed is not None:
        found = found | factorial(crossed)
    return variants_of(found)
