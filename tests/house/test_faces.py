"""What users import: every room hands on a few names, and loads them when they are asked for."""

import ast
import inspect
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import pm_dalec
from pm_dalec import _faces

HOUSE = Path(pm_dalec.__file__).parent
ROOT = HOUSE.parent
FILES = sorted(HOUSE.rglob("*.py"))
SCRIPTS = [
    path for part in ("models", "paper_figures") for path in sorted((ROOT / part).glob("*.py"))
]
PACKAGES = sorted(HOUSE.rglob("__init__.py"))
FLOORS = [
    room
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    for floor in contract.get("layers", ())
    for room in floor.split(" | ")
]
LONGEST = 40  # lines of an __init__


def dotted(path):
    """Module that a file holds."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FACES = [dotted(path) for path in PACKAGES if "face(__name__)" in path.read_text()]
NAMES = [(room, name) for room in FACES for name in import_module(room).__all__]


def modules_of(room):
    """Names of the modules and packages in a package."""
    folder = ROOT.joinpath(*room.split("."))
    return {path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()}


def imports_of(path):
    """Package and name of everything that a file imports from one; the name is None for ``import``."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module, alias.name) for alias in node.names)


def test_importing_the_package_imports_nothing_heavy():
    code = (
        "import sys; before = set(sys.modules); import pm_dalec; print(*set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert not {name.split(".")[0] for name in loaded} & {"numpy", "pandas", "pymc", "xarray"}
    assert {name for name in loaded if name.startswith("pm_dalec")} == {
        "pm_dalec",
        "pm_dalec._faces",
    }
    assert len(loaded) < 20, (
        "this is what 50 ms are for; a list of modules is steadier than a clock"
    )


@pytest.mark.parametrize(("room", "name"), NAMES, ids=map(".".join, NAMES))
def test_a_name_of_a_face_can_be_loaded(room, name):
    module = import_module(room)
    found = getattr(module, name)
    assert found is getattr(import_module(_faces.homes_of(room)[name]), name)
    assert found is vars(module)[name], "the second time it is not looked for"


@pytest.mark.parametrize("room", FACES)
def test_a_face_shows_its_names_and_nothing_else(room):
    assert dir(import_module(room)) == sorted(_faces.homes_of(room))


@pytest.mark.parametrize("room", FACES)
def test_no_name_of_a_face_is_a_module_of_its_room(room):
    assert not modules_of(room) & set(_faces.homes_of(room)), "one would hide the other"


@pytest.mark.parametrize("room", FACES[1:])
def test_a_face_hands_on_what_lies_in_its_room_or_below_it(room):
    own = FLOORS.index(room.split(".")[1])
    homes = _faces.homes_of(room).values()
    wrong = [home for home in homes if not home.startswith(f"{room}.")]
    assert all(FLOORS.index(home.split(".")[1]) > own for home in wrong), wrong


@pytest.mark.parametrize("path", PACKAGES, ids=dotted)
def test_the_init_of_a_package_is_short(path):
    lines = path.read_text().splitlines()
    assert len(lines) < LONGEST, f"{dotted(path)} has {len(lines)} lines; hand on fewer names"


@pytest.mark.parametrize("path", PACKAGES, ids=dotted)
def test_the_init_of_a_package_says_what_it_is_for(path):
    first = (ast.get_docstring(ast.parse(path.read_text())) or "").splitlines()[0]
    assert first.endswith(".")


@pytest.mark.parametrize("path", FILES, ids=dotted)
def test_no_file_imports_the_face_that_it_stands_behind(path):
    above = {".".join(dotted(path).split(".")[:depth]) for depth in range(1, 6)} - {dotted(path)}
    taken = [
        f"{room}.{name}"
        for room, name in imports_of(path)
        if room in above and name is not None and name not in modules_of(room)
    ]
    assert not taken, f"{dotted(path)} takes {', '.join(taken)}; import it from its module"


@pytest.mark.parametrize("path", SCRIPTS, ids=dotted)
def test_models_and_scripts_import_faces_only(path):
    ours = {room for room, _ in imports_of(path) if room.startswith("pm_dalec")}
    assert ours <= {*FACES, "pm_dalec.models"}


@pytest.mark.parametrize(
    ("room", "wrong", "near"),
    [
        ("pm_dalec", "open_sites", "the nearest are open_site"),
        ("pm_dalec.posterior", "trajectory_of", "trajectories"),
        ("pm_dalec.lanes", "qqq", "there are UnsupportedGraph, check_lanes"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(room, wrong, near):
    with pytest.raises(AttributeError, match=f"no '{wrong}' in {room}; .*{near}"):
        getattr(import_module(room), wrong)


def test_the_face_and_the_rooms_hand_on_what_a_user_needs():
    assert len(pm_dalec.__all__) <= 35
    rooms = "tables errors physics constraints data data.formats products landscape landscape.twin"
    rooms += " landscape.from_products landscape.polygons graph lanes posterior sampling forecasting plots paper"
    rooms += (
        " paper.forecasts paper.tables sampling.bank sampling.cluster sensitivity testing explore"
    )
    assert set(FACES) == {"pm_dalec", *(f"pm_dalec.{room}" for room in rooms.split())}


@pytest.mark.parametrize("name", FACES)
def test_functions_of_a_face_are_typed(name):
    face = import_module(name)
    for handed in face.__all__:
        function = getattr(face, handed)
        if not inspect.isfunction(function):
            continue
        signature = inspect.signature(function)
        bare = [p.name for p in signature.parameters.values() if p.annotation is p.empty]
        if signature.return_annotation is signature.empty:
            bare.append("what it returns")
        assert not bare, f"{handed} of {name} has no type for {', '.join(bare)}"
