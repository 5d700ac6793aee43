"""Compiled moves of many chains; no DALEC in them."""

from pm_dalec.sampling.kernels.kept_code import forget_outdated_kernels

forget_outdated_kernels()
