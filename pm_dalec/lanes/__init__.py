"""A model's graph as machine code for many chains at once; takes any PyMC model, knows no DALEC."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.lanes.backends import lane_function as lane_function, lane_logp as lane_logp
    from pm_dalec.lanes.cut import check_lanes as check_lanes
    from pm_dalec.lanes.llvm.facts import UnsupportedGraph as UnsupportedGraph
else:
    __getattr__, __dir__, __all__ = face(__name__)
