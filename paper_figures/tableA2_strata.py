"""Table A2: fit of each stratum."""

from pm_dalec.paper import arguments, open_experiments, save, table_a2

options = arguments(__doc__)
experiments = open_experiments(options.fits)
table = table_a2(experiments)
save(table, options.out, "tableA2_strata")
