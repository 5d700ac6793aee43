"""What the commands for a region share: its file, the model by name, and settings of the sampler."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from pm_dalec.landscape.region_file import open_region
from pm_dalec.models import baseline, stratified

BUILD = {"baseline": baseline.build, "stratified": stratified.build}
Model = Literal["baseline", "stratified"]


@Parameter(name="*")
@dataclass(frozen=True)
class Asked:
    """How long and how well units are sampled.

    Parameters
    ----------
    chains
        Of each unit.
    draws
        Recorded for each chain.
    proposals
        Budget of each chain.
    rhat
        A unit is done when its worst R-hat is below.
    ess
        And its least effective sample size above.
    """

    chains: int = 8
    draws: int = 1000
    proposals: int = 1_000_000
    rhat: float = 1.01
    ess: float = 400.0

    def as_arguments(self):
        """Arguments of the functions that calibrate."""
        return asdict(self)


Settings = Annotated[Asked | None, Parameter(name="*")]


def land_and_build(region: Path, model: str):
    """A region in memory, and what builds the model."""
    return open_region(region), BUILD[model]
