"""From a graph to machine code: one function over blocks of lanes, kept on disk between sessions.

The function has one fixed signature, so that compiled samplers call any model through its address::

    void evaluate(const double *positions, int64 stride, int64 first, int64 last,
                  const double *const *context, double *results)

``positions[row * stride + lane]`` are the inputs; blocks ``first .. last - 1`` of ``width`` lanes are
evaluated, at least one. ``context`` points to three addresses: data of the lanes (packed block
by block), data that all lanes share, and working memory. Results are packed block by block.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
from pathlib import Path

import llvmlite
from llvmlite import binding
from pytensor import config

from pm_dalec.lanes.llvm.module import FUNCTION_NAME

CACHE_VARIABLE = "PM_DALEC_CACHE"
SIGNATURE = ctypes.CFUNCTYPE(
    None,
    ctypes.c_void_p,
    ctypes.c_int64,
    ctypes.c_int64,
    ctypes.c_int64,
    ctypes.c_void_p,
    ctypes.c_void_p,
)


def target_machine():
    """LLVM's description of this computer."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_default_triple()
    return target.create_target_machine(
        cpu=binding.get_host_cpu_name(),
        features=binding.get_host_cpu_features().flatten(),
        opt=3,
        jit=True,
    )


def optimised(text, machine, *, speed_level=2):
    """Module of LLVM text after LLVM's standard optimisations."""
    module = binding.parse_assembly(text)
    options = binding.create_pipeline_tuning_options(speed_level=speed_level)
    options.loop_vectorization = False
    options.slp_vectorization = False
    options.loop_unrolling = False
    builder = binding.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return module


def cache_folder():
    """Folder of compiled functions: ``PM_DALEC_CACHE``, or inside PyTensor's own cache folder."""
    return Path(os.environ.get(CACHE_VARIABLE) or Path(config.base_compiledir) / "pm_dalec_lanes")


def object_code(text):
    """Machine code of a module, from the cache on disk where it is there.

    Returns
    -------
    tuple
        bytes, and whether they came from the cache.
    """
    machine = target_machine()
    identity = "\n".join(
        (text, llvmlite.__version__, machine.triple, binding.get_host_cpu_name(),
         binding.get_host_cpu_features().flatten())
    )  # fmt: skip
    path = cache_folder() / f"{hashlib.sha256(identity.encode()).hexdigest()}.o"
    if path.exists():
        return path.read_bytes(), True
    code = machine.emit_object(optimised(text, machine))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.part")
    partial.write_bytes(code)
    partial.replace(path)
    return code, False


class Loaded:
    """Machine code in memory; keeps it alive as long as the object lives.

    Parameters
    ----------
    code : bytes
        Object code that exports ``evaluate``.
    """

    def __init__(self, code):
        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        self._compiler = binding.create_lljit_compiler()
        builder = binding.JITLibraryBuilder()
        builder.add_object_img(code).add_current_process().export_symbol(FUNCTION_NAME)
        self._library = builder.link(self._compiler, "lanes")
        self.address = self._library[FUNCTION_NAME]
        self.call = SIGNATURE(self.address)
