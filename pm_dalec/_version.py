"""Version of the installed package; a module of its own, because asking for it takes 20 ms."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("pm_dalec")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
