"""One reader, and a writer of small files, per format in which peers keep a site."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.data.formats.cardamom_csv import (
        open_cardamom_csv as open_cardamom_csv,
        write_cardamom_csv as write_cardamom_csv,
    )
    from pm_dalec.data.formats.cbf import open_cbf as open_cbf
    from pm_dalec.data.formats.edinburgh_binary import (
        open_edinburgh_binary as open_edinburgh_binary,
        write_edinburgh_binary as write_edinburgh_binary,
    )
    from pm_dalec.data.formats.jpl.writer import write_cbf as write_cbf
    from pm_dalec.data.formats.polygons import open_polygons as open_polygons
else:
    __getattr__, __dir__, __all__ = face(__name__)
