"""The style of figures leaves a notebook as it found it."""

import os
import subprocess
import sys

DRAWN = """
import matplotlib
from IPython.core.interactiveshell import InteractiveShell
InteractiveShell.instance()
from pm_dalec.plots import approaches_schematic
approaches_schematic()
assert matplotlib.is_interactive(), "figures drawn after the first would not be shown"
"""


def test_a_first_figure_of_ours_does_not_hide_the_figures_after_it():
    inline = os.environ | {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    done = subprocess.run(
        [sys.executable, "-c", DRAWN], env=inline, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
