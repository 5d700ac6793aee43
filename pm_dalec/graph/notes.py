"""What is known about a model beside its graph: one record, put there verb by verb."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pymc as pm
import xarray as xr
from pytensor.tensor import TensorVariable

from pm_dalec.constraints.sets import NO_CONSTRAINTS
from pm_dalec.errors.likelihood import Likelihood
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import Fixed
from pm_dalec.tables.table import Table


@dataclass(frozen=True)
class Notes:
    """What a calibration and a fit must know about a model.

    Parameters
    ----------
    units : Dataset
        What the model was built of.
    parameters : Table of Parameter
        With their bounds and priors.
    likelihoods : dict of str to Likelihood
        Error model of every stream that is assimilated.
    solver : str
        Of the stomatal optimum; a fit is run again with it.
    constraints : str
        Name of the set of constraints and its form.
    rules : Table of Constraint
        What they are.
    softness : float or None
        Margin over which they fade in [1]; None where they are hard.
    shortfall, score : tensor
        How far the constraints are from holding, and -5 a failed rule. No variables of the model: the
        search for a start looks at them, and nothing else does.
    """

    units: xr.Dataset = field(default_factory=xr.Dataset)
    parameters: Table = PARAMETERS
    likelihoods: Mapping[str, Likelihood] = field(default_factory=dict)
    solver: str = "converged"
    constraints: str = "None"
    rules: Table = NO_CONSTRAINTS
    softness: float | None = None
    shortfall: TensorVariable | None = None
    score: TensorVariable | None = None

    @property
    def fixed(self) -> dict[str, float]:
        """Parameters that are not sampled, in natural units; they are part of a fit."""
        return {
            name: float(parameter.prior.value)
            for name, parameter in self.parameters.items()
            if isinstance(parameter.prior, Fixed)
        }


def of(model: pm.Model) -> Notes:
    """Notes of a model; those of a model without DALEC are empty."""
    return getattr(model, "_pm_dalec_notes", Notes())


def attach(**known) -> None:
    """Add to the notes of the current model."""
    model = pm.modelcontext(None)
    model._pm_dalec_notes = replace(of(model), **known)
