"""What a posterior owes to data, priors and constraints: by weights, by indices, and by refits."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.sensitivity.confirmation import confirm_power_scaling as confirm_power_scaling
    from pm_dalec.sensitivity.drawings import (
        contraction_figure as contraction_figure,
        indices_figure as indices_figure,
        power_scaling_figure as power_scaling_figure,
        waterfall_figure as waterfall_figure,
    )
    from pm_dalec.sensitivity.global_indices import sensitivity_indices as sensitivity_indices
    from pm_dalec.sensitivity.information import (
        information_gain as information_gain,
        stream_by_stream as stream_by_stream,
    )
    from pm_dalec.sensitivity.refitting import fit_under as fit_under
    from pm_dalec.sensitivity.reweighting import reweight as reweight
    from pm_dalec.sensitivity.scaling import power_scaling as power_scaling, scalable as scalable
    from pm_dalec.sensitivity.studies.ablated import ablation as ablation, tightened as tightened
    from pm_dalec.sensitivity.studies.design import contrasts as contrasts, factorial as factorial
    from pm_dalec.sensitivity.studies.figures import (
        ablation_figure as ablation_figure,
        effects_figure as effects_figure,
    )
    from pm_dalec.sensitivity.studies.kept import (
        keep_result as keep_result,
        open_result as open_result,
    )
    from pm_dalec.sensitivity.studies.report import write_report as write_report
    from pm_dalec.sensitivity.studies.results import effects as effects, open_study as open_study
    from pm_dalec.sensitivity.studies.study import Study as Study
    from pm_dalec.sensitivity.studies.variants import Variant as Variant
    from pm_dalec.sensitivity.studies.variants_file import read_variants as read_variants
else:
    __getattr__, __dir__, __all__ = face(__name__)
