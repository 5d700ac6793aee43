"""What the pages of docs say of the code is so."""

import inspect
import re
import sys
import threading
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import xarray as xr

from pm_dalec.cli import pages, rooms, site
from pm_dalec.data.synthetic_sites import synthetic_site
from pm_dalec.forecasting.projection import forecast
from pm_dalec.forecasting.variance import partition
from pm_dalec.posterior import aggregation, budgets, fit_file
from pm_dalec.sensitivity.scaling import power_scaling

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURE = pages.DOCS / "architecture.md"
PAGES = (ARCHITECTURE, ROOT / "README.md", ROOT / "CONTRIBUTING.md")
NAMED = re.compile(
    r"[`(]((?:(?:pm_dalec|models|tests|docs|paper_figures)/[\w./]*|[A-Z]+\.(?:md|cff)))[`)]"
)
ARROW = re.compile(r"^    room_\w+\[(\w+)\] --> room_\w+\[(\w+)\]$", re.MULTILINE)
STEP = re.compile(r"^\d+\. `([\w.]+)`", re.MULTILINE)


def floors():
    """Rooms from the top to the ground floor, as the contracts of the project have them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = next(c for c in settings["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    return [[room.strip() for room in floor.split("|")] for floor in layers["layers"]]


def walks():
    """Steps of every walk of the architecture, by its heading."""
    told = ARCHITECTURE.read_text(encoding="utf-8").split(pages.END)[1]
    parts = re.split(r"^### (.+)$", told, flags=re.MULTILINE)[1:]
    return {
        title: STEP.findall(words) for title, words in zip(parts[::2], parts[1::2], strict=True)
    }


STEPS = [step for steps in walks().values() for step in steps]


@pytest.mark.parametrize("name", pages.MADE)
def test_a_page_is_fresh(name):
    text = (pages.DOCS / name).read_text(encoding="utf-8")
    assert text == pages.renewed(text, pages.MADE[name]()), f"{name} is stale; run {pages.COMMAND}"


def test_what_stands_outside_the_markers_is_kept():
    found = pages.renewed(f"# Title\n\n{pages.BEGIN}\nold\n{pages.END}\n\n## More\n", "new")
    assert found == f"# Title\n\n{pages.BEGIN}\n\nnew\n\n{pages.END}\n\n## More\n"
    assert pages.renewed(found, "new") == found


@pytest.mark.parametrize(
    "text",
    ["none", pages.BEGIN, f"{pages.END} {pages.BEGIN}", pages.BEGIN * 2 + pages.END],
)
def test_a_page_without_its_markers_is_refused(text):
    with pytest.raises(ValueError, match="wanted the markers"):
        pages.renewed(text, "new")


def test_no_arrow_of_the_diagram_goes_upwards():
    height = {room: -place for place, floor in enumerate(floors()) for room in floor}
    arrows = ARROW.findall(rooms.section())
    assert len(arrows) >= 15
    assert not [f"{above} --> {under}" for above, under in arrows if height[above] <= height[under]]


def test_the_diagram_says_all_that_is_imported():
    imports = rooms.imports_of_rooms()
    arrows = ARROW.findall(rooms.diagram(imports))
    drawn = {room: {under for above, under in arrows if above == room} for room in imports}
    assert {room: rooms.below(room, drawn) for room in drawn} == {
        room: rooms.below(room, imports) for room in imports
    }


def test_an_arrow_that_follows_from_others_is_left_out():
    drawn = rooms.diagram({"top": {"middle", "ground"}, "middle": {"ground"}, "ground": set()})
    assert ARROW.findall(drawn) == [("top", "middle"), ("middle", "ground")]


def test_there_are_four_walks():
    assert [title.split("`")[1] if "`" in title else title for title in walks()] == [
        "tmin",
        "leaf_lifespan",
        "lai",
        "fit",
    ]
    assert all(walks().values())


@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_a_walk_exists(step):
    assert resolved(f"pm_dalec.{step}".split(".")) is not None


def resolved(names):
    """Object at a dotted name: the longest part that is a module, then its attributes."""
    for end in range(len(names), 1, -1):
        try:
            found = import_module(".".join(names[:end]))
        except ModuleNotFoundError:
            continue
        for name in names[end:]:
            found = getattr(found, name)
        return found
    return None


def code_of(step):
    """Code that is run when a step is called; None for tables and compiled kernels."""
    found = resolved(f"pm_dalec.{step}".split("."))
    found = found.__init__ if inspect.isclass(found) else found
    return found.__code__ if inspect.isfunction(found) else None


@pytest.fixture
def called(tmp_path):
    """Code of everything that a small run from a file to figures, and to an aggregate, has called."""
    units = synthetic_site(0)
    bounds = units["time_bnds"]
    middle = bounds.isel(bnds=0) + (bounds.isel(bnds=1) - bounds.isel(bnds=0)) / 2
    units = units.drop_vars([name for name in units.data_vars if str(name).startswith("truth_")])
    path = tmp_path / "site.nc"
    units.assign_coords(time=middle.values).to_netcdf(path, engine="h5netcdf")
    ran = {}

    def note(frame, event, _):
        if event == "call":
            ran.setdefault(frame.f_code)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        site.calibrate(str(path), out=tmp_path, chains=8, draws=50, seconds=600, proposals=2000)
        fit = fit_file.load(tmp_path / "fit.nc")
        gpp = budgets.budget(fit)["gpp"]
        land = xr.Dataset({"area": ("pixel", [1.0])}, {"pixel": [0]})
        aggregation.aggregate(gpp.expand_dims({"pixel": [0]}, axis=-1), land)
        ahead = forecast(fit, ["control"], names=["change_live"])
        partition(ahead["domain_ranks"]["change_live"], ["rank"])
        power_scaling(fit, names=["gpp"])
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return list(ran)


@pytest.mark.slow
def test_the_walks_are_walked_in_their_order(called):
    codes = {step: code_of(step) for step in STEPS}
    unseen = {"tables.parameters.PARAMETERS", "sampling.kernels.windows.lanes_window"}
    assert {step for step, code in codes.items() if code is None} == unseen
    left_out = [step for step, code in codes.items() if code not in (None, *called)]
    assert not left_out, f"a run from a file to figures does not call {', '.join(left_out)}"
    for title, steps in walks().items():
        places = [called.index(codes[step]) for step in steps if step not in unseen]
        assert places == sorted(places), f"{title}: the steps are first called in another order"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_files_that_a_page_names_exist(page):
    named = NAMED.findall(page.read_text(encoding="utf-8"))
    gone = [name for name in named if not any((at / name).exists() for at in (ROOT, page.parent))]
    assert named
    assert not gone, f"{page.name} names {', '.join(gone)}, which is not there"
