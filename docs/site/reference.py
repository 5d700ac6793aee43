"""Pages of the reference: one for every room that hands on names, made from the faces."""

import importlib
import pkgutil
from pathlib import Path

import pm_dalec
from pm_dalec._faces import homes_of

FIRST = """\
# Reference

What a person calls. `import pm_dalec as pmd` has the names of the first table; others come from the faces of the
rooms, as in `from pm_dalec.plots import fit_figure`. What no face names is private. How the rooms stand on each
other is told in [architecture](../architecture.md), what parameters, constraints and variables there are in
[tables](../tables.md).
"""


def faces():
    """Packages that hand on names, the root first, with their names in the order of the page."""
    found = {"pm_dalec": sorted(homes_of("pm_dalec"))}
    for part in pkgutil.walk_packages(pm_dalec.__path__, "pm_dalec."):
        if part.ispkg and part.name != "pm_dalec.models":
            importlib.import_module(part.name)
            names = sorted(homes_of(part.name))
            if names:
                found[part.name] = names
    return found


def _table(room, names):
    lines = [f"   {room}.{name}" for name in names]
    return "\n".join(
        ["```{eval-rst}", ".. autosummary::", "   :toctree: names", "", *lines, "```", ""]
    )


def _page(room, names, at_root):
    """One room: its sentence, the names that it alone has, and those that the root has as well."""
    sentence = (importlib.import_module(room).__doc__ or "").strip().split("\n")[0]
    own = [name for name in names if name not in at_root]
    parts = [f"# `{room}`\n", f"{sentence}\n"]
    if own:
        parts.append(_table(room, own))
    shared = [name for name in names if name in at_root]
    if shared:
        links = ", ".join(f"[`{name}`](names/pm_dalec.{name}.rst)" for name in shared)
        parts.append(f"Also here, and in `pm_dalec` itself: {links}.\n")
    return "\n".join(parts)


def write(folder):
    """Write the pages, each only where it changes, and remove those of rooms that are gone.

    Parameters
    ----------
    folder : Path
    """
    folder.mkdir(exist_ok=True)
    rooms = faces()
    root = [name for name in rooms.pop("pm_dalec") if not name.startswith("__")]
    listed = "\n".join(rooms)
    pages = {f"{room}.md": _page(room, names, root) for room, names in rooms.items()}
    pages["index.md"] = (
        f"{FIRST}\n## `pm_dalec`\n\n{_table('pm_dalec', root)}\n## Rooms\n\n"
        f"```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n"
    )
    for stale in set(folder.glob("*.md")) - {folder / name for name in pages}:
        stale.unlink()
    for name, text in pages.items():
        page = Path(folder, name)
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
