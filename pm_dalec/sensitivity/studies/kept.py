"""Results that figures of sensitivity are drawn from, kept beside a study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xarray as xr

from pm_dalec.data import storage
from pm_dalec.data.formats import trees
from pm_dalec.sensitivity.draws.expected import expect_result
from pm_dalec.tables.numbers import path_of, text_of

if TYPE_CHECKING:
    from pathlib import Path

RESULTS = ("ablation", "information", "indices", "power_scaling", "confirmation")
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
    expect_result("found", found, _checked(name), ())
    path = storage.folder_to_write(folder) / f"{name}.nc"
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
    path = path_of("folder", folder) / f"{_checked(name)}.nc"
    tree = trees.read_tree(path, what=f"the result {name!r}", group=name, writer=WRITER)
    return tree[name].to_dataset()


def _checked(name):
    if text_of("name", name) not in RESULTS:
        raise KeyError(f"no result {name!r}; there are {', '.join(RESULTS)}")
    return name
