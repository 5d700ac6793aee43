"""Packages of the wheel: every folder of pm_dalec, and `models` as pm_dalec.models."""

from setuptools import find_packages, setup

setup(packages=[*find_packages(include=["pm_dalec", "pm_dalec.*"]), "pm_dalec.models"])
