"""What a wheel holds is what the checkout holds."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = sorted(
    path
    for path in (ROOT / "pm_dalec").rglob("*")
    if path.is_file() and "__pycache__" not in path.parts
)
MODELS = sorted((ROOT / "models").glob("*.py"))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Folder into which setuptools copies what a wheel holds."""
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "setup.py", "-q", "egg_info", "--egg-base", str(target)]
    command += ["build_py", "--build-lib", str(target)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return target


def test_every_folder_of_the_library_is_a_package():
    folders = {path.parent for path in LIBRARY if path.suffix == ".py"}
    assert not [str(folder) for folder in folders if not (folder / "__init__.py").is_file()]


def test_a_wheel_holds_every_file_of_the_library(built):
    missing = [str(path) for path in LIBRARY if not (built / path.relative_to(ROOT)).is_file()]
    assert not missing, f"the wheel lacks {', '.join(missing)}; see setup.py and package-data"


def test_types_and_styles_are_among_them():
    names = {path.name for path in LIBRARY if path.suffix != ".py"}
    assert names == {"py.typed", "pm_dalec.mplstyle", "example.toml", "any_land.toml"}


def test_a_wheel_holds_the_models(built):
    assert MODELS
    assert all((built / "pm_dalec" / "models" / path.name).is_file() for path in MODELS)


def test_a_wheel_holds_no_tests(built):
    assert {path.name for path in built.iterdir() if path.suffix != ".egg-info"} == {"pm_dalec"}
