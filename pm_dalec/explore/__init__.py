"""Play with a site in a browser: sliders of its parameters, lamps of its rules, and a sampler to beat."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.explore.explorer import Explorer as Explorer
    from pm_dalec.explore.opening import explore as explore, serve as serve
    from pm_dalec.explore.workbench import Workbench as Workbench
else:
    __getattr__, __dir__, __all__ = face(__name__)
