"""Figure A1: shares of the strata at three resolutions."""

from pm_dalec.paper import (
    arguments,
    figa1_fractions,
    open_experiments,
    open_landscape,
    save,
)

options = arguments(__doc__)
experiments = open_experiments(options.fits)
landscape = open_landscape(options.fits)
figure = figa1_fractions(experiments, landscape)
save(figure, options.out, "figA1_fractions")
