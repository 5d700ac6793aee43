"""Tables of variables and parameters: every row is complete, understood and used."""

import ast
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.testing import assert_allclose

import pm_dalec
from pm_dalec.constraints.sets import EDCS
from pm_dalec.data.units import conversion
from pm_dalec.physics import records, step
from pm_dalec.physics.numpy_run import run_numpy
from pm_dalec.tables import dims, sources
from pm_dalec.tables.constants import DAYS_PER_YEAR
from pm_dalec.tables.parameters import ONE_YEAR, PARAMETERS, PRIOR_SETS, Theta, with_three_year_days
from pm_dalec.tables.priors import Fixed, FromData, Gaussian, LogUniform
from pm_dalec.tables.streams import STREAMS
from pm_dalec.tables.table import Table
from pm_dalec.tables.variables import DRIVERS, FLUXES, GAINS, HARVESTED, LOSSES, POOLS, VARIABLES
from pm_dalec.testing.strategies import drivers_and_parameters

PHYSICS = ("canopy", "stomata", "phenology", "disturbance", "step")
HOUSE = Path(pm_dalec.__file__).parent


@cache
def attributes_read(*modules):
    """Names that follow a dot in these modules: `theta.leaf_lifespan` reads `leaf_lifespan`."""
    trees = (ast.parse((HOUSE / "physics" / f"{module}.py").read_text()) for module in modules)
    return {
        node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }


@pytest.mark.parametrize("name", PARAMETERS)
def test_bounds_are_positive_and_ordered(name):
    lower, upper = PARAMETERS[name].bounds
    assert 0 < lower < upper < np.inf


@pytest.mark.parametrize("name", PARAMETERS)
def test_units_of_a_parameter_are_understood(name):
    units = PARAMETERS[name].units
    # years have no exact length, so that their symbol is known to the table and not to conversions
    assert units == "yr" or conversion(units, units) == (1.0, 0.0)


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_says_what_it_is(name):
    record = PARAMETERS[name]
    assert record.meaning
    assert record.symbol.count("$") in (0, 2)
    assert record.name == name


@pytest.mark.parametrize("record", [*VARIABLES.values(), *PARAMETERS.values(), *STREAMS.values()])
def test_sources_are_in_the_bibliography(record):
    assert record.source in sources.SOURCES


@pytest.mark.parametrize("name", [n for n in PARAMETERS if not n.startswith("initial_")])
def test_the_physics_reads_every_parameter(name):
    assert name in attributes_read(*PHYSICS)


def test_initial_pools_are_the_initial_parameters_of_every_pool():
    theta = Theta(*range(len(Theta._fields)))
    start = step.initial_pools(theta)
    assert [getattr(theta, f"initial_{pool}") for pool in POOLS] == list(start)


@pytest.mark.parametrize("name", DRIVERS)
def test_the_physics_reads_every_driver(name):
    assert name in attributes_read(*PHYSICS)


@pytest.mark.parametrize("name", FLUXES)
def test_every_flux_of_the_table_comes_out_of_a_step(name):
    assert name in records.Fluxes._fields


@pytest.mark.parametrize("name", records.Fluxes._fields)
def test_every_output_of_a_step_has_a_row_in_the_table(name):
    assert VARIABLES[name].role in ("flux", "rate", "diagnostic")


def test_every_rate_and_diagnostic_of_the_table_comes_out_of_a_step():
    rows = {**VARIABLES.select(role="rate"), **VARIABLES.select(role="diagnostic")}
    assert set(rows) <= set(records.Fluxes._fields)


def test_field_names_of_tuples_are_the_names_of_the_tables():
    assert Theta._fields == PARAMETERS.names
    assert records.Drivers._fields == DRIVERS.names
    assert records.Pools._fields == POOLS.names


def test_numbers_of_parameters_are_those_of_the_reference_vector():
    assert [record.number for record in PARAMETERS.values()] == list(range(1, 24))


def test_days_are_the_only_circular_parameters_and_span_one_year():
    circular = {name: record.bounds for name, record in PARAMETERS.items() if record.circular}
    assert circular == {"labile_release_day": ONE_YEAR, "leaf_fall_day": ONE_YEAR}
    assert ONE_YEAR[1] - ONE_YEAR[0] == DAYS_PER_YEAR


def test_three_year_days_change_the_days_and_nothing_else():
    wide = with_three_year_days(PARAMETERS)
    changed = [name for name in PARAMETERS if wide[name] != PARAMETERS[name]]
    assert changed == ["labile_release_day", "leaf_fall_day"]
    assert wide["leaf_fall_day"].bounds == (365.25, 1461.0)


@pytest.mark.parametrize("prior_set", PRIOR_SETS)
def test_gaussian_factors_lie_inside_the_bounds(prior_set):
    for record in PRIOR_SETS[prior_set].values():
        factor = record.prior.factor
        if isinstance(factor, Gaussian):
            assert record.bounds[0] < factor.mean < record.bounds[1]
            assert factor.sigma > 0


def test_prior_sets_differ_as_their_publications_do():
    def factor(prior_set, name):
        return PRIOR_SETS[prior_set][name].prior.factor

    assert factor("edinburgh2021", "autotrophic_fraction") == Gaussian(0.46, 0.12)
    assert factor("edinburgh2021", "canopy_efficiency") == Gaussian(21.1491, 4.267117)
    assert factor("edinburgh2020", "canopy_efficiency") is None
    assert factor("edinburgh2023", "autotrophic_fraction") == Gaussian(0.54, 0.12)
    for prior_set in PRIOR_SETS:
        assert factor(prior_set, "initial_som") == FromData("csom_prior", "csom_prior_unc")


def test_every_prior_is_log_uniform_unless_it_is_fixed():
    assert {type(record.prior) for record in PARAMETERS.values()} == {LogUniform}


def test_gains_and_losses_name_fluxes_of_every_pool():
    assert tuple(GAINS) == tuple(LOSSES) == POOLS.names
    for names in (*GAINS.values(), *LOSSES.values()):
        assert set(names) <= set(FLUXES)
    assert set(HARVESTED) <= set(POOLS)


def test_what_one_pool_gains_from_pools_another_loses():
    moved = {name for names in GAINS.values() for name in names if not name.startswith("npp_")}
    lost = [name for names in LOSSES.values() for name in names]
    assert moved <= set(lost)
    assert len(lost) == len(set(lost))


@settings(max_examples=40, deadline=None)
@given(drivers_and_parameters())
def test_a_pool_changes_by_its_gains_less_its_losses_and_harvest(case):
    drivers, latitude, theta = case
    run = run_numpy(drivers, latitude, theta)
    for pool in POOLS:
        series = getattr(run.pools, pool)
        gained = [getattr(run.fluxes, name) for name in GAINS[pool]]
        names = (*LOSSES[pool], *((f"{pool}_harvest",) if pool in HARVESTED else ()))
        lost = [getattr(run.fluxes, name) for name in names]
        expected = (sum(gained) - sum(lost)) * drivers.step_days
        size = max(np.abs(part).max() for part in (series, *(f * 31 for f in (*gained, *lost))))
        assert_allclose(np.diff(series), expected, rtol=0, atol=1e-10 * size, err_msg=pool)


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_observes_a_pool_a_flux_or_leaf_area(name):
    assert VARIABLES[STREAMS[name].observes].role in ("pool", "flux", "diagnostic")


def test_the_paper_assimilates_leaf_area_and_wood():
    assert STREAMS.select(default=True).names == ("lai", "cwood", "lai_annual", "cwood_annual")


def test_a_missing_name_is_answered_with_the_nearest_ones():
    with pytest.raises(KeyError, match=r"no parameter 'wood_turnover'; the nearest are wood_turno"):
        PARAMETERS["wood_turnover"]
    with pytest.raises(KeyError, match=r"no variable 'gross_primary'"):
        VARIABLES["gross_primary"]
    with pytest.raises(
        KeyError, match=r"no constraint 'steady_woods'; the nearest are steady_wood"
    ):
        EDCS["edinburgh2021"]["steady_woods"]


def test_a_name_without_neighbours_is_answered_with_all_names():
    with pytest.raises(KeyError, match=r"no observation stream 'xyz'; there are lai, cwood, gpp"):
        STREAMS["xyz"]


def test_a_table_refuses_two_records_of_one_name():
    record = PARAMETERS["leaf_lifespan"]
    with pytest.raises(ValueError, match="one parameter per name, got 'leaf_lifespan' twice"):
        Table("parameter", [record, record])


def test_replacing_a_record_leaves_the_table_as_it_was():
    changed = PARAMETERS.replace("leaf_lifespan", prior=Fixed(2.0))
    assert changed["leaf_lifespan"].prior == Fixed(2.0)
    assert PARAMETERS["leaf_lifespan"].prior == LogUniform()
    assert changed.names == PARAMETERS.names


def test_dimensions_have_one_order_with_pixel_last():
    assert dims.ordered(("pixel", "time", "chain", "stratum")) == (
        "chain",
        "time",
        "stratum",
        "pixel",
    )
    assert dims.ordered(("pixel", "nobody", "draw")) == ("nobody", "draw", "pixel")
