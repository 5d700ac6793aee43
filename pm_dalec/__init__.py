"""Bayesian model-data fusion of the terrestrial carbon cycle with DALEC inside PyMC."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("pm_dalec")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
