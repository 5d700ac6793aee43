"""Other families of samplers on the same models: tempered particles (SMC) and gradients (NUTS)."""
