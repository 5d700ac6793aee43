"""Results that figures of sensitivity are drawn from, kept beside a study."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from pm_dalec.data import storage
from pm_dalec.data.formats import trees

RESULTS = ("ablation", "information", "indices", "power_scaling")
WRITER = "`pm-dalec sensitivity SITE --ablate --information`"


def keep_result(found: xr.Dataset, folder: str | Path, name: str) -> Path:
    """Write a result into the folder of a study.

    Parameters
    ----------
    found : Dataset
        From `ablation`, `information_gain`, `sensitivity_indices` or `power_scaling`.
    folder : path
    name : str
        Out of `RESULTS`.

    Returns
    -------
    Path
    """
    path = storage.folder_to_write(folder) / f"{_checked(name)}.nc"
    with storage.whole(path) as draft:
        trees.write_netcdf(xr.DataTree.from_dict({name: found}), draft)
    return path


def open_result(folder: str | Path, name: str) -> xr.Dataset:
    """Result that was kept in the folder of a study.

    Parameters
    ----------
    folder : path
    name : str
        "ablation", "information", "indices" or "power_scaling".

    Returns
    -------
    Dataset
    """
    path = Path(folder) / f"{_checked(name)}.nc"
    tree = trees.read_tree(path, what=f"the result {name!r}", group=name, writer=WRITER)
    return tree[name].to_dataset()


def _checked(name):
    if name not in RESULTS:
        raise KeyError(f"no result {name!r}; there are {', '.join(RESULTS)}")
    return name
