"""Beyond one machine: blocks of units as tasks of Dask or of a job array, and what a store tells."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.sampling.cluster.blocks import part_of as part_of
    from pm_dalec.sampling.cluster.planning import plan as plan
    from pm_dalec.sampling.cluster.reading import (
        Status as Status,
        status as status,
        store_hash as store_hash,
    )
    from pm_dalec.sampling.cluster.reduction import (
        domain_quantiles as domain_quantiles,
        open_reduced as open_reduced,
        ranked_draws as ranked_draws,
        reduce_region as reduce_region,
    )
    from pm_dalec.sampling.cluster.region import calibrate_part as calibrate_part
    from pm_dalec.sampling.cluster.shards import open_quantiles as open_quantiles
else:
    __getattr__, __dir__, __all__ = face(__name__)
