"""Judges of the sampler: targets with known answers, and truths simulated from the prior."""
