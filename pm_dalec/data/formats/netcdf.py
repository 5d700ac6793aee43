"""NetCDF files opened with a sentence where they are something else, and looks at what is in them."""

from pathlib import Path

import h5py
import xarray as xr

from pm_dalec.data.messages import sentence

ENGINES = {  # of xarray, by the first four bytes of a file
    b"\x89HDF": "h5netcdf",
    b"CDF\x01": "scipy",
    b"CDF\x02": "scipy",
}


def opened_netcdf(path, *, product):
    """Lazily opened NetCDF file: no value is read, decoded or scaled yet.

    Parameters
    ----------
    path : Path
        NetCDF4 or classic NetCDF.
    product : str
        Name for the message.

    Returns
    -------
    xarray.Dataset
        To be used as a context manager, so that the file is closed.
    """
    with Path(path).open("rb") as file:
        start = file.read(4)
    engine = ENGINES.get(start)
    if engine is None:
        came, do = "a file of another kind", "download it again; it may be an error page or a part"
        if start[:2] == b"\x1f\x8b":
            came = "a gzip archive"
            do = "unpack it with gunzip first, a packed file cannot be read in windows"
        if start == b"\x0e\x03\x13\x01":
            came, do = "an HDF4 file", "convert it, or use the reader of a HDF4 product"
        raise ValueError(
            sentence(product, wanted="a NetCDF file", came=came, where=f"file {path}", do=do)
        )
    try:
        return xr.open_dataset(
            path, engine=engine, mask_and_scale=False, decode_times=False, cache=False
        )
    except OSError as error:
        raise ValueError(
            sentence(
                product,
                wanted="a NetCDF file",
                came=f"one that cannot be opened: {error}",
                where=f"file {path}",
                do="download it again, it may be incomplete",
            )
        ) from error


def names_in(path):
    """Names in a NetCDF file, of its variables and of dimensions that have none.

    Of an HDF5 file no variable is looked at, which is twenty times as quick as to open it.

    Parameters
    ----------
    path : Path

    Returns
    -------
    set of str
    """
    with Path(path).open("rb") as file:
        start = file.read(4)
    if ENGINES.get(start) == "h5netcdf":
        with h5py.File(path) as file:
            return set(file)
    with opened_netcdf(path, product="file") as opened:
        return {*map(str, opened.variables), *map(str, opened.sizes)}


def expect_names(dataset, names, *, product, where):
    """Raise a `KeyError` with the list of what exists when a variable is absent.

    Parameters
    ----------
    dataset : xarray.Dataset
        An opened file.
    names : iterable of str
        Variables or coordinates that are needed.
    product, where : str
        For the message.
    """
    absent = [name for name in names if name not in dataset.variables]
    if absent:
        raise KeyError(
            sentence(
                product,
                wanted=f"variables {', '.join(absent)}",
                came=f"only {', '.join(sorted(map(str, dataset.variables)))}",
                where=where,
                do="check that this is the product and version that the reader names",
            )
        )


def expect_units(variable, accepted, *, product, where):
    """Units of a variable, when they are among those accepted; otherwise a `ValueError`.

    Parameters
    ----------
    variable : xarray.DataArray
        With the attribute ``units``.
    accepted : iterable of str
        Spellings that mean the same or that the caller distinguishes.
    product, where : str
        For the message.

    Returns
    -------
    str
    """
    units = str(variable.attrs.get("units", "none"))
    if units not in accepted:
        raise ValueError(
            sentence(
                product,
                wanted=f"'{variable.name}' in {' or '.join(map(repr, accepted))}",
                came=repr(units),
                where=where,
                do="convert the file, or correct its units attribute",
            )
        )
    return units
