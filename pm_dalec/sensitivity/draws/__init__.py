"""Draws of a fit, unit by unit: terms of their density, quantities, and importance weights."""
