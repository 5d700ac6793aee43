"""The hypotheses of the paper: what is said, the number that decides it, and the verdict."""
