"""Compiled moves come out the same whatever a process has compiled before."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest
from numba import njit, typeof
from numba.core.registry import cpu_target

from pm_dalec.lanes.kept_code import forget_outdated
from pm_dalec.sampling import kernels
from pm_dalec.sampling.kernels import blocks
from pm_dalec.sampling.kernels.walk import Walk

FILES = sorted(Path(kernels.__file__).parent.glob("*.py"))


def _instructions(compile_before):
    """Names of the floating-point instructions of the factor of a block, compiled as in a fresh process."""
    cpu_target.target_context.cached_internal_func.clear()
    compile_before(2.0)
    two, three = np.zeros((2, 2)), np.zeros((2, 2, 2))
    counts = np.zeros(2, np.int64)
    state = Walk(two, three, two, two, two, counts, np.zeros((2, 2), np.int64), two)
    factor = njit(fastmath=blocks.SUMS)(blocks.block_factor.py_func)
    factor.compile((typeof(state), typeof(1), typeof(two), typeof(two)))
    (text,) = factor.inspect_asm().values()
    return re.findall(r"\b(vf\w+|vmul\w+|vsub\w+|f?mul\w*|fml\w+|subs?d)\b", text)


def test_a_square_that_was_compiled_before_does_not_change_the_rounding_of_proposals():
    plain, contracted = (njit(**options)(lambda x: x**2) for options in ({}, {"fastmath": True}))
    assert _instructions(plain) == _instructions(contracted)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_compiled_move_takes_a_power_by_numba(file):
    # Numba keeps one compiled x**2 a process, with the rounding of whoever asked first
    compiled = [
        node
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef)
        and any("njit" in ast.unparse(decorator) for decorator in node.decorator_list)
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


def test_kept_machine_code_is_forgotten_when_a_file_that_it_calls_changes(tmp_path):
    (tmp_path / "moves.py").write_text("STEP = 1.0")
    forget_outdated(tmp_path)
    index = tmp_path / "__pycache__" / "windows.lanes_window-1.nbi"
    index.touch()
    forget_outdated(tmp_path)
    assert index.exists()
    (tmp_path / "moves.py").write_text("STEP = 2.0")
    forget_outdated(tmp_path)
    assert not index.exists()
