"""Studies of variants: named changes of the choices of a model, calibrated and compared."""
