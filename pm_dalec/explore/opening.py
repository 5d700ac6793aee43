"""Opening an exploration: in a notebook, or as a page that this machine serves."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from pm_dalec.explore.explorer import Explorer
from pm_dalec.explore.workbench import Workbench
from pm_dalec.tables.numbers import whole_number

if TYPE_CHECKING:
    from collections.abc import Callable

    import pymc as pm
    import xarray as xr

    from pm_dalec.explore.page import Page

HOST = "localhost"
TITLE = "pm_dalec: beat the sampler"


def explore(model: pm.Model, fit: xr.DataTree | None = None, *, seed: int = 0) -> Page:
    """Play with a site in a notebook: sliders, rules as lamps, series, and a sampler to beat.

    Parameters
    ----------
    model : pm.Model
        Of one site, as ``models.baseline.build(site)`` makes it.
    fit : DataTree, optional
        Of the same model, to lay over the view, which begins at its best draw; the page can make one, too.
    seed : int
        Of draws of the prior: the point that it begins at without a fit, and those elsewhere.

    Returns
    -------
    Page
        What a notebook shows as the last line of a cell; ``explorer`` is its state.

    Raises
    ------
    ImportError
        Without Panel, which comes with ``pip install 'pm_dalec[explore]'``.
    """
    return _pages()(_explorer(Workbench(model), fit, seed))


def serve(
    model: pm.Model,
    fit: xr.DataTree | None = None,
    *,
    port: int = 0,
    show: bool = True,
    seed: int = 0,
    tell: Callable[[str], object] = print,
) -> None:
    """Serve the page of a site on this machine until Ctrl-C.

    Parameters
    ----------
    model, fit, seed
        As of `explore`; every window that is opened has sliders of its own.
    port : int
        0 takes a free one.
    show : bool
        Open a window of the browser.
    tell : callable
        Is told where the page is.
    """
    page, bench = _pages(), Workbench(model)
    _explorer(bench, fit, seed)  # a fault is told here, and not in a browser
    import panel as pn

    port = free_port(port)
    tell(f"the page is at http://{HOST}:{port}; Ctrl-C ends it")
    pn.serve(
        lambda: page(_explorer(bench, fit, seed)).view,
        port=port,
        address=HOST,
        websocket_origin=[f"{HOST}:{port}", f"127.0.0.1:{port}"],
        show=show,
        title=TITLE,
        verbose=False,
    )


def free_port(port: int) -> int:
    """Port on which a page can be served, or the sentence that says it is taken."""
    whole_number("port", port, least=0, most=65535, advice="0 takes a free one")
    with socket.socket() as door:
        try:
            door.bind((HOST, port))
        except OSError:
            raise OSError(
                f"wanted a port that is free, got port={port}, which another program has or which is not "
                "yours to take; leave it out for a free one"
            ) from None
        return door.getsockname()[1]


def _explorer(bench, fit, seed):
    return Explorer(bench, fit, seed=seed)


def _pages():
    """The class of pages, where there is Panel."""
    try:
        from pm_dalec.explore.page import Page
    except ModuleNotFoundError as missing:
        raise ImportError(
            f"wanted Panel for the page, got no package {missing.name!r} in this environment; install it with "
            "pip install 'pm_dalec[explore]'"
        ) from None
    return Page
