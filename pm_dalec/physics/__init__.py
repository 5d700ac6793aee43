"""One pure step of DALEC, its repetition over time, and what is read off a run."""
