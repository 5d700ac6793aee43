"""The site: every page of the repository that a person reads, with the notebooks and the reference.

Sphinx reads the repository from its root (``sphinx-build -c docs . build/site``), so that a link between two
files is the same link here and where the repository is read as files. Nothing is executed: notebooks bring
their outputs, and the pages of ``docs/reference`` and ``docs/gallery.md`` are made from the code and from the
notebooks before Sphinx looks for pages.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "site"))

import formulas
import gallery
import landing
import links
import reference
from pygments.lexers.special import TextLexer

import pm_dalec

project = "pm_dalec"
author = "The pm_dalec developers"
project_copyright = "The pm_dalec developers, GPL-3.0-or-later"
release = version = pm_dalec.__version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
]
root_doc = "docs/index"
include_patterns = ["docs/**", "notebooks/*.ipynb", "models/README.md", "*.md"]
exclude_patterns = ["README.md", "docs/site/**", ".venv/**", "build/**", "**/.*"]

nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
suppress_warnings = ["mystnb.unknown_mime_type"]  # text stands beside what a browser cannot show

autosummary_generate = True
autosummary_ignore_module_all = False
autodoc_typehints = "none"  # numpydoc lists the types
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
default_role = "autolink"

html_theme = "pydata_sphinx_theme"
html_title = "pm_dalec"
html_static_path = ["site/static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_sidebars = {page: [] for page in ("docs/index", "docs/gallery")}  # nothing is below them
html_copy_source = False
html_theme_options = {
    "navigation_with_keys": False,
    "header_links_before_dropdown": 6,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}

html_math_renderer = "mathml"  # no script from elsewhere: the site is read offline


def setup(app):
    """Make pages before they are looked for, and a door at the root of the site."""
    reference.write(HERE / "reference")
    gallery.write(HERE / "gallery.md", HERE / "gallery", HERE.parent / "notebooks")
    app.add_html_math_renderer("mathml", (formulas.inline, None), (formulas.block, None))
    app.add_lexer("mermaid", TextLexer)  # drawn where the repository is read, a list of arrows here
    app.connect("build-finished", landing.write)
    app.connect("build-finished", links.check)
