"""A fit whose groups do not belong together, or hold what is no number, is refused where it is read."""

import numpy as np
import pytest
import xarray as xr

import pm_dalec as pmd
from pm_dalec.testing.tiny import tiny_fit, tiny_region


def with_part(tree, **parts):
    made = tree.copy()
    for name, part in parts.items():
        made[name] = xr.DataTree(part)
    return made


@pytest.fixture(scope="module")
def fit():
    return tiny_fit(tiny_region(pixels=2))


@pytest.fixture(scope="module")
def draws(fit):
    return fit["posterior"].to_dataset()


@pytest.mark.parametrize("function", [pmd.budget, pmd.trajectories, pmd.with_groups])
def test_a_fit_whose_units_are_in_another_order_than_its_data_is_refused(fit, draws, function):
    with pytest.raises(ValueError, match="the same units along 'pixel' in the same order"):
        function(with_part(fit, posterior=draws.isel(pixel=[1, 0])))


def test_steps_in_another_order_are_refused(fit):
    units = fit["constant_data"].to_dataset().isel(time=slice(None, None, -1))
    with pytest.raises(ValueError, match="steps one after the other"):
        pmd.budget(with_part(fit, constant_data=units))


@pytest.mark.parametrize(
    ("spoil", "fault", "words"),
    [
        (
            lambda array: array.astype(object),
            TypeError,
            "wanted float64 numbers, got 'leaf_lifespan' of object",
        ),
        (
            lambda array: array.where(array.draw != 1, np.inf),
            ValueError,
            "got inf and 3 others in 'leaf_lifespan'",
        ),
        (lambda array: array.where(array.draw != 1, -9999.0), ValueError, "got -9999"),
        (
            lambda array: array.expand_dims("member"),
            ValueError,
            "with dims chain, draw and those of the units",
        ),
    ],
)
def test_draws_that_are_none_are_refused(fit, draws, spoil, fault, words):
    with pytest.raises(fault, match=words):
        pmd.budget(
            with_part(fit, posterior=draws.assign(leaf_lifespan=spoil(draws["leaf_lifespan"])))
        )


def test_areas_that_are_none_are_refused(fit):
    values = pmd.budget(fit)["gpp"]
    land = tiny_region(pixels=2).assign(area=("pixel", [1.0, 3.0]))
    pmd.aggregate(values, land)
    for area in ([-1.0, 3.0], [np.nan, 1.0], [0.0, 0.0], [1.0, 1e20]):
        with pytest.raises(ValueError, match="area"):
            pmd.aggregate(values, land.assign(area=("pixel", area)))
    with pytest.raises(
        ValueError, match="wanted 'area' of every pixel of 'gpp', got none for 1001"
    ):
        pmd.aggregate(values, land.isel(pixel=[0]))
