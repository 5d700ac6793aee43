"""Links of the site: every address and anchor inside it must be there."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlparse

from sphinx.errors import SphinxError


class Page(HTMLParser):
    """Anchors of a page, and what it links to."""

    def __init__(self):
        super().__init__()
        self.anchors, self.links = set(), set()

    def handle_starttag(self, tag, attrs):
        """Keep what a tag names and what it asks for."""
        for name, value in attrs:
            if value and name in ("id", "name"):
                self.anchors.add(value)
            if value and name in ("href", "src"):
                self.links.add(value)


def dead(root):
    """Links that lead nowhere, as pairs of page and link; those to other sites are not looked at.

    Parameters
    ----------
    root : Path
        Of the site that was built.
    """
    pages = {}
    for path in sorted(root.resolve().rglob("*.html")):
        if "_static" not in path.parts:  # templates of the theme
            pages[path] = Page()
            pages[path].feed(path.read_text(encoding="utf-8"))
    for path, page in pages.items():
        for link in sorted(page.links):
            parts = urlparse(link)
            if parts.scheme or parts.netloc:
                continue
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchors = pages[there].anchors if there in pages else {unquote(parts.fragment)}
            if not there.exists() or (parts.fragment and unquote(parts.fragment) not in anchors):
                yield path.relative_to(root.resolve()), link


def check(app, exception):
    """Refuse a site that was built with dead links."""
    if exception is None and app.builder.format == "html":
        found = [f"{page} links to {link}" for page, link in dead(Path(app.outdir))]
        if found:
            words = "\n".join(found)
            raise SphinxError(f"wanted no link that leads nowhere, got {len(found)}:\n{words}")
