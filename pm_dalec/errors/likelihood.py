"""Which likelihood a stream has: a record that is written and read as a short text."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan

from pm_dalec.tables.numbers import number

GAUSSIAN, LOGNORMAL, STUDENT = KINDS = ("gaussian", "lognormal", "student")

DEGREES_OF_FREEDOM = 4.0
"""Of a Student-t that names none [1]: the robust choice of Lange, Little and Taylor (1989)."""

_OPTIONS = {
    "df": ("degrees_of_freedom", (STUDENT,)),
    "correlation": ("correlation", (GAUSSIAN, LOGNORMAL)),
    "minimum": ("minimum", (LOGNORMAL,)),
}
_WAYS = (
    "write 'gaussian', 'lognormal' or 'student', with options behind a comma: 'student,df=7', "
    "'gaussian,correlation=0.8', 'lognormal,minimum=0.1'"
)


@dataclass(frozen=True)
class Likelihood:
    """Error model of one stream of observations.

    Parameters
    ----------
    kind : {"gaussian", "lognormal", "student"}
        Gaussian around the modelled value, with the one-sigma uncertainty of the data. Log-normal with
        the modelled value as its median and a logarithm whose standard deviation is ``log(factor)``: 68 %
        of the observations lie between the modelled value divided by the factor and times it, as in
        CARDAMOM. Student-t around the modelled value, with sigma as its scale.
    degrees_of_freedom : float
        Of the Student-t. With the default of 4, an outlier of many sigma costs a logarithm instead of a
        square, and the variance is still finite: 2 sigma^2.
    correlation : float
        Of the errors of any two observations of the stream in one unit [1], from 0 to below 1: the share
        of their variance that they have in common, such as two biomass maps of one algorithm. Not for
        the Student-t.
    minimum : float, optional
        Of the log-normal, in units of the stream: observations and modelled values below count as this
        value (CARDAMOM's ``min_threshold``). That of the data by default, or none.

    Notes
    -----
    Lange, K. L., Little, R. J. A. and Taylor, J. M. G. (1989) fix 4 degrees of freedom where the data
    are too few to estimate them.
    """

    kind: str = GAUSSIAN
    degrees_of_freedom: float = DEGREES_OF_FREEDOM
    correlation: float = 0.0
    minimum: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is no error model."""
        if self.kind not in KINDS:
            raise ValueError(f"wanted the kind of a likelihood, got {self.kind!r}; {_WAYS}")
        number("df", self.degrees_of_freedom, above=0.0, advice="give degrees of freedom above 0")
        number("correlation", self.correlation, least=0.0, advice="give a share from 0 to below 1")
        if self.correlation >= 1:
            raise ValueError(
                f"wanted a correlation below 1, got correlation={self.correlation}; errors that are "
                "wholly shared are one observation: keep one of them"
            )
        if self.minimum is not None:
            number(
                "minimum", self.minimum, above=0.0, advice="give a value above 0, or leave it out"
            )
        for name in self._given():
            if self.kind not in _OPTIONS[name][1]:
                raise ValueError(
                    f"wanted {name!r} with {' or '.join(_OPTIONS[name][1])}, got it with {self.kind!r} "
                    f"(likelihood); leave it out"
                )

    def _given(self) -> dict[str, float]:
        """Options that are not the default, as the text names them."""
        pairs = {
            name: (getattr(self, f), getattr(Likelihood, f)) for name, (f, _) in _OPTIONS.items()
        }
        return {name: value for name, (value, default) in pairs.items() if value != default}

    def __str__(self) -> str:
        """Text that `likelihood_of` reads."""
        options = self._given()
        if self.kind == STUDENT:
            options["df"] = self.degrees_of_freedom
        words = (f"{name}={float(value)!r}".removesuffix(".0") for name, value in options.items())
        return ",".join([self.kind, *words])


def likelihood_of(given: str | Likelihood) -> Likelihood:
    """Likelihood that is meant by a text, or that is one.

    Parameters
    ----------
    given : str or Likelihood
        Such as ``"lognormal"``, ``"student,df=7"`` or ``"gaussian,correlation=0.8"``.

    Raises
    ------
    ValueError, TypeError

    Examples
    --------
    >>> likelihood_of("student").degrees_of_freedom
    4.0
    >>> str(likelihood_of(" gaussian, correlation=0.80"))
    'gaussian,correlation=0.8'
    """
    if isinstance(given, Likelihood):
        return given
    if not isinstance(given, str):
        raise TypeError(
            f"wanted a likelihood as text, got {given!r} ({type(given).__name__}); {_WAYS}"
        )
    kind, *options = (part.strip() for part in given.split(","))
    found: dict[str, float] = {}
    for option in options:
        name, _, text = (part.strip() for part in option.partition("="))
        try:
            value = float(text)
        except ValueError:
            value = nan
        if name not in _OPTIONS or isnan(value) or _OPTIONS[name][0] in found:
            raise ValueError(
                f"wanted an option of a likelihood, got {option!r} in {given!r}; {_WAYS}"
            )
        found[_OPTIONS[name][0]] = value
    return Likelihood(kind, **found)
