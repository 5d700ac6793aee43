"""The ecological constraints (EDCs): margins, sets by era, forms of the potential, and the prior under them."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.constraints.forms import (
        Soft as Soft,
        hard as hard,
        margins as margins,
        soft as soft,
    )
    from pm_dalec.constraints.prior_draws import (
        draw_constrained_prior as draw_constrained_prior,
        draw_prior as draw_prior,
        judge as judge,
    )
    from pm_dalec.constraints.report import edc_report as edc_report
    from pm_dalec.constraints.rules import Constraint as Constraint
    from pm_dalec.constraints.sets import EDCS as EDCS
else:
    __getattr__, __dir__, __all__ = face(__name__)
