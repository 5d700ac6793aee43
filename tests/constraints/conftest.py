"""What the tests of constraints share: numbers that are no numbers are part of the rules."""

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def quiet():
    """What the runners do: NaN and infinities are part of the rules."""
    with np.errstate(all="ignore"):
        yield
