"""Table 1: fit of wood carbon and LAI, baseline and stratified."""

from pm_dalec.paper import arguments, open_experiments, save, table_1

options = arguments(__doc__)
experiments = open_experiments(options.fits)
table = table_1(experiments)
save(table, options.out, "table1_fit")
