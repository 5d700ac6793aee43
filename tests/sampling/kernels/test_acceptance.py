"""Acceptance of a proposal."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pm_dalec.sampling.kernels import acceptance
from pm_dalec.sampling.kernels.streams import streams


@pytest.mark.parametrize(
    ("proposed", "current", "expected"),
    [
        (1e3, 0.0, True),
        (0.0, -np.inf, True),
        (-1e3, 0.0, False),
        (-np.inf, 0.0, False),
        (np.nan, 0.0, False),
        (np.nan, -np.inf, False),
        (-np.inf, -np.inf, False),
    ],
)
def test_sure_proposals_are_accepted_and_hopeless_ones_are_not(proposed, current, expected):
    (stream,) = streams(1, [0], 1)
    assert all(acceptance.accept(stream, proposed, current, 0.0) == expected for _ in range(200))


def test_acceptance_has_the_probability_of_the_ratio():
    (stream,) = streams(2, [0], 1)
    accepted = [acceptance.accept(stream, np.log(0.2), 0.0, np.log(1.5)) for _ in range(20_000)]
    assert_allclose(np.mean(accepted), 0.3, atol=0.015)
