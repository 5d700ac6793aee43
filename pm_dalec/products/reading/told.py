"""What libraries raise about a file, said in a sentence of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import xarray as xr

from pm_dalec.data.formats.netcdf import opened_netcdf
from pm_dalec.data.messages import sentence

# A damaged or unusual file ends in any of these inside xarray, h5py, GDAL, cftime or NumPy.
_FAULTS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


@contextmanager
def in_words(product: str, *, where: str) -> Iterator[None]:
    """Turn what a library raises about a file into a `ValueError` with a sentence; ours pass.

    Parameters
    ----------
    product : str
        Name for the message.
    where : str
        The file.
    """
    try:
        yield
    except _FAULTS as fault:
        if is_sentence(fault):
            raise
        raise ValueError(
            sentence(
                product,
                wanted="a file as the distributor lays it out",
                came=f"one that cannot be read so: {type(fault).__name__}: {_first_line(fault)}",
                where=where,
                do="download it again; it may be incomplete, converted or of another product",
            )
        ) from fault


@contextmanager
def opened(path: Path, *, product: str) -> Iterator[xr.Dataset]:
    """Lazily opened NetCDF file, whatever goes wrong inside said in a sentence.

    Parameters
    ----------
    path : Path
        NetCDF4 or classic NetCDF.
    product : str
        Name for the message.
    """
    with in_words(product, where=f"file {path}"), opened_netcdf(path, product=product) as dataset:
        yield dataset


@contextmanager
def on_same_cells(product: str, *, where: str) -> Iterator[None]:
    """Turn axes that differ between files, which are to be put together, into a sentence.

    Parameters
    ----------
    product : str
        Name for the message.
    where : str
        The files.
    """
    try:
        yield
    except xr.AlignmentError as fault:
        raise ValueError(
            sentence(
                product,
                wanted="files on the same cells",
                came="some that cover or place them otherwise",
                where=where,
                do="download all files for the same area, or whole",
            )
        ) from fault


def is_sentence(fault):
    """Whether an error already says what was wanted, what came, where and what to do."""
    text = str(fault.args[0]) if fault.args else ""
    return all(part in text for part in (": wanted ", ", came ", "); "))


def _first_line(fault):
    return " ".join(str(fault).split())[:200] or "no words"
