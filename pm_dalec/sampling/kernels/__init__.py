"""Compiled moves of many chains; no DALEC in them."""

from pathlib import Path

from pm_dalec.lanes import call
from pm_dalec.lanes.kept_code import forget_outdated

forget_outdated(Path(__file__).parent, [Path(call.__file__)])
