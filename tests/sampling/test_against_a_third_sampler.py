"""The posterior of FI-Hyy against the Fortran's population, with a plain sampler as the judge.

Draws of the posterior stay as they are, in distribution, under any valid Metropolis walk; draws that
have not reached it drift. The reference population is narrower than our draws in some parameters; which
of the two is the posterior is told by a third sampler, which knows neither archive nor surrogate.
"""

import numpy as np
import pytest
import xarray as xr

from pm_dalec.graph import PAPER, Choices
from pm_dalec.models import baseline
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.sampling.target import compile_target
from pm_dalec.tables.parameters import PARAMETERS, with_three_year_days
from pm_dalec.testing.reference_file import from_reference

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")

SWEEPS = 1800
LANES = 752
BLOCKS = (
    ("autotrophic_fraction", "canopy_efficiency"),
    (
        "autotrophic_fraction",
        "canopy_efficiency",
        "foliage_fraction",
        "labile_fraction",
        "root_fraction",
    ),
    (
        "leaf_lifespan",
        "leaf_fall_day",
        "leaf_fall_period",
        "labile_release_period",
        "labile_release_day",
        "foliage_fraction",
        "labile_fraction",
        "leaf_carbon_per_area",
        "initial_labile",
        "initial_foliage",
    ),
)


def plain_metropolis(target, start, spread_of, sweeps, seed):
    """Symmetric random walk in fixed blocks; gives positions and log-probabilities."""
    random = np.random.default_rng(seed)
    rows = list(target.rows)
    bound = target.function.bind(lanes=len(start))
    precision = np.linalg.inv(np.cov(spread_of.T) + 1e-8 * np.eye(len(rows)))
    blocks = [np.array([rows.index(name) for name in block]) for block in BLOCKS]
    blocks.append(np.arange(len(rows)))
    factors = [np.linalg.cholesky(np.linalg.inv(precision[np.ix_(b, b)])) for b in blocks]
    position = start.copy()
    logp = np.asarray(bound(position)[0]).copy()
    for sweep in range(sweeps):
        block, factor = blocks[sweep % len(blocks)], factors[sweep % len(blocks)]
        length = np.exp(random.uniform(np.log(0.05), np.log(1.2), size=(len(start), 1)))
        proposed = position.copy()
        step = random.normal(size=(len(start), block.size)) @ factor.T
        proposed[:, block] += length * 2.38 / np.sqrt(block.size) * step
        inside = ((proposed > 0) & (proposed < 1)).all(axis=1)
        proposed[~inside] = position[~inside]
        value = np.asarray(bound(proposed)[0])
        accepted = inside & (np.log(random.uniform(size=len(start))) < value - logp)
        position[accepted], logp[accepted] = proposed[accepted], value[accepted]
    return position, logp


@pytest.mark.slow
def test_a_plain_sampler_leaves_our_draws_alone_and_widens_the_reference(shared_data):
    reference_file = shared_data / "reference" / "posterior_FI-Hyy.nc"
    units = from_reference(reference_file, "inputs")
    table = with_three_year_days(PARAMETERS)
    fit = calibrate(
        baseline.build(units, PAPER.replace(solver="truncated")),
        chains=8,
        proposals=3_000_000,
        random_seed=1,
        progress=False,
    )
    assert str(fit["sample_stats"]["status"].values) == "converged"
    target = compile_target(baseline.build(units, Choices(table, solver="truncated")))
    lower, upper = np.array([table[name].bounds for name in target.rows]).T

    def positions(values):
        return np.log(np.stack(values, axis=-1) / lower) / np.log(upper / lower)

    with xr.open_dataset(reference_file, group="reference_population", engine="h5netcdf") as ref:
        reference = positions(
            [
                ref["parameter"].sel(parameter_index=PARAMETERS[name].number).values.ravel()
                for name in target.rows
            ]
        )
    ours = positions([fit["posterior"][name].values.ravel() for name in target.rows])
    random = np.random.default_rng(1)
    starts = [part[random.permutation(len(part))[:LANES]] for part in (reference, ours)]
    place = list(target.rows).index("autotrophic_fraction")

    def width(part):
        low, high = np.quantile(part[:, place], [0.05, 0.95])
        return high - low

    bound = target.function.bind(lanes=LANES)
    before = [np.asarray(bound(start)[0]).mean() for start in starts]
    ends = [plain_metropolis(target, start, reference, SWEEPS, 2) for start in starts]
    after = [logp.mean() for _, logp in ends]
    error = np.std(ends[1][1]) / np.sqrt(LANES)
    print("mean log-probability, reference and ours, before and after:", before, after)
    print(
        "width of the autotrophic fraction:",
        [width(s) for s in starts],
        [width(p) for p, _ in ends],
    )
    assert abs(after[1] - before[1]) < 4 * error
    assert before[0] - after[0] > 2 * error
    assert width(ends[0][0]) > 1.08 * width(starts[0])
    assert abs(width(ends[1][0]) / width(starts[1]) - 1) < 0.08
