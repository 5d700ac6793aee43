"""Compiled moves come out the same whatever a process has compiled before."""

import ast
import importlib.util
import inspect
import re
from pathlib import Path

import numpy as np
import pytest
from numba import config, jit, njit, typeof
from numba.core.cpu import CPUTargetOptions
from numba.core.registry import cpu_target

import pm_dalec
from pm_dalec.lanes import kept_code
from pm_dalec.sampling import kernels
from pm_dalec.sampling.kernels import blocks, streams
from pm_dalec.sampling.kernels.walk import Walk

FILES = sorted(Path(kernels.__file__).parent.glob("*.py"))
LIBRARY = Path(pm_dalec.__file__).parent
FLOATING = r"\b(vf\w+|vmul\w+|vsub\w+|f?mul\w*|fml\w+|subs?d)\b"


def _instructions(compile_before):
    """Names of the floating-point instructions of the factor of a block, compiled as in a fresh process."""
    cpu_target.target_context.cached_internal_func.clear()
    compile_before(2.0)
    two, three = np.zeros((2, 2)), np.zeros((2, 2, 2))
    counts = np.zeros(2, np.int64)
    state = Walk(two, three, two, two, two, counts, np.zeros((2, 2), np.int64), two)
    factor = jit(**blocks.block_factor.targetoptions)(blocks.block_factor.py_func)
    factor.compile((typeof(state), typeof(1), typeof(two), typeof(two)))
    (text,) = factor.inspect_asm().values()
    return re.findall(FLOATING, text)


def test_a_square_that_was_compiled_before_does_not_change_the_rounding_of_proposals():
    plain, contracted = (njit(**options)(lambda x: x**2) for options in ({}, {"fastmath": True}))
    assert _instructions(plain) == _instructions(contracted)


def test_who_asks_first_for_a_kernel_does_not_change_its_rounding():
    def instructions(**asked_by):
        normals = jit(**streams.normals.targetoptions)(streams.normals.py_func)
        ask = njit(**asked_by)(lambda stream, out: normals(stream, out))
        ask.compile((typeof(np.zeros(4, np.uint64)), typeof(np.zeros(2))))
        (text,) = normals.inspect_asm().values()
        return re.findall(FLOATING, text)

    exact = instructions()
    assert exact == instructions(fastmath=blocks.SUMS) == instructions(error_model="numpy")


def test_a_kernel_states_all_that_numba_would_hand_down_from_a_caller():
    handed_down = re.findall(r'inherit_if_not_set\("(\w+)"', inspect.getsource(CPUTargetOptions))
    assert "fastmath" in handed_down
    handed_down.remove("nrt")  # counts references to arrays, for all alike
    assert set(handed_down) <= streams.uniform.targetoptions.keys()


def test_nothing_in_the_library_is_compiled_by_numba_but_kernels():
    makers = r"\b(?:n?jit|cfunc|vectorize|guvectorize|stencil|overload|register_jitable)\b"
    importing = re.compile(rf"import numba|from numba[\w.]* import (?:\([^)]*?|.*?){makers}")
    found = {file for file in LIBRARY.rglob("*.py") if importing.search(file.read_text())}
    assert {file.name for file in found} == {"kept_code.py"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_compiled_move_takes_a_power_by_numba(file):
    # Numba keeps one compiled x**2 a process, with the rounding of whoever asked first
    compiled = [
        node
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef)
        and any("kernel" in ast.unparse(decorator) for decorator in node.decorator_list)
    ]
    powers = [
        ast.unparse(node)
        for function in compiled
        for node in ast.walk(function)
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Pow)
        and isinstance(node.right, ast.Constant)
    ]
    assert not powers


@pytest.mark.parametrize("elsewhere", [False, True], ids=["beside its source", "NUMBA_CACHE_DIR"])
def test_kept_machine_code_is_forgotten_when_a_file_that_it_calls_changes(
    tmp_path, monkeypatch, elsewhere
):
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "kept") if elsewhere else "")
    moves, called = tmp_path / "moves.py", tmp_path / "called.py"
    moves.write_text(
        "from pm_dalec.lanes.kept_code import kernel\n\n\n@kernel()\ndef move(x):\n    return x\n"
    )
    called.write_text("STEP = 1.0")

    def kept():
        """Indices that a new process finds after it has read the moves."""
        kept_code._forget_once.cache_clear()
        specification = importlib.util.spec_from_file_location("moves", moves)
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        before = list(tmp_path.rglob("*.nbi"))
        module.move(1.0)
        return before

    assert not kept()
    (index,) = kept()
    assert ("kept" in index.parts) == elsewhere
    called.write_text("STEP = 2.0")
    assert not kept()
