"""The rooms stand on each other, and their faces are what the rest sees."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import pm_dalec

HOUSE = Path(pm_dalec.__file__).parent
ROOT = HOUSE.parent
FILES = sorted(HOUSE.rglob("*.py"))
PURE = ("tables", "physics", "constraints")
HEAVY = {"jax", "numba", "pymc", "pytensor", "xarray"}


def imported(path):
    """Dotted names that a file imports, wherever it does."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_contracts_of_the_project_hold(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    outcome = lint_imports(config_filename="pyproject.toml", no_cache=True)
    assert outcome == 0, capsys.readouterr().out


def test_a_broken_contract_is_noticed(monkeypatch, tmp_path, capsys):
    (tmp_path / "setup.toml").write_text(
        '[tool.importlinter]\nroot_package = "pm_dalec"\ninclude_external_packages = true\n'
        '[[tool.importlinter.contracts]]\nname = "no graph"\ntype = "forbidden"\n'
        'source_modules = ["pm_dalec.graph.verbs"]\nforbidden_modules = ["pymc"]\n'
    )
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename=str(tmp_path / "setup.toml"), no_cache=True) == 1
    assert "pm_dalec.graph.verbs is not allowed to import pymc" in capsys.readouterr().out


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(HOUSE).as_posix())
def test_only_the_command_line_imports_a_model(path):
    # import-linter does not see this: models lie in a folder of their own
    if path.relative_to(HOUSE).parts[0] == "cli":
        pytest.skip("the command line may")
    assert not [name for name in imported(path) if name.startswith("pm_dalec.models")]
    if path.stem != "_faces":  # it imports what a face declares, no more
        assert "import_module" not in path.read_text(), (
            "what is imported by string is seen by nobody"
        )


def test_models_import_the_library_and_each_other_only():
    found = {
        name.split(".")[0] for path in (ROOT / "models").glob("*.py") for name in imported(path)
    }
    assert found <= {"numpy", "pm_dalec", "pymc", "pytensor"}


def test_tables_physics_and_constraints_load_without_pymc():
    rooms = [path for path in FILES if path.relative_to(HOUSE).parts[0] in PURE]
    names = ", ".join(
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in rooms
        if path.stem not in ("__init__", "report")
    )
    code = f"import sys, {names}; sys.exit(str({HEAVY} & set(sys.modules) or ''))"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.stderr.strip() == ""
