"""Strata of LCM2015, and modal resampling in which masked land competes."""

import numpy as np
import pytest
from affine import Affine
from numpy.testing import assert_array_equal

from pm_dalec.landscape.grid import target_grid
from pm_dalec.landscape.overlap import overlap_with
from pm_dalec.landscape.strata_maps import (
    modal_strata,
    modal_strata_projected,
    single_stratum,
    strata_from_lcm2015,
)
from pm_dalec.tables.strata import LCM2015_MASKED, MASKED, STRATA

CONIFER, BROADLEAF, HEATH, ARABLE = range(4)


def test_every_class_of_lcm2015_is_in_exactly_one_stratum_or_masked():
    joined = sorted([c for stratum in STRATA for c in stratum.lcm2015] + list(LCM2015_MASKED))
    assert joined == list(range(22))


def test_classes_of_lcm2015_become_the_strata_of_the_paper():
    classes = [2, 1, 9, 7, 3, 4, 20, 13, 17, 0]
    expected = [CONIFER, BROADLEAF, HEATH, HEATH, ARABLE, ARABLE, *[MASKED] * 4]
    assert_array_equal(strata_from_lcm2015(classes), expected)


@pytest.mark.parametrize("wrong", [22, 255, -1, 2.5])
def test_an_unknown_class_is_refused_with_a_sentence(wrong):
    with pytest.raises(ValueError, match=r"wanted the classes 0 to 21 of LCM2015"):
        strata_from_lcm2015(np.array([1, wrong]))


def test_the_single_stratum_of_the_baseline_keeps_the_mask():
    assert_array_equal(single_stratum([CONIFER, ARABLE, MASKED]), [0, 0, MASKED])


def modal_of(strata, north=55.5):
    """Mode of a small map on one pixel of a degree."""
    rows, columns = np.shape(strata)
    weights = overlap_with(
        target_grid(1.0, south=54.5, north=55.5, west=-4.5, east=-3.5),
        latitude_edges=np.linspace(54.5, north, rows + 1),
        longitude_edges=np.linspace(-4.5, -3.5, columns + 1),
    )
    return modal_strata(np.array(strata), weights)[0, 0]


def test_masked_land_wins_where_it_is_the_most_common_class():
    assert modal_of([[MASKED, MASKED], [CONIFER, HEATH]]) == MASKED


def test_masked_land_loses_where_it_is_rarer_than_a_stratum():
    assert modal_of([[MASKED, HEATH, HEATH]]) == HEATH


def test_a_tie_goes_to_the_earlier_stratum_and_masked_land_last():
    assert modal_of([[ARABLE, BROADLEAF]]) == BROADLEAF
    assert modal_of([[MASKED, ARABLE]]) == ARABLE


def test_the_larger_area_wins_though_it_has_fewer_cells():
    """The southern row of two is wider on the sphere than the northern one."""
    assert modal_of([[HEATH], [CONIFER]]) == HEATH


def test_the_mode_counts_partial_cells_by_their_area():
    # A pixel of one degree over cells of 0.4 degree: 0.4 conifer, 0.4 heath, 0.2 conifer
    weights = overlap_with(
        target_grid(1.0, south=54.5, north=55.5, west=-4.5, east=-3.5),
        latitude_edges=[54.5, 55.5],
        longitude_edges=[-4.5, -4.1, -3.7, -3.3],
    )
    assert modal_strata(np.array([[HEATH, CONIFER, HEATH]]), weights)[0, 0] == HEATH


def test_cells_outside_the_map_are_masked():
    weights = overlap_with(
        target_grid(0.5, south=54.5, north=55.5, west=-4.5, east=-3.5),
        latitude_edges=[54.5, 55.0],
        longitude_edges=[-4.5, -4.0],
    )
    expected = [[CONIFER, MASKED], [MASKED, MASKED]]
    assert_array_equal(modal_strata(np.array([[CONIFER]]), weights), expected)


def test_a_projected_map_is_resampled_by_mode_with_masked_land_as_a_class():
    """25 m cells of the British grid onto 100 m cells, where the mode can be counted by hand."""
    strata = np.full((8, 8), ARABLE)
    strata[:4, :4] = np.array([MASKED] * 9 + [HEATH] * 7).reshape(4, 4)
    strata[:4, 4:] = np.array([CONIFER] * 9 + [MASKED] * 7).reshape(4, 4)
    resampled = modal_strata_projected(
        strata,
        transform=Affine(25, 0, 300000, 0, -25, 600200),
        crs="EPSG:27700",
        target_transform=Affine(100, 0, 300000, 0, -100, 600200),
        target_crs="EPSG:27700",
        target_shape=(2, 3),
    )
    assert_array_equal(resampled, [[MASKED, CONIFER, MASKED], [ARABLE, ARABLE, MASKED]])
