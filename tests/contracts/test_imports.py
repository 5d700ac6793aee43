"""Arrows between modules go one way (DESIGN, section 2)."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import pm_dalec

HOUSE = Path(pm_dalec.__file__).parent
ROOT = HOUSE.parent
# what `pm-dalec` runs; everything else is the library
COMMAND_LINE = ("cli", "commands", "site_commands", "paper_command", "bench")
LIBRARY = sorted(
    path for path in HOUSE.rglob("*.py") if path.relative_to(HOUSE).stem not in COMMAND_LINE
)
PURE = (
    "bibliography", "canopy", "constraints", "dalec", "dims", "disturbance", "parameters",
    "phenology", "stomata", "tables", "units", "variables",
)  # fmt: skip


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


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.relative_to(HOUSE).as_posix())
def test_the_library_imports_no_model(path):
    # import-linter does not see this: models lie in a folder of their own and are imported by name
    for node in ast.walk(ast.parse(path.read_text())):
        named = []
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            named = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module":
            named = [ast.unparse(node.args[0]).strip("'\"f")]
        assert not [name for name in named if name.startswith("pm_dalec.models")]


def test_models_import_the_library_and_each_other_only():
    found = set()
    for path in (ROOT / "models").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(node.module.split(".")[0])
    assert found <= {"numpy", "pm_dalec", "pymc", "pytensor"}


def test_tables_and_physics_load_without_pymc():
    names = ", ".join(f"pm_dalec.{name}" for name in PURE)
    heavy = "{'pymc', 'pytensor', 'jax', 'numba', 'xarray'}"
    code = f"import sys, {names}; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
