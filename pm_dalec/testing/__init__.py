"""Small inputs for tests, and parity with the reference code."""
