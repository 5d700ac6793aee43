"""Speed and memory of aggregation: the loss product of the whole domain."""

import subprocess
import sys

import pytest

SCRIPT = """
import resource, time
import numpy as np
from pm_dalec.landscape.grid import aggregate, overlap_with, target_grid

grid = target_grid(0.05, south=54.5, north=55.5, west=-4.5, east=-1.5)
rng = np.random.default_rng(0)
values = rng.random((4000, 12000), dtype=np.float32)
strata = rng.integers(0, 5, values.shape, dtype=np.uint8)
start = time.perf_counter()
weights = overlap_with(
    grid,
    latitude_edges=54.5 + np.arange(4001) * 0.00025,
    longitude_edges=-4.5 + np.arange(12001) * 0.00025,
)
aggregate(values, strata, weights, stratum_count=4)
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
"""


@pytest.mark.benchmark
def test_48_million_cells_and_four_strata_take_less_than_30_seconds_and_4_gigabytes(capsys):
    """In a process of its own, so that its largest memory is its own."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    seconds, gigabytes = map(float, done.stdout.split())
    with capsys.disabled():
        print(f"\n48 million cells x 4 strata: {seconds:.1f} s, {gigabytes:.2f} GB")
    assert seconds < 30
    assert gigabytes < 4
