"""What exists: parameters, variables, streams, strata, summaries and constants, as frozen records."""
