"""What a user sets of a calibration."""

from dataclasses import dataclass


@dataclass
class Settings:
    """How long and how well a unit is sampled.

    Parameters
    ----------
    draws : int
        Stored for each chain.
    rhat, ess : float
        Targets for the worst parameter: rank R-hat, bulk effective sample size.
    proposals : int
        Budget of each lane, the search for a start not counted.
    search : int
        Most proposals of each lane in that search.
    conditional : float
        Share of the proposals that are conditional steps; the others are differences. Chosen by
        effective sample size per second (`pm-dalec bench --samplers`).
    """

    draws: int = 1000
    rhat: float = 1.01
    ess: float = 400.0
    proposals: int = 1_000_000
    search: int = 200_000
    conditional: float = 0.75
