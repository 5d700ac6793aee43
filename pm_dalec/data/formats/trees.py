"""Trees of datasets on disk, NetCDF or zarr: read whole or refused in a sentence; text in zarr."""

import json
import zlib
from contextlib import contextmanager
from pathlib import Path

import h5netcdf
import xarray as xr
import zarr

NETCDF, ZARR = (".nc", ".nc4"), (".zarr",)
CHECKSUMS = "checksums"  # attribute at the root of a zarr: of all its other files
HDF5 = b"\x89HDF"
SEAL = b"pm_dalec"  # behind the end of a NetCDF file, where HDF5 does not look: this and a checksum

# What a file is, by a group that it has, and what opens it.
KINDS = {
    "posterior": "a fit, which pm_dalec.load reads",
    "pixels": "a region, which pm_dalec.open_region reads",
    "budget": "a reduced experiment, which pm_dalec.paper.open_experiments reads",
}
# What libraries raise on damaged files, which is almost anything.
DAMAGE = (
    OSError,
    RuntimeError,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    EOFError,
)


def is_netcdf(path, *, what):
    """Whether the end of a path says NetCDF; the other format is zarr.

    Parameters
    ----------
    path : Path
        Ends in ``.nc`` or ``.nc4`` (one file) or ``.zarr`` (a folder).
    what : str
        What is kept there, for the message.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        If it ends in something else.
    """
    if path.suffix not in (*NETCDF, *ZARR):
        raise ValueError(
            f"wanted '.nc' or '.zarr' at the end of the path of {what} to tell the format, got "
            f"'{path.name}'; rename it"
        )
    return path.suffix in NETCDF


def contents(path, *, what, writer):
    """Names at the root of a NetCDF file or zarr folder, without reading a number.

    Parameters
    ----------
    path : str or Path
        Ends in ``.nc``, ``.nc4`` or ``.zarr``.
    what, writer : str
        What is wanted and what makes it, for the message.

    Returns
    -------
    groups, variables : set of str

    Raises
    ------
    FileNotFoundError, ValueError
        A sentence, where nothing is there or it cannot be read.
    """
    path = Path(path)
    netcdf = is_netcdf(path, what=what)
    if not path.exists():
        raise FileNotFoundError(
            f"wanted {what} at '{path}', found nothing there; write one with {writer}"
        )
    if netcdf and not _is_hdf5(path):
        raise ValueError(
            f"wanted {what} in '{path}', got {'a folder' if path.is_dir() else 'no NetCDF-4 file'}; "
            f"write one with {writer}"
        )
    with _readable(path, what):
        if netcdf:
            with h5netcdf.File(path, "r") as file:
                return set(file.groups), set(file.variables)
        root = zarr.open_group(path, mode="r")
        return set(root.group_keys()), set(root.array_keys())


def kind_of(groups, variables):
    """Words for what a file is, by the names at its root, and for what opens it."""
    known = next((words for group, words in KINDS.items() if group in groups), None)
    if known is None and {"tmin", "tmax"} <= set(variables):
        known = "the file of a site, which pm_dalec.open_site reads"
    return known or f"only {', '.join(sorted({*groups, *variables})) or 'nothing'}"


def read_tree(path, *, what, group, writer):
    """Tree of datasets in memory, all of it or a sentence.

    Parameters
    ----------
    path : str or Path
        Ends in ``.nc``, ``.nc4`` or ``.zarr``; a zarr was written by `write_zarr`.
    what, writer : str
        What is wanted and what makes it, for the message.
    group : str
        That makes it what is wanted.

    Returns
    -------
    DataTree

    Raises
    ------
    FileNotFoundError, ValueError
        If nothing is there, or another thing, or a part is missing or damaged.
    """
    path = Path(path)
    groups, variables = contents(path, what=what, writer=writer)
    if path.suffix in ZARR:
        _check_files(path, what, writer)
    else:
        _check_seal(path, what, writer)
    if group not in groups:
        raise ValueError(
            f"wanted {what} in '{path}', got {kind_of(groups, variables)}; write one with {writer}"
        )
    engine = {"engine": "h5netcdf"} if path.suffix in NETCDF else {"engine": "zarr"}
    engine |= {"consolidated": False} if path.suffix in ZARR else {}
    with _readable(path, what), xr.open_datatree(path, **engine) as stored:
        tree = stored.load()
    tree.attrs.pop(CHECKSUMS, None)
    for node in tree.subtree:
        node.dataset = with_plain_text(node.to_dataset(inherit=False))
    return tree


def open_tree(path, *, what, group, writer):
    """Tree of datasets of a zarr whose numbers stay on the disk until they are looked at; text is read.

    Parameters
    ----------
    path, what, group, writer
        As for `read_tree`. Checksums are not compared.

    Returns
    -------
    DataTree
    """
    groups, variables = contents(path, what=what, writer=writer)
    if group not in groups:
        raise ValueError(
            f"wanted {what} in '{path}', got {kind_of(groups, variables)}; write one with {writer}"
        )
    how = {"engine": "zarr", "consolidated": False, "chunks": None, "cache": False}
    with _readable(path, what):
        tree = xr.open_datatree(path, **how)
    tree.attrs.pop(CHECKSUMS, None)
    for node in tree.subtree:
        node.dataset = with_plain_text(node.to_dataset(inherit=False))
    return tree


def write_netcdf(tree, file, encoding=None):
    """Write a tree of datasets as a NetCDF file that knows when it was changed.

    HDF5 keeps no checksum of numbers and attributes, so that one of the whole file stands behind it;
    `read_tree` compares it, and other readers do not see it.

    Parameters
    ----------
    tree : DataTree
    file : Path
        Nothing is there yet.
    encoding : dict, optional
        As xarray takes it.
    """
    tree.to_netcdf(file, engine="h5netcdf", mode="w", encoding=encoding)
    seal = SEAL + _checksum(file).to_bytes(4, "big")
    with file.open("ab") as stream:
        stream.write(seal)


def _check_seal(file, what, writer):
    """Refuse a NetCDF file of `write_netcdf` that was changed since; those of others have no seal."""
    held = file.read_bytes()
    body, seal = held[: -len(SEAL) - 4], held[-len(SEAL) - 4 :]
    if seal.startswith(SEAL) and zlib.crc32(body) != int.from_bytes(seal[-4:], "big"):
        raise ValueError(
            f"wanted {what} in '{file}' as it was written, got a file that was changed or damaged "
            f"since; copy it again, or write it again with {writer}"
        )


def write_zarr(tree, folder, encoding=None):
    """Write a tree of datasets as a zarr that knows its parts.

    A zarr reads a chunk that is missing as fill values, and does not miss a group; so checksums of
    all files stand at its root, and `read_tree` compares them.

    Parameters
    ----------
    tree : DataTree
        Without strings of fixed width, see `with_text_objects`.
    folder : Path
        Nothing is there yet.
    encoding : dict, optional
        As xarray takes it.
    """
    tree.to_zarr(folder, mode="w-", zarr_format=3, consolidated=False, encoding=encoding)
    root = folder / "zarr.json"
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file != root)
    sums = {file.relative_to(folder).as_posix(): _checksum(file) for file in files}
    group = zarr.open_group(folder, mode="r+")
    group.attrs[CHECKSUMS] = sums | {root.name: _checksum_of_root(root)}


def _checksum(file):
    return zlib.crc32(file.read_bytes())


def _checksum_of_root(root):
    """Checksum of the metadata at the root of a zarr, without the checksums that stand in it."""
    told = json.loads(root.read_bytes())
    told["attributes"].pop(CHECKSUMS, None)
    return zlib.crc32(json.dumps(told, sort_keys=True).encode())


def _check_files(folder, what, writer):
    """Refuse a zarr that lacks a part, or has one that was changed."""
    with _readable(folder, what):
        sums = zarr.open_group(folder, mode="r").attrs.asdict().get(CHECKSUMS)
    if sums is None:
        raise ValueError(
            f"wanted {what} with checksums of its parts in '{folder}', got none, so that a missing "
            f"part would not be noticed; write it again with {writer}"
        )
    with _readable(folder, what):
        found = {
            file.relative_to(folder).as_posix(): _checksum(file)
            for file in folder.rglob("*")
            if file.is_file() and not file.name.startswith(".")
        }
        found["zarr.json"] = _checksum_of_root(folder / "zarr.json")
        missing = [name for name in sums if name not in found]
        changed = [name for name in found if found[name] != sums.get(name, found[name])]
        changed += [name for name in found if name not in sums]  # of another folder
    if missing or changed:
        how = "missing" if missing else "changed, cut off or of another folder"
        first, count = (missing or changed)[0], len(missing or changed)
        raise ValueError(
            f"wanted all {len(sums)} parts of {what} in '{folder}', got {count} {how}, the first "
            f"'{first}'; copy the folder again, or write it again with {writer}"
        )


def _is_hdf5(path):
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(len(HDF5)) == HDF5


@contextmanager
def _readable(path, what):
    """Block whose faults of reading are told in a sentence."""
    try:
        yield
    except DAMAGE as fault:
        words = str(fault.args[-1] if fault.args else fault).strip() or type(fault).__name__
        raise ValueError(
            f"wanted {what} in '{path}', got a file or folder that is cut off, damaged or of another "
            f"kind ({words.splitlines()[0]}); copy or write it again"
        ) from fault


def with_text_objects(part):
    """Dataset whose strings are objects: zarr has no stable type for fixed-width unicode."""
    return _retyped(part, "U", lambda values: values.astype(object))


def with_plain_text(part):
    """Dataset whose strings are of fixed width, whatever the format keeps them as."""
    # NumPy casts from strings of variable width to those of fixed width by way of objects only
    return _retyped(part, "OT", lambda values: values.astype(object).astype(str))


def _retyped(part, kinds, convert):
    """Dataset with the variables of some NumPy kinds converted; coordinates stay coordinates."""
    found = {
        name: (values.dims, convert(values.to_numpy()), values.attrs)
        for name, values in part.variables.items()
        if values.dtype.kind in kinds
    }
    coords = {name: found.pop(name) for name in list(found) if name in part.coords}
    return part.assign_coords(coords).assign(found)
