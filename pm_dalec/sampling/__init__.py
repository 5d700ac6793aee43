"""From a model to a fit: units, their chains, checkpoints, and the step method of PyMC."""
