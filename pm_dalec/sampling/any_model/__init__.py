"""Models of PyMC that are no DALEC, for the same sampler: put into the unit cube, exactly."""
