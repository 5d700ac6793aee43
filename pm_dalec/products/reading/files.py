"""Files of a product found by pattern, or a sentence that lists what is there."""

import re
from collections.abc import Iterable
from pathlib import Path

from pm_dalec.data.messages import sentence


def found_files(path_or_paths, *, product, pattern, example):
    """Files of a folder, one file or a list of files, each with the match of its name.

    Parameters
    ----------
    path_or_paths : str, Path or iterable of them
        A folder is searched (not its subfolders) for names that match; a named file has to match.
    product : str
        Name for the message.
    pattern : str
        Regular expression of the whole file name.
    example : str
        A file name that matches, for the message.

    Returns
    -------
    list of (Path, re.Match)
        Sorted by name.
    """
    do = f"keep the distributor's file names, as {example}"
    found = []
    for path in _listed(path_or_paths, product=product):
        if path.is_dir():
            inside = [(each, _match(pattern, each)) for each in sorted(path.iterdir())]
            matching = [pair for pair in inside if pair[1]]
            if not matching:
                came = f"{len(inside)} files with other names"
                wanted = "files named by the product's rule"
                raise ValueError(
                    sentence(product, wanted=wanted, came=came, where=f"folder {path}", do=do)
                )
            found += matching
            continue
        if not path.exists():
            raise FileNotFoundError(
                sentence(
                    product,
                    wanted="an existing file or folder",
                    came="a path where nothing is",
                    where=str(path),
                    do="correct the path or download the file",
                )
            )
        match = _match(pattern, path)
        if not match:
            raise ValueError(
                sentence(
                    product,
                    wanted="a file named by the product's rule",
                    came=f"'{path.name}'",
                    where=f"file {path}",
                    do=do,
                )
            )
        found.append((path, match))
    return sorted(found, key=lambda pair: pair[0].name)


def _match(pattern, path):
    """Match of a name, whose ending may be in capitals."""
    return re.fullmatch(pattern, f"{path.stem}{path.suffix.lower()}")


def of_year(known, year, *, product):
    """The one file whose map is of a year, with what is known of it.

    Parameters
    ----------
    known : dict of Path to tuple
        The files; the first of what is known is the year, None where a file does not tell.
    year : int, optional
        Wanted; may be None where there is one file.
    product : str
        For the message.

    Returns
    -------
    tuple
        Path, and what is known.
    """
    told = [(path, facts) for path, facts in known.items() if year in (None, facts[0])]
    if len(told) == 1:
        return told[0]
    if len(known) == 1 and next(iter(known.values()))[0] is None:  # the argument tells what it is
        path, facts = next(iter(known.items()))
        return path, (year, *facts[1:])
    years = sorted({str(facts[0] or "an unknown year") for _, facts in (told or known.items())})
    raise ValueError(
        sentence(
            product,
            wanted="the map of one year" if year is None else f"one map of {year}",
            came=f"{len(told) or len(known)} files of {', '.join(years)}",
            where=f"folder {next(iter(known)).parent}",
            do="pass year=, or 'year' in the region file, or name one file",
        )
    )


def _listed(path_or_paths, *, product):
    if isinstance(path_or_paths, str | Path):
        return [Path(path_or_paths)]
    wanted, do = "a path or a list of paths", "pass a folder, a file or a list of files"
    where = "argument path_or_paths"
    if not isinstance(path_or_paths, Iterable):
        came = type(path_or_paths).__name__
        raise TypeError(sentence(product, wanted=wanted, came=came, where=where, do=do))
    paths = [Path(each) for each in path_or_paths]
    if not paths:
        raise ValueError(sentence(product, wanted=wanted, came="none", where=where, do=do))
    return paths
