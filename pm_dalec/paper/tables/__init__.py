"""Tables of the paper, and what its Table 2 owes to priors, constraints, uncertainties and weather."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.paper.tables.answer import closest as closest, plain_answer as plain_answer
    from pm_dalec.paper.tables.sensitivity import (
        BUDGET_VARIANTS as BUDGET_VARIANTS,
        budget_studies as budget_studies,
        table_2_sensitivity as table_2_sensitivity,
    )
else:
    __getattr__, __dir__, __all__ = face(__name__)
