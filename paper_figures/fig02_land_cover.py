"""Figure 2: land cover of the domain."""

from pm_dalec.paper import arguments, fig02_land_cover, open_landscape, save

options = arguments(__doc__)
landscape = open_landscape(options.fits)
figure = fig02_land_cover(landscape)
save(figure, options.out, "fig02_land_cover")
