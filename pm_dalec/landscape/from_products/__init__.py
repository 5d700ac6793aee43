"""A region assembled from real products that a TOML file names."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.landscape.from_products.plan import EXAMPLE as EXAMPLE, read_config as read_config
    from pm_dalec.landscape.from_products.region import (
        build_from_config as build_from_config,
        future_from_config as future_from_config,
    )
else:
    __getattr__, __dir__, __all__ = face(__name__)
