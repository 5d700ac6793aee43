"""Uncertainties of observations: their kind, the error model they ask for, and Edinburgh's floors."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pm_dalec.data.messages import everywhere
from pm_dalec.errors.likelihood import GAUSSIAN, LOGNORMAL, Likelihood
from pm_dalec.errors.scales import ABSOLUTE, FACTOR, KIND, MINIMUM, absolute_from_factor
from pm_dalec.tables import dims
from pm_dalec.tables.numbers import real_numbers
from pm_dalec.tables.streams import OBSERVED, STREAMS, wanted_units
from pm_dalec.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    import xarray as xr

RULES_ATTRIBUTE = "uncertainty_rules"
_TIMES = ("x", "X", "\N{MULTIPLICATION SIGN}")  # what a factor begins with


@dataclass(frozen=True)
class UncertaintyRule:
    """One-sigma used in the likelihood, from the one in the file.

    ``max(floor, sqrt(sigma^2 + added^2 + (relative * mean)^2))``, mean over the observed steps.

    Parameters
    ----------
    name : str
        Observation stream, or the soil prior.
    floor, added : float
        In the units of the stream.
    relative : float
        Share of the mean of the stream [1].
    """

    name: str
    floor: float = 0.0
    relative: float = 0.0
    added: float = 0.0

    def apply(self, values, sigma):
        """Sigma to use [units of the stream], of the same shape as ``sigma``."""
        mean = values.mean(dims.TIME) if dims.TIME in values.dims else values
        widened = np.sqrt(sigma**2 + self.added**2 + (self.relative * mean) ** 2)
        # where, not maximum with fillna: a sigma that is absent stays absent
        return widened.where(~(widened < self.floor), self.floor).transpose(*sigma.dims)


# MODEL.md section 10, "Uncertainties applied in R". Streams without a row stay as they are.
RULES = {
    "edinburgh2021": Table(
        "uncertainty rule",
        (
            UncertaintyRule("lai", floor=0.25, relative=0.1),
            UncertaintyRule("cwood", floor=100.0, relative=0.1),
            UncertaintyRule("nee", added=1.0),
            UncertaintyRule("gpp", floor=1.0, relative=0.1),
            UncertaintyRule("csom", floor=1000.0),
            UncertaintyRule("csom_prior", floor=1000.0),
        ),
    )
}


def prepare_uncertainties(units: xr.Dataset, rules: str = "edinburgh2021") -> xr.Dataset:
    """Units dataset whose observation uncertainties follow the rules of a code version.

    Parameters
    ----------
    units : xarray.Dataset
        With observations and their ``_unc``; means are taken per pixel and stratum over time.
        Uncertainties that are factors stay as they are.
    rules : str
        Name in `RULES`.

    Returns
    -------
    xarray.Dataset
        The attribute ``uncertainty_rules`` says what was applied.

    Raises
    ------
    KeyError
        If there are no such rules.
    ValueError
        If rules were applied before: the floors would add up.
    """
    if rules not in RULES:
        raise KeyError(f"no uncertainty rules {rules!r}; there are {', '.join(RULES)}")
    if RULES_ATTRIBUTE in units.attrs:
        raise ValueError(
            f"wanted uncertainties as in the source, got rules {units.attrs[RULES_ATTRIBUTE]!r} "
            "applied before (attribute uncertainty_rules); prepare a dataset once"
        )
    changed = {}
    for name, rule in RULES[rules].items():
        sigma = f"{name}_unc"
        if name in units and sigma in units and kind_of(units, name) == ABSOLUTE:
            given = [
                units[each].copy(
                    data=real_numbers(
                        f"{each!r}", units[each].data, advice="NaN is for gaps", gaps=True
                    )
                )
                for each in (name, sigma)
            ]
            widened, changed[name] = rule.apply(*given), given[0]
            changed[sigma] = widened.assign_attrs(units[sigma].attrs)
    return units.assign(changed).assign_attrs({RULES_ATTRIBUTE: rules})


def scaled_uncertainties(units: xr.Dataset, factors: Mapping[str, float]) -> xr.Dataset:
    """Units dataset whose observations are more or less certain.

    Parameters
    ----------
    units : xarray.Dataset
    factors : mapping of str to float
        By stream, or ``csom_prior``: an absolute sigma is multiplied; of a factor its logarithm is.

    Raises
    ------
    KeyError
        If there is no uncertainty of that name.
    """
    changed = {}
    for name, factor in factors.items():
        sigma = f"{name}_unc"
        if sigma not in units:
            there = ", ".join(one for one in OBSERVED if f"{one}_unc" in units)
            raise KeyError(
                f"wanted the uncertainty of {name!r} to scale, got a dataset without {sigma!r}; there "
                f"are those of {there or 'no stream'}"
            )
        given = units[sigma]
        scaled = given**factor if kind_of(units, name) == FACTOR else given * factor
        changed[sigma] = scaled.assign_attrs(given.attrs)
    return units.assign(changed)


def one_sigma(values, given, *, name, where):
    """One-sigma uncertainty of observations from what a user gives for it.

    Parameters
    ----------
    values : array or DataArray
        Observations in the units of the stream, NaN where nothing was seen.
    given : float or str
        A number in the units of the stream, or a share of each value as text: "20%", or "20%,0.1" for at
        least 0.1 in the units of the stream.
    name, where : str
        Of the stream and its file, for the message.

    Returns
    -------
    array or DataArray
        As `values`; NaN where they are.
    """
    text, comma, least = (part.strip() for part in str(given).partition(","))
    share = text.endswith("%")
    try:
        number, floor = float(text.removesuffix("%")), float(least if comma else 0.0)
    except ValueError:
        number = floor = np.nan
    if not (0 < number < np.inf and floor >= 0) or (comma and not (share and 0 < floor < np.inf)):
        raise ValueError(
            f"wanted the uncertainty of {name!r} as a number above 0 in its units, or as a share like "
            f"'20%' or '20%,0.1', got {given!r} ({where}); give one sigma, or a factor as 'x1.5'"
        )
    if not share:
        return values * 0.0 + number
    unfit = int(np.sum(np.asarray(values) <= 0))
    if unfit and not comma:
        raise ValueError(
            f"wanted the uncertainty of {name!r} as a number in its units, got {given!r} of each "
            f"value, and {unfit} are not above 0 ({where}); a share of them is no uncertainty: pass "
            f"uncertainties={{{name!r}: 0.5}}, say, or '{text},0.5' for at least 0.5 in its units"
        )
    if not comma:
        return values * (number / 100)
    return values * 0.0 + np.maximum(np.abs(values) * (number / 100), floor)


def uncertainty_of(values, given, *, name, where):
    """Uncertainty of observations from what a user gives for it, with its attributes.

    Parameters
    ----------
    values, name, where
        As in `one_sigma`.
    given : float or str
        One sigma as there, or a factor as text: "x1.5".

    Returns
    -------
    tuple of array and dict
        NaN where the values are; units, and the kind where it is a factor.
    """
    if not is_factor(given):
        sigma = one_sigma(values, given, name=name, where=where)
        return sigma, {"units": wanted_units(name)}
    try:
        factor = float(str(given).strip()[1:])
    except ValueError:
        factor = np.nan
    if not 1 < factor < np.inf:
        raise ValueError(
            f"wanted the factor of {name!r} as a number above 1 behind an x, like 'x1.5', got {given!r} "
            f"({where}); 68 % of the observations lie between the value divided by it and times it"
        )
    return values * 0.0 + factor, {"units": "1", KIND: FACTOR}


def is_factor(given: object) -> bool:
    """Whether an uncertainty is given as a factor, by text such as "x1.5"."""
    return isinstance(given, str) and given.strip()[:1] in _TIMES


def kind_of(units: xr.Dataset, name: str) -> str:
    """Kind of the uncertainty of a stream or of the soil prior: "absolute" or "factor".

    It is the attribute ``uncertainty_kind`` of ``{name}_unc``; without it a sigma is absolute.
    """
    sigma = f"{name}_unc"
    return str(units[sigma].attrs.get(KIND, ABSOLUTE)) if sigma in units else ABSOLUTE


def likelihood_by_data(units: xr.Dataset, name: str, asked: Likelihood | None = None) -> Likelihood:
    """Error model of a stream: log-normal where its uncertainty is a factor, Gaussian otherwise.

    Parameters
    ----------
    units : xarray.Dataset
    name : str
        Of the stream. Its attribute ``min_threshold`` is the minimum of a log-normal.
    asked : Likelihood, optional
        Another one; it is given the minimum of the data where it has none.
    """
    kind = LOGNORMAL if kind_of(units, name) == FACTOR else GAUSSIAN
    found = Likelihood(kind) if asked is None else asked
    minimum = units[name].attrs.get(MINIMUM)
    if found.kind != LOGNORMAL or found.minimum is not None or minimum is None:
        return found
    return replace(found, minimum=float(minimum))


def absolute_sigma(units: xr.Dataset, name: str) -> xr.DataArray:
    """One-sigma uncertainty of a stream in its units, whatever its kind.

    Parameters
    ----------
    units : xarray.Dataset
        With the stream and its ``_unc``; a factor becomes the standard deviation of its log-normal.
    """
    value, given = units[name], units[f"{name}_unc"]
    if kind_of(units, name) == ABSOLUTE:
        return given
    sigma = absolute_from_factor(value.clip(min=value.attrs.get(MINIMUM, 0.0)), given)
    return sigma.assign_attrs(units=value.attrs.get("units", ""), uncertainty_kind=ABSOLUTE)


def described_uncertainties(file: xr.Dataset, leave: Container[str] = ()) -> xr.Dataset:
    """Site file whose uncertainties that are described in words stand beside the observations.

    The attributes ``uncertainty_type`` ("log-normal factor" or "absolute") with ``uncertainty_factor`` or
    ``uncertainty_sigma`` of a stream, and a variable ``{name}_factor``, become ``{name}_unc``.

    Parameters
    ----------
    file : xarray.Dataset
    leave : collection of str
        Streams whose uncertainty is given otherwise.
    """
    changed = {}
    for name in OBSERVED:
        if name not in file or name in leave or f"{name}_unc" in file:
            continue
        attrs = file[name].attrs
        factor = file.get(f"{name}_factor", attrs.get("uncertainty_factor"))
        sigma = attrs.get("uncertainty_sigma")
        described = str(attrs.get("uncertainty_type", "log-normal"))
        if factor is not None and described.startswith("log-normal"):
            kind, number, unit = FACTOR, factor, "1"
        elif sigma is not None and described == ABSOLUTE:
            kind, number, unit = ABSOLUTE, sigma, attrs.get("units", "")
        else:
            continue
        wide = (file[name] * 0.0 + float(number)).drop_attrs()
        changed[f"{name}_unc"] = wide.assign_attrs({"units": unit, KIND: kind})
    return file.assign(changed)


def without_unknown(units: xr.Dataset) -> xr.Dataset:
    """Site without observations that lack an uncertainty where others of their stream have one.

    Each stream that loses some is named in a warning.

    Parameters
    ----------
    units : xarray.Dataset
    """
    changed = {}
    for name in STREAMS:
        sigma = f"{name}_unc"
        if name not in units or sigma not in units or units[sigma].dtype.kind != "f":
            continue
        lost = units[name].notnull() & units[sigma].isnull()
        if not 0 < int(lost.sum()) < int(units[name].notnull().sum()):
            continue
        warnings.warn(
            f"{int(lost.sum())} of {int(units[name].notnull().sum())} observations of {name!r} have no "
            f"uncertainty and are left out ({everywhere(units)}); give one with uncertainties={{{name!r}: "
            "sigma}",
            UserWarning,
            stacklevel=3,
        )
        changed[name] = units[name].where(~lost)
    return units.assign(changed)


def check_sigmas_there(units):
    """Refuse observations without any uncertainty, all streams in one sentence."""
    absent = [
        name
        for name in OBSERVED
        if name in units and f"{name}_unc" not in units and bool(units[name].notnull().any())
    ]
    if absent:
        wanted = ", ".join(f"'{name}_unc' [{wanted_units(name)}]" for name in absent)
        came = "".join(dict.fromkeys(_unnumbered(units, name) for name in absent))
        sigmas = ", ".join(f"{name!r}: sigma" for name in absent)
        raise ValueError(
            f"wanted one-sigma uncertainties {wanted} of the observations, got none{came} "
            f"({everywhere(units)}); pass uncertainties={{{sigmas}}} where the site is opened, or leave "
            f"observations out with drop={absent}"
        )


def _unnumbered(units, name):
    kind = str(units[name].attrs.get("uncertainty_type", ""))
    return ", but 'log-normal factor' without its number" if kind.startswith("log-normal") else ""
