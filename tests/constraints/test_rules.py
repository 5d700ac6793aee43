"""Ecological constraints: margins with the sign of the literal rule, windows of years, forms, pass rates."""

from typing import NamedTuple

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pm_dalec.constraints import forms, sets
from pm_dalec.constraints.case import Case, windows
from pm_dalec.constraints.prior_draws import draw_constrained_prior, draw_log_uniform, judge
from pm_dalec.constraints.report import edc_report
from pm_dalec.constraints.sets import EDCS
from pm_dalec.data.synthetic_sites import synthetic_drivers
from pm_dalec.physics import records
from pm_dalec.tables import sources
from pm_dalec.tables.parameters import PARAMETERS, THREE_YEARS, Theta
from pm_dalec.tables.priors import Fixed, LogUniform
from pm_dalec.tables.variables import GAINS, LOSSES, POOLS, VARIABLES
from pm_dalec.testing.parameters import FEASIBLE, random_theta
from pm_dalec.testing.reference_file import from_reference
from pm_dalec.testing.tiny import tiny_site

PAPER, LATER = EDCS["edinburgh2021"], EDCS["edinburgh2024"]
NUMBERED = {rule.number: rule for rule in PAPER.values()}
MONTHS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], float)


@pytest.fixture(autouse=True)
def quiet():
    """What the runners do: NaN and infinities are part of the rules."""
    with np.errstate(all="ignore"):
        yield


def holds(rule, case):
    return bool(np.all(forms.holds(rule.margin(case, np))))


def parameter_case(mean_temperature=9.0, **changed):
    return Case(FEASIBLE._replace(**changed), mean_temperature)


# --- sets and rows


@pytest.mark.parametrize("name", PAPER)
def test_a_rule_says_what_must_hold_and_where_it_comes_from(name):
    rule = PAPER[name]
    assert rule.inequality
    assert rule.source in sources.SOURCES
    assert rule.level in ("parameter", "trajectory")


def test_the_rules_have_the_numbers_of_the_reference():
    assert sorted(NUMBERED) == [*range(1, 7), *range(13, 19), *range(20, 26), *range(35, 43)]


def test_both_eras_have_the_same_rules_in_the_same_order():
    assert PAPER.names == LATER.names
    assert not EDCS[None]


def test_rules_look_at_fluxes_that_the_model_keeps_for_them():
    assert set(sets.WATCHED) <= set(records.Fluxes._fields)
    assert {VARIABLES[name].role for name in sets.WATCHED} == {"flux"}


# --- parameter rules, one case on either side


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("som_slower_than_litter",
         {"litter_mineralisation_rate": 2e-3, "som_mineralisation_rate": 2e-3},
         {"litter_mineralisation_rate": 2e-3, "som_mineralisation_rate": 2.1e-3}),
        ("litter_to_som_faster_than_som",
         {"litter_to_som_rate": 5e-5, "som_mineralisation_rate": 5e-5},
         {"litter_to_som_rate": 5e-5, "som_mineralisation_rate": 5.1e-5}),
        ("wood_outlives_leaves",
         {"leaf_lifespan": 4.0, "wood_turnover_rate": 0.99 / (365.25 * 4)},
         {"leaf_lifespan": 4.0, "wood_turnover_rate": 1.01 / (365.25 * 4)}),
        ("roots_faster_than_som",
         {"temperature_exponent": 0.05, "som_mineralisation_rate": 1e-3,
          "root_turnover_rate": 1.01e-3 * np.exp(0.45)},
         {"temperature_exponent": 0.05, "som_mineralisation_rate": 1e-3,
          "root_turnover_rate": 0.99e-3 * np.exp(0.45)}),
        ("leaves_balance_roots",
         {"foliage_fraction": 0.4, "labile_fraction": 0.01, "root_fraction": 0.15},
         {"foliage_fraction": 0.5, "labile_fraction": 0.5, "root_fraction": 0.15}),
        ("leaves_balance_roots",
         {"foliage_fraction": 0.1, "labile_fraction": 0.1, "root_fraction": 0.8},
         {"foliage_fraction": 0.05, "labile_fraction": 0.05, "root_fraction": 0.8}),
        ("initial_below_bound", {"initial_wood": 30000.0}, {"initial_wood": 30001.0}),
    ],
)  # fmt: skip
def test_a_parameter_rule_passes_and_fails_where_it_should(name, good, bad):
    rule = PAPER[name]
    assert holds(rule, parameter_case(**good))
    assert not holds(rule, parameter_case(**bad))


def test_warmth_lets_roots_fall_behind_the_soil():
    rule = PAPER["roots_faster_than_som"]
    case = parameter_case(root_turnover_rate=0.0014, som_mineralisation_rate=9e-5,
                          temperature_exponent=0.08)  # fmt: skip
    assert holds(rule, case._replace(mean_temperature=34.0))
    assert not holds(rule, case._replace(mean_temperature=35.0))


# --- trajectory rules on hand-made runs


class Made(NamedTuple):
    """A hand-made case of whole years of months, everything one unless it is said otherwise."""

    years: int = 3

    def case(self, *, pools=None, fluxes=None):
        days = np.tile(MONTHS, self.years)
        count = days.size
        flat = {name: np.ones(count + 1) for name in POOLS} | (pools or {})
        fluxes = {name: np.ones(count) for name in records.Fluxes._fields} | (fluxes or {})
        return Case(
            FEASIBLE,
            9.0,
            records.Pools(**{name: np.asarray(value, float) for name, value in flat.items()}),
            records.Fluxes(**{name: np.asarray(value, float) for name, value in fluxes.items()}),
            days,
            windows(days),
        )


def wood_balance(first, second, later, **others):
    """Case in which wood gains these multiples of its loss in year one, two and after."""
    quiet = {name: np.zeros(36) for name in ("wood_combustion", "wood_fire_litter", "wood_harvest")}
    gained = np.repeat([first, second, later], 12)
    return Made().case(fluxes=quiet | {"npp_to_wood": gained, "wood_to_som": np.ones(36)} | others)


@pytest.mark.parametrize("factor", [4.99, 1 / 4.99])
def test_wood_may_gain_up_to_five_times_what_it_loses(factor):
    rule = PAPER["steady_wood"]
    assert holds(rule, wood_balance(1.0, 1.0, factor))
    further = factor * 1.01 if factor > 1 else factor / 1.01
    assert not holds(rule, wood_balance(1.0, 1.0, further))


def test_the_first_two_years_are_not_part_of_the_balance():
    assert holds(PAPER["steady_wood"], wood_balance(50.0, 0.01, 1.0))


def test_in_the_later_era_wood_may_gain_up_to_twice_what_it_loses():
    assert holds(LATER["steady_wood"], wood_balance(1.0, 1.0, 1.99))
    assert not holds(LATER["steady_wood"], wood_balance(1.0, 1.0, 2.01))


@pytest.mark.parametrize("pool", [pool for pool in POOLS if pool != "wood"])
def test_other_pools_may_gain_up_to_twice_what_they_lose(pool):
    gains, losses = GAINS[pool], LOSSES[pool]
    moved = {name: np.ones(36) / len(losses) for name in losses}
    assert pool != "litter" or not set(gains) & set(losses)
    for factor, expected in ((1.99, True), (2.01, False), (1 / 1.99, True), (1 / 2.01, False)):
        share = {name: np.full(36, factor / len(gains)) for name in gains}
        assert holds(PAPER[f"steady_{pool}"], Made().case(fluxes=moved | share)) is expected


def test_harvest_counts_as_a_loss_in_the_later_era_only():
    felling = {"wood_harvest": np.full(36, 10.0)}
    case = wood_balance(1.0, 1.0, 1.0, **felling)
    assert holds(PAPER["steady_wood"], case)
    assert not holds(LATER["steady_wood"], case)


def test_fire_counts_as_a_loss_in_both_eras():
    case = wood_balance(1.0, 1.0, 1.0, wood_combustion=np.full(36, 10.0))
    assert not holds(PAPER["steady_wood"], case)
    assert not holds(LATER["steady_wood"], case)


def test_in_the_paper_only_a_first_year_out_of_balance_fails():
    rule = PAPER["slow_change_wood"]
    assert holds(rule, wood_balance(np.exp(0.29), 1.0, 1.0))
    assert not holds(rule, wood_balance(np.exp(0.31), 1.0, 1.0))
    assert holds(rule, wood_balance(1.0, np.exp(2.0), 1.0))


def test_in_the_later_era_a_second_year_out_of_balance_fails_as_well():
    rule = LATER["slow_change_wood"]
    assert holds(rule, wood_balance(np.exp(0.04), 1.0, 1.0))
    assert not holds(rule, wood_balance(np.exp(0.06), 1.0, 1.0))
    assert not holds(rule, wood_balance(1.0, np.exp(0.06), 1.0))


def test_foliage_and_roots_may_differ_by_five_on_average():
    rule = PAPER["foliage_matches_roots"]
    for mean, expected in ((4.99, True), (5.01, False), (1 / 4.99, True), (1 / 5.01, False)):
        assert holds(rule, Made().case(pools={"foliage": np.full(37, mean)})) is expected


def test_the_mean_of_foliage_has_the_state_before_the_first_step_in_it():
    foliage = np.r_[400.0, np.ones(36)]
    assert not holds(PAPER["foliage_matches_roots"], Made().case(pools={"foliage": foliage}))


def test_a_forest_without_photosynthesis_fails():
    rule = PAPER["photosynthesis_happens"]
    assert not holds(rule, Made().case(fluxes={"gpp": np.zeros(36)}))
    assert holds(rule, Made().case(fluxes={"gpp": np.r_[np.zeros(35), 1e-300]}))


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("place", [0, 20, 36])
@pytest.mark.parametrize("value", [-1e-12, np.nan])
def test_a_pool_that_is_once_negative_or_not_a_number_fails(pool, place, value):
    series = np.ones(37)
    series[place:] = value if np.isnan(value) else series[place:]
    series[place] = value
    assert not holds(PAPER[f"{pool}_never_negative"], Made().case(pools={pool: series}))


@pytest.mark.parametrize("pool", POOLS)
def test_an_empty_pool_passes(pool):
    series = np.r_[np.ones(36), 0.0]
    assert holds(PAPER[f"{pool}_never_negative"], Made().case(pools={pool: series}))


# --- margins against the literal inequalities


def random_case(seed):
    """Log-normal pools and fluxes, some of them negative, zero or NaN."""
    rng = np.random.default_rng(seed)

    def series(count):
        values = np.exp(rng.normal(0, 1.0)) * np.exp(rng.normal(0, 0.3, count))
        odd = rng.uniform()
        if odd < 0.1:
            values[rng.integers(count)] = -1.0
        elif odd < 0.2:
            values[:] = 0.0
        elif odd < 0.25:
            values[rng.integers(count) :] = np.nan
        return values

    case = Made(int(rng.integers(1, 5))).case()
    count = case.step_days.size
    theta = random_theta((), rng)._replace(
        som_mineralisation_rate=np.exp(rng.uniform(-14, -4)),
        initial_wood=np.exp(rng.uniform(0, 11)),
    )
    return case._replace(
        theta=theta,
        mean_temperature=rng.uniform(-5, 50),
        pools=records.Pools(*(series(count + 1) for _ in POOLS)),
        fluxes=records.Fluxes(*(series(count) for _ in records.Fluxes._fields)),
    )


LOST = {
    "labile": ("labile_to_foliage", "labile_combustion", "labile_fire_litter"),
    "foliage": ("foliage_to_litter", "foliage_combustion", "foliage_fire_litter"),
    "roots": ("roots_to_litter", "roots_combustion", "roots_fire_litter"),
    "wood": ("wood_to_som", "wood_combustion", "wood_fire_litter"),
    "litter": ("litter_respiration", "litter_to_som", "litter_combustion", "litter_fire_litter"),
    "som": ("som_respiration", "som_combustion"),
}
GAINED = {
    "labile": ("npp_to_labile",),
    "foliage": ("npp_to_foliage", "labile_to_foliage"),
    "roots": ("npp_to_roots",),
    "wood": ("npp_to_wood",),
    "litter": ("foliage_to_litter", "roots_to_litter", "labile_fire_litter",
               "foliage_fire_litter", "roots_fire_litter"),
    "som": ("wood_to_som", "litter_to_som", "wood_fire_litter", "litter_fire_litter"),
}  # fmt: skip


def literal_parameter_failures(theta, temperature):
    """Numbers of the parameter rules that fail, as MODEL section 9 writes them."""
    foliage = (1 - theta.autotrophic_fraction) * theta.foliage_fraction
    labile = (1 - theta.autotrophic_fraction - foliage) * theta.labile_fraction
    roots = (1 - theta.autotrophic_fraction - foliage - labile) * theta.root_fraction
    leaves, soil = foliage + labile, theta.som_mineralisation_rate
    upper = {pool: PARAMETERS[f"initial_{pool}"].bounds[1] for pool in POOLS}
    return {
        1: soil > theta.litter_mineralisation_rate,
        2: theta.litter_to_som_rate < soil,
        3: theta.wood_turnover_rate > 1 / (365.25 * theta.leaf_lifespan),
        4: theta.root_turnover_rate < soil * np.exp(theta.temperature_exponent * temperature),
        5: leaves > 5 * roots or 5 * leaves < roots,
        36: any(getattr(theta, f"initial_{pool}") > upper[pool] for pool in POOLS),
    }


def literal_trajectory_failures(case):
    """Numbers of the trajectory rules that fail, as MODEL section 9 writes them."""
    days, fluxes = case.step_days, case.fluxes
    years = int(np.floor(days.sum() / 365.25 + 0.5))
    year = days.size // years

    def ratio(pool, start, stop):
        gained = sum((getattr(fluxes, n) * days)[start:stop].sum() for n in GAINED[pool])
        lost = sum((getattr(fluxes, n) * days)[start:stop].sum() for n in LOST[pool])
        return abs(np.log(gained / lost))

    foliage, roots = case.pools.foliage.mean(), case.pools.roots.mean()
    failed = {6: foliage > 5 * roots or 5 * foliage < roots, 35: fluxes.gpp.max() == 0}
    for place, pool in enumerate(POOLS):
        series = getattr(case.pools, pool)
        start = 2 * year if years >= 3 else 0
        limit = np.log(5) if pool == "wood" else np.log(2)
        failed[13 + place] = ratio(pool, start, None) > limit
        failed[37 + place] = (series < 0).any() or np.isnan(series).any()
        if years > 1:  # with one year, the reference reads beyond its run
            change = ratio(pool, 0, year) - ratio(pool, year, 2 * year)
            failed[20 + place] = change > 0.30
    return failed


@pytest.mark.parametrize("number", sorted(NUMBERED))
def test_the_sign_of_a_margin_is_that_of_the_literal_rule(number):
    outcomes = set()
    for seed in range(300):
        case = random_case(seed)
        literal = literal_parameter_failures(case.theta, case.mean_temperature)
        literal |= literal_trajectory_failures(case)
        if number in literal:
            outcomes.add(bool(literal[number]))
            assert holds(NUMBERED[number], case) is not bool(literal[number]), seed
    assert outcomes == {True, False}  # both sides were seen


# --- windows


@pytest.mark.parametrize(
    ("years", "first", "second", "steady"),
    [
        (1, slice(0, 12), slice(12, 12), slice(0, None)),
        (2, slice(0, 12), slice(12, 24), slice(0, None)),
        (3, slice(0, 12), slice(12, 24), slice(24, None)),
        (16, slice(0, 12), slice(12, 24), slice(24, None)),
    ],
)
def test_windows_of_whole_years(years, first, second, steady):
    assert windows(np.tile(MONTHS, years)) == (first, second, steady)


def test_years_are_rounded_and_steps_a_year_are_cut_off():
    # 40 months are 3.33 years: 3, and 40 // 3 = 13 steps a year
    window = windows(np.tile(MONTHS, 4)[:40])
    assert window == (slice(0, 13), slice(13, 26), slice(26, None))


def test_in_a_run_of_one_year_the_change_of_years_is_not_judged():
    case = Made(years=1).case(fluxes={"npp_to_wood": np.full(12, 100.0)})
    assert holds(PAPER["slow_change_wood"], case)


def test_a_run_below_a_year_is_refused():
    with pytest.raises(ValueError, match=r"at least 12 months, got 334 days in 11 steps; use a l"):
        windows(MONTHS[:11])
    assert windows(MONTHS[:12]).first_year == slice(0, 12)


# --- forms


def test_the_hard_form_is_zero_or_minus_infinity():
    margins = [np.array([0.1, 0.0, -0.1, np.nan]), np.array([1.0, 1.0, 1.0, 1.0])]
    assert list(forms.hard(margins, np)) == [0.0, 0.0, -np.inf, 0.0]


def test_the_soft_form_follows_the_hard_one_far_from_the_threshold():
    inside, at, outside = (forms.soft([np.array(m)], np) for m in (1.0, 0.0, -1.0))
    assert -1e-8 < inside < 0
    assert_allclose(at, -np.log(2))
    assert_allclose(outside, -1.0 / 0.05, rtol=1e-8)


def test_the_start_score_takes_five_for_every_failure():
    margins = [np.array([0.1, -1.0]), np.array([-0.1, -2.0]), np.array([np.nan, 3.0])]
    assert list(forms.start_score(margins, np)) == [-5.0, -10.0]


def test_the_shortfall_adds_what_failing_rules_lack():
    margins = [np.array([0.5, -0.25, np.nan]), np.array([2.0, -np.inf, -1.0])]
    assert list(forms.shortfall(margins, np)) == [0.0, 100.25, 1.0]


@pytest.fixture(scope="module")
def gradients():
    """Gradient of the soft form of every rule at a feasible vector, in the order of the parameters."""
    import jax
    import jax.numpy as jnp

    from pm_dalec.physics.jax_run import run_jax

    units = synthetic_drivers(0, years=2)
    drivers = records.Drivers(*(units[name].values for name in records.Drivers._fields))
    days, latitude = units["step_days"].values, float(units["lat"])
    window = windows(days)

    def every_rule(vector):
        theta = Theta(*vector)
        case = Case(theta, 9.0, *run_jax(drivers, latitude, theta), days, window)
        found = forms.margins(PAPER, case, jnp)
        return jnp.stack([forms.soft([margin], jnp) for margin in found.values()])

    with jax.enable_x64(True):
        found = jax.jit(jax.jacfwd(every_rule))(jnp.asarray(FEASIBLE))
    return dict(zip(PAPER, np.asarray(found), strict=True))


@pytest.mark.parametrize("name", PAPER)
def test_the_soft_form_of_every_rule_has_a_finite_gradient(gradients, name):
    assert np.isfinite(gradients[name]).all()


def test_a_rule_near_its_threshold_has_a_gradient_in_what_it_looks_at(gradients):
    assert gradients["slow_change_som"][Theta._fields.index("initial_som")] != 0
    assert gradients["leaves_balance_roots"][Theta._fields.index("initial_som")] == 0


# --- pass rates


def test_the_feasible_vector_meets_every_rule_of_the_paper():
    found = judge(tiny_site(), Theta(*(np.array([value]) for value in FEASIBLE)))
    assert [name for name, margin in found.items() if not forms.holds(margin)[0]] == []


def plain(parameters=PARAMETERS):
    """Log-uniform priors without Gaussian factors, days in the three-year box."""
    for name, record in parameters.items():
        bounds = THREE_YEARS if record.circular else record.bounds
        parameters = parameters.replace(name, prior=LogUniform(), bounds=bounds)
    return parameters


def test_parameter_rules_pass_as_often_as_was_measured_for_the_paper(shared_data):
    drivers = from_reference(shared_data / "reference" / "posterior_FI-Hyy.nc", "inputs")
    temperature = float(((drivers["tmin"] + drivers["tmax"]) / 2)[:72].mean())
    rng, table = np.random.default_rng(0), plain()
    theta = Theta(*(
        draw_log_uniform(*table[name].bounds, 1.0, np.inf, rng=rng, size=20_000)
        for name in Theta._fields
    ))  # fmt: skip
    found = forms.margins(PAPER.select(level="parameter"), Case(theta, temperature), np)
    passed = np.all([forms.holds(margin) & np.ones(20_000, bool) for margin in found.values()], 0)
    assert passed.mean() == pytest.approx(0.694, abs=0.01)


@pytest.fixture(scope="module")
def report():
    with np.errstate(all="ignore"):
        return edc_report(tiny_site(), draws=4000, parameters=plain(), seed=3)


def test_the_report_has_a_row_for_every_rule(report):
    assert list(report["constraint"].values) == list(PAPER)
    assert report.attrs["draws"] == 4000


def test_rules_that_cannot_fail_inside_the_box_never_fail(report):
    never = report["failure_rate"].sel(constraint=["som_slower_than_litter", "initial_below_bound"])
    assert (never == 0).all()


def test_failure_rates_and_pass_rates_fit_together(report):
    first = [name for name in PAPER if PAPER[name].level == "parameter"]
    rates = report["failure_rate"].sel(constraint=first)
    assert 1 - float(rates.sum()) <= report.attrs["parameter_pass_rate"] <= 1 - float(rates.max())
    assert (report["binds_alone"] <= report["failure_rate"]).all()
    assert report.attrs["pass_rate"] <= report.attrs["parameter_pass_rate"]


def test_the_steady_soil_is_the_rule_that_fails_most(report):
    # PAPER 1.5: 0.82 of the draws that pass the parameter rules, at another site
    rates = report["failure_rate_after_parameters"]
    assert str(report["constraint"].values[np.argmax(rates.values)]) == "steady_som"
    assert 0.7 < float(rates.max()) < 0.95


def near_feasible_table():
    """Priors in which about every draw is feasible."""
    table = PARAMETERS
    for name, value in FEASIBLE._asdict().items():
        table = table.replace(name, prior=LogUniform(), bounds=(value * 0.99, value * 1.01))
    return table


def test_draws_of_the_constrained_prior_meet_every_rule(monkeypatch):
    monkeypatch.setattr("pm_dalec.constraints.prior_draws.BATCH", 20)
    theta = draw_constrained_prior(
        tiny_site(), 30, parameters=near_feasible_table(), rng=np.random.default_rng(0)
    )
    assert theta.initial_som.shape == (30,)
    for margin in judge(tiny_site(), theta).values():
        assert forms.holds(margin).all()


def test_an_impossible_constrained_prior_names_the_rule_that_blocks(monkeypatch):
    monkeypatch.setattr("pm_dalec.constraints.prior_draws.BATCH", 20)
    table = near_feasible_table().replace("wood_turnover_rate", prior=Fixed(1e-3)).replace(
        "leaf_lifespan", prior=Fixed(8.0)
    )  # fmt: skip
    with pytest.raises(ValueError, match="'wood_outlives_leaves' failed 40 times"):
        draw_constrained_prior(
            tiny_site(), 1, parameters=table, rng=np.random.default_rng(0), most=40
        )
