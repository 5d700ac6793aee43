"""Constants that several rooms share, each with its unit; those of one equation stand beside it."""

NOT_CONVERGED = "not_converged"
"""Attribute of data behind a figure: the sentence that the figure bears where a fit has not converged."""

DAYS_PER_YEAR = 365.25

CARBON_MOLAR_MASS = 12.011
"""Of carbon [g mol-1]."""

FREEZING = 273.15
"""Zero of the Celsius scale [K]."""
MISSING = -9999.0
"""What the field's files hold where nothing was observed."""

EARTH_RADIUS = 6_371_007.181
"""Radius of the sphere of equal area [m], as in MODIS' sinusoidal grid."""
RESOLUTIONS = (1.0, 0.5, 0.25, 0.05)
"""Width of a pixel [degree], in the order of the numbers below."""

TRUTH = "truth_"

REPRESENTED = "represented_area"

MODEL_VERSION = 1
"""Raised whenever DALEC, a constraint, a prior or a likelihood gives other numbers: old fits are refused."""

SAMPLER_VERSION = 4
"""Raised whenever the default sampler draws other numbers: states of older ones are refused."""
