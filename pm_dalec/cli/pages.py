"""Pages of the folder ``docs`` that are made from the code.

``python -m pm_dalec.cli.pages`` renews them; a test fails when one is stale.
"""

from pathlib import Path

from pm_dalec.cli import rooms, tables

DOCS = Path(__file__).resolve().parents[2] / "docs"
COMMAND = "python -m pm_dalec.cli.pages"
BEGIN = f"<!-- made by `{COMMAND}`; do not edit -->"
END = "<!-- end of what is made -->"
MADE = {
    "architecture.md": rooms.section,
    "coming_from_cardamom.md": tables.names_of_cardamom,
    "tables.md": tables.page,
}
"""What makes the part of a page between the markers."""


def renewed(text, made):
    """Page with the part between the markers replaced.

    Parameters
    ----------
    text : str
        Whole page.
    made : str
        What belongs between the markers.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the markers are not there once each, in order.
    """
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(
            f"wanted the markers {BEGIN!r} and {END!r} once each and in this order, got "
            f"{text.count(BEGIN)} and {text.count(END)} (a page of docs); put both on lines of their "
            "own"
        )
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{rest.split(END)[1]}"


def main():
    """Renew all pages."""
    for name, make in MADE.items():
        page = DOCS / name
        page.write_text(renewed(page.read_text(encoding="utf-8"), make()), encoding="utf-8")


if __name__ == "__main__":
    main()
