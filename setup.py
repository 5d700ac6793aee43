"""Packages of the wheel: every folder of pm_dalec, and `models` as pm_dalec.models."""

import sys

from setuptools import find_packages, setup

if sys.version_info < (
    3,
    12,
):  # pip would complain of the first dependency that has no such version
    version = ".".join(map(str, sys.version_info[:2]))
    raise SystemExit(
        f"wanted Python 3.12, 3.13 or 3.14, got {version} ({sys.executable}); make the environment "
        "with one of them, for instance python3.13 -m venv .venv"
    )

setup(packages=[*find_packages(include=["pm_dalec", "pm_dalec.*"]), "pm_dalec.models"])
