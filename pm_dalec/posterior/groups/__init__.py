"""Groups of a fit beside its draws, by ArviZ's convention: observations, densities, predictions."""
