"""The verbs of a DALEC model in PyMC, one thing each."""
