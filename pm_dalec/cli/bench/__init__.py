"""Measured speed: runs and proposals per second and core."""
