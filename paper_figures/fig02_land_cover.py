"""Figure 2: land cover of the domain."""

from pm_dalec.paper.figures import fig02_land_cover
from pm_dalec.paper.items import LANDSCAPE, arguments, open_landscape, save

options = arguments(__doc__)
landscape = open_landscape(options.fits / LANDSCAPE)
figure = fig02_land_cover(landscape)
save(figure, options.out, "fig02_land_cover")
