"""The experiment of Milodowski et al. (2023): run, reduce, compare with the printed numbers."""
