"""Figure 3: the two approaches, drawn."""

from pm_dalec.paper import arguments, fig03_schematic, save

options = arguments(__doc__)
figure = fig03_schematic()
save(figure, options.out, "fig03_schematic")
