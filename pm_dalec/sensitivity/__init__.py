"""What a posterior owes to data, priors and constraints: studies of variants, ablation of the constraints."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.sensitivity.studies.ablated import ablation as ablation, tightened as tightened
    from pm_dalec.sensitivity.studies.design import factorial as factorial
    from pm_dalec.sensitivity.studies.figures import (
        ablation_figure as ablation_figure,
        effects_figure as effects_figure,
    )
    from pm_dalec.sensitivity.studies.report import write_report as write_report
    from pm_dalec.sensitivity.studies.results import effects as effects, open_study as open_study
    from pm_dalec.sensitivity.studies.study import Study as Study
    from pm_dalec.sensitivity.studies.variants import Variant as Variant
    from pm_dalec.sensitivity.studies.variants_file import read_variants as read_variants
else:
    __getattr__, __dir__, __all__ = face(__name__)
