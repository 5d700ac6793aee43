"""Which site a command means, how it is opened, and of what model: options that commands share."""

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from pm_dalec.constraints.forms import Soft
from pm_dalec.data import by_name
from pm_dalec.data.formats.cardamom_csv import meteorology_at
from pm_dalec.data.site_file import open_site
from pm_dalec.data.synthetic_sites import synthetic_site
from pm_dalec.graph.choices import Choices
from pm_dalec.models import baseline, constrained_prior
from pm_dalec.tables.parameters import PRIOR_SETS

MODELS = {"baseline": baseline, "constrained_prior": constrained_prior}
SYNTHETIC = "synthetic"
BY_NAME = ("source", "resolution")  # choose among the files of a site
WITHOUT_DATES = ("start", "lat", "lon")  # what CSV and binary files lack


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class SiteOptions:
    """How a site is opened.

    Parameters
    ----------
    source
        Of a site by name; the first of these that has it by default.
    resolution
        Steps of a site by name; monthly by default.
    start
        Date of the first step, of CSV and binary files.
    lat
        Degrees north, of CSV files without it.
    lon
        Degrees east, of CSV and binary files without it.
    fill_wind
        3.23 m s-1 where wind is absent.
    no_disturbance
        No harvest and no fire where the file has none.
    observations
        Those to keep out of the file; all by default.
    drop
        Observations to leave out of those in the file.
    sigma
        STREAM=VALUE, STREAM=PERCENT% or STREAM=xFACTOR: one sigma where the file has none, in the
        units of the stream or as a share of each value, or a factor, such as lai=x1.5 cwood=20%.
    """

    source: Literal["gcel", "fluxval", "differland"] | None = None
    resolution: Literal["monthly", "daily"] | None = None
    start: str | None = None
    lat: float | None = None
    lon: float | None = None
    fill_wind: bool = False
    no_disturbance: bool = False
    observations: Annotated[list[str] | None, Parameter(consume_multiple=1)] = None
    drop: Annotated[list[str] | None, Parameter(consume_multiple=1)] = None
    sigma: Annotated[list[str] | None, Parameter(consume_multiple=1)] = None


PLAIN = SiteOptions()


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """Of what model a site is.

    Parameters
    ----------
    model
        Out of the folder ``models``.
    solver
        Stomatal optimum: exact, or CARDAMOM's search.
    streams
        Observations; LAI and wood by default.
    constraints
        Set of ecological constraints.
    soft
        Margin over which a failing constraint fades in [1], instead of ending probability: 0.05,
        say. The posterior is then another one.
    priors
        Bounds and priors by era of CARDAMOM; three_years has its box of the day parameters.
    likelihood
        STREAM=MODEL: error models other than those of the data, such as lai=lognormal nee=student,df=7
        or cwood=gaussian,correlation=0.8.
    """

    model: Literal["baseline", "constrained_prior"] = "baseline"
    solver: Literal["converged", "truncated"] = "converged"
    streams: Annotated[list[str] | None, Parameter(consume_multiple=1)] = None
    constraints: Literal["edinburgh2021", "edinburgh2024", "none"] = "edinburgh2021"
    soft: float | None = None
    priors: Literal[
        "edinburgh2020", "edinburgh2021", "edinburgh2023", "edinburgh2021_three_years"
    ] = "edinburgh2021"
    likelihood: Annotated[list[str] | None, Parameter(consume_multiple=1)] = None


USUAL = ModelOptions()


def model_chosen(options):
    """Module of a model, and the choices that it is built with.

    Parameters
    ----------
    options : ModelOptions

    Returns
    -------
    tuple of module and Choices
    """
    if options.model == "constrained_prior" and (options.streams or options.likelihood):
        raise ValueError(
            "wanted no --streams and no --likelihood with constrained_prior, which takes no observations; leave "
            "them out"
        )
    rules = None if options.constraints == "none" else options.constraints
    if options.soft is not None:
        if rules is None:
            raise ValueError("wanted constraints that are soft, got none; leave out --soft")
        rules = Soft(rules, options.soft)
    errors = pairs_of(options.likelihood or (), "--likelihood", "STREAM=MODEL", "lai=lognormal")
    choices = Choices(PRIOR_SETS[options.priors], rules, options.streams, options.solver, errors)
    return MODELS[options.model], choices


def site_named(name, seed, options=PLAIN):
    """Units dataset of a file, of a site by name, or of the built-in site.

    Parameters
    ----------
    name : str
        Path, name, or "synthetic".
    seed : int
        Of the built-in site.
    options : SiteOptions

    Returns
    -------
    xarray.Dataset
    """
    if name == SYNTHETIC:
        every = [field.name for field in fields(options)]
        _expect_none(options, every, f"the site {name!r}, which is complete")
        return synthetic_site(seed)
    opened = {
        "fill_wind": options.fill_wind,
        "disturbance": "none" if options.no_disturbance else "file",
        "observations": "all" if options.observations is None else options.observations,
        "drop": options.drop or (),
        "uncertainties": pairs_of(
            options.sigma or (),
            "--sigma",
            "STREAM=VALUE, STREAM=xFACTOR or STREAM=PERCENT%",
            "lai=0.3 or lai=20%",
        ),
    }
    if _is_path(name):
        _expect_none(options, BY_NAME, f"the file {name}, which is one already")
        place = {each: getattr(options, each) for each in WITHOUT_DATES}
        return open_site(name, **place, **opened)
    _expect_none(options, WITHOUT_DATES, f"the site {name}, whose files have their dates and place")
    resolution = options.resolution or "monthly"
    return by_name.load_site(name, source=options.source, resolution=resolution, **opened)


def _is_path(name):
    """Whether this is no name of a site; a folder of that name may be what a command wrote."""
    path = Path(name)
    return bool(path.suffix or os.sep in name or path.is_file() or meteorology_at(path))


def _expect_none(options, names, where):
    """Refuse options that would have no effect."""
    given = [name for name in names if getattr(options, name) not in (None, False)]
    if given:
        flags = " and ".join(f"--{name.replace('_', '-')}" for name in given)
        raise ValueError(f"wanted no {flags} with {where}; leave out {flags}")


def pairs_of(pairs, flag, form, example):
    """What is given by stream in texts such as ``lai=0.3`` and ``cwood=20%``.

    Parameters
    ----------
    pairs : sequence of str
    flag, form, example : str
        Of the command line, for messages.

    Returns
    -------
    dict of str to str
    """
    found = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        if not name or not value:
            raise ValueError(f"wanted {flag} as {form}, got {pair!r}; write {flag} {example}")
        if name in found:
            raise ValueError(f"wanted one {flag} of {name!r}, got two; leave one out")
        found[name] = value
    return found
