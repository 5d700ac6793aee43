"""Table A1: the parameters of DALEC and their priors."""

from pm_dalec.paper.items import arguments, save
from pm_dalec.paper.tables.parameters import table_a1

options = arguments(__doc__)
table = table_a1()
save(table, options.out, "tableA1_parameters")
