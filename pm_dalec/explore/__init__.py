"""Play with a site in a browser: sliders of its parameters, lamps of its rules, and a sampler to beat."""
