"""Table 2: carbon budget of the domain, median and 5-95 %."""

from pm_dalec.paper.experiments import open_experiments
from pm_dalec.paper.items import arguments, save
from pm_dalec.paper.tables.budget import table_2

options = arguments(__doc__)
experiments = open_experiments(options.fits)
table = table_2(experiments)
save(table, options.out, "table2_budget")
