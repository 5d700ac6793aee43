"""Table A1: the parameters of DALEC and their priors."""

from pm_dalec.paper import arguments, save, table_a1

options = arguments(__doc__)
table = table_a1()
save(table, options.out, "tableA1_parameters")
