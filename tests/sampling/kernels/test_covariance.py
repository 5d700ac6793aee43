"""Moments of the states of ``edinburgh2021``, and when they are used."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pm_dalec.sampling.kernels.covariance import Moments


def test_the_covariance_is_used_only_when_more_than_ten_states_a_parameter_are_in_it():
    moments = Moments(3, 2)
    moments.usable[:] = [True, True, False]
    moments.count[:] = [20.0, 21.0, 21.0]
    assert_array_equal(moments.established(), [False, True, False])


def test_moments_equal_the_sample_covariance():
    vectors = np.random.default_rng(1).normal(size=(12, 2))
    moments = Moments(1, 2)
    moments.start(0, vectors[:3])
    for vector in vectors[3:]:
        moments.update(0, vector)
    assert_allclose(moments.mean[0], vectors.mean(axis=0), rtol=1e-12)
    assert_allclose(moments.covariance[0], np.cov(vectors, rowvar=False), rtol=1e-12)
    assert_allclose(moments.factor[0] @ moments.factor[0].T, moments.covariance[0], rtol=1e-12)
    assert moments.count[0] == 12


@pytest.mark.parametrize(("accepted", "middle"), [(3, 1), (4, 1), (5, 2), (8, 3)])
def test_the_first_covariance_is_of_the_first_middle_and_last_accepted_vector(accepted, middle):
    vectors = np.random.default_rng(2).normal(size=(accepted, 2))
    moments = Moments(1, 2)
    moments.start(0, vectors)
    chosen = vectors[[0, middle, -1]]
    assert_allclose(moments.covariance[0], np.cov(chosen, rowvar=False), rtol=1e-12)
    assert moments.count[0] == 3


def test_an_update_that_is_not_positive_definite_is_undone():
    moments = Moments(1, 2)
    moments.covariance[0], moments.factor[0] = np.eye(2), np.eye(2)
    moments.count[0], moments.usable[0], moments.mean[0] = 1.0, True, [0.5, 0.5]
    moments.update(0, np.array([0.7, 0.7]))
    assert moments.count[0] == 1
    assert_array_equal(moments.covariance[0], np.eye(2))
    assert_array_equal(moments.mean[0], [0.5, 0.5])


def test_a_first_covariance_that_is_not_positive_definite_is_kept():
    moments = Moments(1, 3)
    moments.start(0, np.eye(3)[[0, 1, 1]])
    assert not moments.usable[0]
    moments.update(0, np.array([0.0, 0.0, 1.0]))
    assert moments.count[0] == 4


def test_the_main_phase_of_edinburgh2021_never_uses_the_covariance():
    random = np.random.default_rng(4)
    moments = Moments(1, 23)
    moments.start(0, random.normal(size=(3, 23)))
    for vector in random.normal(size=(300, 23)):
        moments.update(0, vector)
    assert moments.established()[0]
    moments.restart()
    for vector in random.normal(size=(100, 23)):
        moments.update(0, vector)
        assert moments.usable[0]
        assert moments.count[0] == 1.0
    assert not moments.established()[0]


def test_lanes_without_a_usable_covariance_start_anew_in_the_main_phase():
    moments = Moments(1, 23)
    moments.start(0, np.random.default_rng(5).normal(size=(3, 23)))
    moments.restart()
    assert moments.count[0] == 0
