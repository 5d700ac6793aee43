"""Models as files: each builds, names its dimensions in order, and keeps pixels apart."""

import ast
import difflib
import importlib
from io import StringIO
from pathlib import Path

import numpy as np
import pymc as pm
import pytest
from numpy.testing import assert_array_equal
from rich.console import Console

import pm_dalec.models
from pm_dalec.constraints.forms import Soft
from pm_dalec.data.land import units_of
from pm_dalec.graph import Choices, notes
from pm_dalec.landscape.twin.region import build_region
from pm_dalec.landscape.twin.twin import make_twin
from pm_dalec.tables import dims
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import Fixed
from pm_dalec.tables.streams import STREAMS
from pm_dalec.tables.variables import DRIVERS
from pm_dalec.testing.interpreter import interpreted, interpreted_mode
from pm_dalec.testing.parameters import FEASIBLE
from pm_dalec.testing.tiny import tiny_region, tiny_site

FOLDER = Path(pm_dalec.models.__file__).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
STRATA = ("conifer", "heath")
SPACES = {"site": (), "region": ("pixel",), "strata": ("stratum", "pixel")}
MAKE = {
    "site": lambda: tiny_site(),
    "region": lambda: tiny_region(pixels=2),
    "strata": lambda: tiny_region(pixels=2, strata=STRATA),
}


def model_file(name):
    return importlib.import_module(f"pm_dalec.models.{name}")


def serves(name, space):
    """Whether a model is tried on data of this space: only the stratified one wants strata."""
    if name == "baseline":
        return space in ("site", "region")
    return space == ("strata" if name == "stratified" else "region")


CASES = [(name, space) for name in NAMES for space in SPACES if serves(name, space)]


@pytest.fixture(autouse=True, scope="module")
def without_compiler():
    with interpreted():
        yield


@pytest.fixture(scope="module")
def built():
    """Function that builds a model once for every space."""
    held = {}

    def build(name, space):
        if (name, space) not in held:
            held[name, space] = model_file(name).build(MAKE[space]())
        return held[name, space]

    return build


def terms(model):
    return [*model.free_RVs, *model.observed_RVs, *model.potentials]


@pytest.mark.parametrize("name", NAMES)
def test_a_model_file_is_short_and_says_what_it_assumes(name):
    text = (FOLDER / f"{name}.py").read_text()
    assert len(text.splitlines()) < 60
    assert len(ast.get_docstring(ast.parse(text))) > 60
    assert model_file(name).build.__doc__


@pytest.mark.parametrize(("name", "space"), CASES)
def test_a_model_has_every_parameter_in_the_space_of_its_data(built, name, space):
    model = built(name, space)
    found = {rv.name: model.named_vars_to_dims.get(rv.name, ()) for rv in model.free_RVs}
    assert found == dict.fromkeys(PARAMETERS, SPACES[space])


@pytest.mark.parametrize(("name", "space"), CASES)
def test_dimensions_stand_in_the_order_of_the_project(built, name, space):
    model = built(name, space)
    for variable, where in model.named_vars_to_dims.items():
        assert tuple(where) == dims.ordered(where), variable


@pytest.mark.parametrize(("name", "space"), [case for case in CASES if case[1] != "site"])
def test_every_term_belongs_to_one_pixel(built, name, space):
    model = built(name, space)
    for term in terms(model):
        assert model.named_vars_to_dims[term.name][-1] == "pixel", term.name


@pytest.mark.parametrize(("name", "space"), CASES)
def test_the_shape_of_every_term_is_that_of_its_dimensions(built, name, space):
    model = built(name, space)
    for term in terms(model):
        where = model.named_vars_to_dims.get(term.name) or ()
        assert term.ndim == len(where), term.name


@pytest.mark.parametrize(("name", "space"), CASES)
def test_constraints_are_potentials_of_the_model(built, name, space):
    potentials = [term.name for term in built(name, space).potentials]
    assert potentials == ["parameter_constraints", "trajectory_constraints"]


@pytest.mark.parametrize(("name", "space"), CASES)
def test_every_driver_is_data_that_can_be_refilled(built, name, space):
    model = built(name, space)
    for driver in DRIVERS:
        assert model[driver] in model.data_vars, driver


@pytest.mark.parametrize(("name", "space"), CASES)
def test_coordinates_are_those_of_the_data(built, name, space):
    model, units = built(name, space), MAKE[space]()
    for dimension in ("time", *SPACES[space]):
        assert list(model.coords[dimension]) == list(units[dimension].values)


def test_the_baseline_sees_leaf_area_and_wood(built):
    observed = [rv.name for rv in built("baseline", "site").observed_RVs]
    assert observed == ["lai", "cwood"]


def test_the_constrained_prior_sees_nothing(built):
    assert built("constrained_prior", "region").observed_RVs == []


@pytest.fixture(scope="module")
def variant():
    """Baseline with other streams, a fixed parameter and no constraints."""
    table = PARAMETERS.replace("leaf_lifespan", prior=Fixed(FEASIBLE.leaf_lifespan))
    units = tiny_site(streams=("lai", "gpp", "nee"))
    choices = Choices(table, streams=("gpp", "nee"), constraints=None)
    return model_file("baseline").build(units, choices)


def test_streams_can_be_chosen(variant):
    assert [rv.name for rv in variant.observed_RVs] == ["gpp", "nee"]


def test_without_constraints_there_are_no_potentials(variant):
    assert variant.potentials == []


def test_a_fixed_parameter_is_not_sampled(variant):
    assert {rv.name for rv in variant.free_RVs} == set(PARAMETERS) - {"leaf_lifespan"}


def test_a_stream_that_is_not_in_the_data_is_refused():
    with pytest.raises(ValueError, match=r"of 'gpp' in the dataset, got only \['lai', 'cwood'\]"):
        Choices(streams=("gpp",)).streams_in(tiny_site())


def test_a_fault_in_the_data_is_named_before_a_graph_is_built():
    units = tiny_site()
    units["sw_rad"][3] = -1.0
    with pytest.raises(ValueError, match="sw_rad"):
        model_file("baseline").build(units)


@pytest.mark.parametrize(("name", "space"), CASES)
def test_the_table_of_a_model_names_every_term(built, name, space):
    model = built(name, space)
    console = Console(width=200, file=StringIO())
    console.print(model.table())
    text = console.file.getvalue()
    for term in terms(model):
        assert term.name in text


def test_the_drawing_of_a_model_has_a_plate_of_pixels(built):
    drawing = pm.model_to_mermaid(built("baseline", "region"))
    assert "pixel (2)" in drawing
    assert "cwood" in drawing


def test_graphviz_draws_a_model(built):
    pytest.importorskip("graphviz")
    drawing = pm.model_to_graphviz(built("baseline", "site")).source
    assert "lai" in drawing


def test_the_model_says_how_a_fit_must_be_run_again(built):
    known = notes.of(built("baseline", "site"))
    assert (known.solver, known.constraints, known.fixed) == ("converged", "edinburgh2021", {})
    expected = tiny_site()
    for stream in ("lai", "cwood"):
        expected[stream].attrs["likelihood"] = "gaussian"
    assert known.units.identical(expected)


def test_a_fixed_parameter_is_noted(variant):
    assert notes.of(variant).fixed == {"leaf_lifespan": FEASIBLE.leaf_lifespan}
    assert notes.of(variant).constraints == "None"


def test_a_model_without_dalec_has_empty_notes():
    with pm.Model() as model:
        pm.Normal("x")
    assert notes.of(model).shortfall is None


def test_the_two_models_differ_in_their_first_and_in_one_more_line():
    baseline, stratified = (
        (FOLDER / f"{name}.py").read_text().splitlines() for name in ("baseline", "stratified")
    )
    assert len(baseline) == len(stratified)
    differing = [k for k, lines in enumerate(zip(baseline, stratified)) if len(set(lines)) > 1]
    assert len(differing) == 2
    assert baseline[differing[0]].startswith('"""Baseline')
    assert baseline[differing[1]].startswith('EACH = ("pixel",)')
    assert stratified[differing[1]].startswith('EACH = ("stratum", "pixel")')


def test_the_readme_of_the_models_shows_their_difference():
    text = (FOLDER / "README.md").read_text()
    baseline, stratified = (
        (FOLDER / f"{name}.py").read_text().splitlines() for name in ("baseline", "stratified")
    )
    changed = [line for line in difflib.unified_diff(baseline, stratified, n=0, lineterm="")]
    lines = [line for line in changed[2:] if not line.startswith(("@@", '-"""', '+"""'))]
    assert "```diff\n" + "\n".join(lines) + "\n```" in text


def test_a_region_gives_each_model_its_own_average():
    land = build_region(make_twin(1), resolution=1.0).isel(pixel=[1])
    for name, space in (("baseline", ("pixel",)), ("stratified", ("stratum", "pixel"))):
        model = model_file(name).build(land)
        assert model.named_vars_to_dims["initial_wood"] == space
        assert_array_equal(model["tmin"].get_value(), land["tmin"].values)
        seen = units_of(land, space)["cwood"].values
        assert_array_equal(model["cwood_data"].get_value(), np.nan_to_num(seen))


def test_the_constrained_prior_is_the_baseline_without_streams(built):
    prior = built("constrained_prior", "region")
    names = [term.name for term in terms(prior)]
    whole = [term.name for term in terms(built("baseline", "region"))]
    assert names == [name for name in whole if name not in STREAMS]


@pytest.mark.parametrize(
    ("land", "name", "words"),
    [
        (
            "strata",
            "baseline",
            "build a region, which holds both averages, or use models.stratified",
        ),
        ("region", "stratified", "have no strata: build a region, or use models.baseline"),
        ("site", "stratified", "have no strata: build a region, or use models.baseline"),
    ],
)
def test_a_land_without_such_units_is_refused(land, name, words):
    with pytest.raises(ValueError, match=words):
        model_file(name).build(MAKE[land]())


def test_what_is_no_land_is_refused():
    with pytest.raises(
        TypeError, match=r"wanted a site .Dataset. or a region .DataTree., got dict"
    ):
        model_file("baseline").build({})


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"streams": "lai"}, TypeError, r"write streams=\('lai',\)"),
        ({"streams": ("lai", "lai")}, ValueError, "wanted each name once in streams"),
        ({"streams": ("leaf",)}, KeyError, "no observation stream 'leaf'"),
        ({"solver": "exact"}, ValueError, "wanted the solver 'converged' or 'truncated'"),
        ({"constraints": "edinburgh"}, KeyError, "no set of constraints 'edinburgh'"),
    ],
)
def test_choices_that_do_not_exist_are_refused(wrong, error, words):
    with pytest.raises(error, match=words):
        Choices(**wrong)


def test_soft_constraints_are_a_choice(without_compiler):
    model = model_file("baseline").build(tiny_site(), Choices(constraints=Soft("edinburgh2021")))
    assert notes.of(model).constraints == "edinburgh2021, soft over 0.05"
    middle = {f"{rv.name}_unit__": np.array(0.5) for rv in model.free_RVs}
    terms_of = model.compile_fn(model.logp(model.potentials, sum=False), mode=interpreted_mode())
    values = np.array(terms_of(middle))
    assert np.isfinite(values).all()
    assert values.sum() < 0.0


def test_a_scale_of_soft_constraints_is_above_zero():
    with pytest.raises(ValueError, match=r"wanted a finite number above 0, got scale=0\.0"):
        Soft("edinburgh2021", scale=0.0)
