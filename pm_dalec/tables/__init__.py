"""What exists: parameters, variables, streams, strata, summaries and constants, as frozen records."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.tables.dims import ordered as ordered, space_of as space_of
    from pm_dalec.tables.parameters import (
        PARAMETERS as PARAMETERS,
        PRIOR_SETS as PRIOR_SETS,
        Theta as Theta,
        with_three_year_days as with_three_year_days,
    )
    from pm_dalec.tables.priors import (
        Fixed as Fixed,
        FromData as FromData,
        Gaussian as Gaussian,
        LogUniform as LogUniform,
    )
    from pm_dalec.tables.sources import SOURCES as SOURCES
    from pm_dalec.tables.strata import STRATA as STRATA
    from pm_dalec.tables.streams import STREAMS as STREAMS
    from pm_dalec.tables.summaries import QUANTITIES as QUANTITIES
    from pm_dalec.tables.table import Table as Table
    from pm_dalec.tables.variables import (
        DRIVERS as DRIVERS,
        FLUXES as FLUXES,
        POOLS as POOLS,
        VARIABLES as VARIABLES,
    )
else:
    __getattr__, __dir__, __all__ = face(__name__)
