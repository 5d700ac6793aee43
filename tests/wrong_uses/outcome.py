"""What a call ended in, and the verdict on a wrong use beside the right one.

A wrong use may be refused in a sentence, be equal to the right use bit for bit, or be told in a warning.
A change is silent where the outcome differs from that of the right use and no word was said, neither an
exception nor a warning. A traceback is an exception that is no sentence of this package: raised below
it, or in words that do not say what was wanted. Both are faults.
"""

import hashlib
import re
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import xarray as xr

import pm_dalec

HOUSE = Path(pm_dalec.__file__).parent
REFUSED, EQUAL, TOLD, SILENT, TRACEBACK = "refused", "equal", "told", "SILENT", "TRACEBACK"
KINDS = (ValueError, TypeError, KeyError, OSError, NotImplementedError)
SENTENCE = re.compile(r"wanted|^no |nearest|there are|unexpected keyword argument")


@dataclass
class Outcome:
    """What came of a call: its result, or its exception, and what was said."""

    result: str | None = None
    fault: BaseException | None = None
    words: list = field(default_factory=list)

    def __str__(self):
        """For the message of a test that fails."""
        if self.fault is None:
            return f"result {self.result}, said {self.words or 'nothing'}"
        return "".join(traceback.format_exception(self.fault))


def attempt(call):
    """Outcome of a call.

    A model that reached a compiler is a result as well: nothing refused it.
    """
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            made, fault = digest(call()), None
        except Exception as raised:  # noqa: BLE001 - whatever comes is judged
            made, fault = None, raised
    return Outcome(made, fault, [str(warning.message) for warning in said])


def is_sentence(fault):
    """Whether an exception is one of ours: raised here, of a usual kind, and says what was wanted.

    Python's own word for a keyword that a function does not have is one, too.
    """
    if not isinstance(fault, KINDS):
        return False
    words = str(fault.args[0] if fault.args else fault)
    if isinstance(fault, TypeError) and "unexpected keyword argument" in words:
        return True
    deepest = traceback.extract_tb(fault.__traceback__)[-1].filename
    return Path(deepest).is_relative_to(HOUSE) and bool(SENTENCE.search(words))


def verdict(right, came):
    """One of the five verdicts on a wrong use."""
    if came.fault is not None:
        return REFUSED if is_sentence(came.fault) else TRACEBACK
    if came.result == right.result:
        return EQUAL
    return TOLD if set(came.words) - set(right.words) else SILENT


class Tally:
    """Distinct cases and the verdicts on them."""

    def __init__(self):
        self.cases = {}

    def note(self, case, right, came):
        """Note a case; a fault fails the test with the case and what came of it."""
        found = verdict(right, came)
        self.cases[repr(case)] = found
        assert found not in (SILENT, TRACEBACK), f"{found}: {case}\n{came}"
        return found

    def expect(self, least):
        """Fail where there were fewer distinct cases, or one of them was a fault."""
        counts = Counter(self.cases.values())
        assert not counts[SILENT] + counts[TRACEBACK]
        assert len(self.cases) >= least, f"only {len(self.cases)} cases: {dict(counts)}"
        print(f"{len(self.cases)} wrong uses: {dict(counts)}")


def digest(value):
    """Digest of a result: of names, types, shapes and bits, whatever it is."""
    made = hashlib.sha256()
    for part in _parts(value):
        made.update(part if isinstance(part, bytes) else str(part).encode())
        made.update(b";")
    return made.hexdigest()[:16]


def _parts(value):
    """Pieces of a value in an order that does not depend on how it was made."""
    if isinstance(value, xr.DataTree):
        for node in sorted(value.subtree, key=lambda node: node.path):  # zarr has no order
            yield node.path
            yield from _parts(node.to_dataset(inherit=False))
        yield from _parts(_lasting(value.attrs))
    elif isinstance(value, xr.Dataset):
        for name in sorted(map(str, value.variables)):
            yield name
            yield from _parts(value[name].variable)
    elif isinstance(value, xr.Variable | xr.DataArray):
        yield value.dims
        yield value.attrs.get("units")
        yield from _parts(np.asarray(value.values))
    elif isinstance(value, np.ndarray):
        held = value.astype(str) if value.dtype.kind in "OUS" else np.ascontiguousarray(value)
        held = held.astype("datetime64[ns]") if held.dtype.kind == "M" else held
        yield f"{held.dtype.newbyteorder('=').str}{held.shape}"
        yield held.astype(held.dtype.newbyteorder("=")).tobytes()
    elif isinstance(value, dict):
        for key in sorted(value, key=str):
            yield key
            yield from _parts(value[key])
    elif isinstance(value, list | tuple):
        yield len(value)
        for each in value:
            yield from _parts(each)
    else:
        yield value


def _lasting(attrs):
    """Attributes of a fit that do not depend on the machine."""
    return {name: held for name, held in attrs.items() if name != "compile_seconds"}
