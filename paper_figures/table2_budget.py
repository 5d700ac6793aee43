"""Table 2: carbon budget of the domain, median and 5-95 %."""

from pm_dalec.paper import arguments, open_experiments, save, table_2

options = arguments(__doc__)
experiments = open_experiments(options.fits)
table = table_2(experiments)
save(table, options.out, "table2_budget")
