"""Figure 3: the two approaches, drawn."""

from pm_dalec.paper.figures import fig03_schematic
from pm_dalec.paper.items import arguments, save

options = arguments(__doc__)
figure = fig03_schematic()
save(figure, options.out, "fig03_schematic")
