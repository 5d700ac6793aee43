"""The gallery: every figure of the notebooks with its code, and the scripts of the paper's figures."""

import base64
import re

import nbformat

FIRST = """\
# Gallery

Every figure of the notebooks with the code that draws it. The code stands on what its notebook made before; the
link opens the place. Scripts that draw the figures and tables of the paper from a folder of fits are in
`paper_figures/`; how [one figure](guide/reproduce.md) is made by them.
"""
CODE = """\
### {title}

```{{image}} {picture}
:alt: {alt}
:width: 90%
```

{sentence} [In its notebook]({link}).

```python
{code}
```
"""


def figures_of(cells):
    """Pictures of a notebook with code, the heading above, the sentence below, and words for them."""
    heading = ""
    for place, cell in enumerate(cells):
        if cell.cell_type == "markdown":
            heads = re.findall(r"^#+ (.+)$", cell.source, re.MULTILINE)
            heading = heads[-1] if heads else heading
            continue
        pictures = [
            output["data"]["image/png"]
            for output in cell.outputs
            if "image/png" in output.get("data", {})
        ]
        below = cells[place + 1].source if place + 1 < len(cells) else ""
        for count, picture in enumerate(pictures):
            alt = cell.metadata["mystnb"]["image"]["alt"]
            yield f"{place:02d}-{count}", picture, cell.source, heading, _sentence(below), alt


def _sentence(text):
    """First sentence of a paragraph below a figure."""
    paragraph = text.strip().split("\n\n")[0].replace("\n", " ")
    if paragraph.startswith(("#", "<", "```", "|", "-")):
        return ""
    return re.split(r"(?<=[.!?]) ", paragraph)[0]


def write(page, folder, notebooks):
    """Write the page and its pictures.

    Parameters
    ----------
    page, folder : Path
        The page, and the folder of its pictures beside it.
    notebooks : Path
        Folder of executed notebooks.
    """
    folder.mkdir(exist_ok=True)
    parts, kept = [FIRST], set()
    for path in sorted(notebooks.glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        title = cells[0].source.split("\n")[0].lstrip("# ")
        link, codes = f"../notebooks/{path.name}", []
        for name, picture, code, heading, sentence, alt in figures_of(cells):
            file = folder / f"{path.stem}-{name}.png"
            kept.add(file)
            data = base64.b64decode(picture)
            if not file.exists() or file.read_bytes() != data:
                file.write_bytes(data)
            told = {
                "title": heading,
                "picture": f"{folder.name}/{file.name}",
                "alt": alt,
                "sentence": sentence,
                "code": code,
                "link": link,
            }
            codes.append(CODE.format(**told))
        parts.append(f"## {title}\n\n" + "\n".join(codes))
    for stale in set(folder.glob("*.png")) - kept:
        stale.unlink()
    text = "\n".join(parts)
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")
