"""Numbers printed in the paper, in this one place.

Milodowski, Smallman and Williams, preprint bg-2022-160 (2022). The final version (Biogeosciences 20,
3301-3327, 2023) differs; every comparison names the version it is made with.
"""

from pm_dalec.tables.constants import RESOLUTIONS

VERSION = "preprint 2022"

APPROACHES = ("baseline", "stratified")
FIT_ROWS = ("rmse", "rmse_percent", "rmse_sigma", "bias", "bias_percent", "bias_sigma", "median")


def _fit(*rows):
    """One number a resolution for each of `FIT_ROWS`."""
    return {
        metric: dict(zip(RESOLUTIONS, values, strict=True))
        for metric, values in zip(FIT_ROWS, rows, strict=True)
    }


TABLE_1 = {
    ("cwood", "baseline"): _fit(
        (696, 735, 716, 696),
        (14.9, 14.9, 13.7, 12.5),
        (0.27, 0.27, 0.25, 0.22),
        (-695, -728, -688, -584),
        (-14.9, -14.8, -12.5, -6.6),
        (-0.27, -0.27, -0.23, -0.13),
        (3951, 3921, 3962, 4058),
    ),
    ("cwood", "stratified"): _fit(
        (632, 706, 678, 694),
        (13.6, 14.6, 13.4, 12.7),
        (0.25, 0.27, 0.24, 0.23),
        (-631, -702, -665, -627),
        (-13.6, -14.6, -12.8, -8.8),
        (-0.25, -0.27, -0.23, -0.17),
        (4062, 3979, 4003, 4027),
    ),
    ("lai", "baseline"): _fit(
        (0.36, 0.37, 0.39, 0.44),
        (15.4, 15.9, 16.9, 19.1),
        (0.34, 0.35, 0.37, 0.42),
        (-0.02, -0.02, -0.02, -0.02),
        (-0.7, -0.7, -0.9, -1.0),
        (-0.01, -0.02, -0.02, -0.02),
        (2.19, 2.19, 2.18, 2.19),
    ),
    ("lai", "stratified"): _fit(
        (0.34, 0.36, 0.39, 0.44),
        (14.9, 15.8, 16.8, 19.2),
        (0.33, 0.35, 0.37, 0.42),
        (-0.02, -0.02, -0.02, -0.03),
        (-0.8, -0.9, -0.9, -1.4),
        (-0.02, -0.02, -0.02, -0.03),
        (2.19, 2.18, 2.18, 2.18),
    ),
}
"""Metrics of fit by (stream, approach), metric and resolution [g m-2, m2 m-2, %, 1]."""

TABLE_A2 = {
    ("cwood", "conifer"): _fit(
        (2764, 3007, 2856, 2785),
        (20.6, 22.5, 21.2, 20.6),
        (0.42, 0.46, 0.43, 0.42),
        (-2762, -3003, -2849, -2758),
        (-20.6, -22.5, -21.2, -20.4),
        (-0.42, -0.46, -0.43, -0.41),
        (10807, 10572, 10730, 10887),
    ),
    ("cwood", "broadleaf"): _fit(
        (2407, 1948, 1987, 1969),
        (26.5, 21.1, 21.6, 20.5),
        (0.45, 0.36, 0.37, 0.35),
        (-2404, -1945, -1979, -1948),
        (-26.5, -21.1, -21.5, -20.2),
        (-0.45, -0.36, -0.37, -0.34),
        (6712, 7173, 7220, 7672),
    ),
    ("cwood", "heath"): _fit(
        (25, 70, 102, 180),
        (1.5, 4.3, 6.3, 11.3),
        (0.02, 0.07, 0.10, 0.18),
        (13, 24, 6, 19),
        (0.7, 2.2, 1.8, 5.2),
        (0.01, 0.03, 0.03, 0.07),
        (1727, 1742, 1722, 1720),
    ),
    ("cwood", "arable"): _fit(
        (191, 174, 199, 255),
        (7.4, 6.7, 8.0, 10.4),
        (0.11, 0.10, 0.12, 0.16),
        (45, 24, 14, 11),
        (2.2, 1.4, 1.7, 3.0),
        (0.03, 0.02, 0.02, 0.04),
        (2615, 2593, 2590, 2596),
    ),
    ("lai", "conifer"): _fit(
        (0.38, 0.38, 0.39, 0.42),
        (16.1, 16.2, 16.6, 17.9),
        (0.36, 0.36, 0.37, 0.39),
        (-0.00, -0.00, -0.00, -0.01),
        (-0.1, -0.1, -0.1, -0.4),
        (-0.00, -0.00, -0.00, -0.01),
        (2.22, 2.21, 2.21, 2.21),
    ),
    ("lai", "broadleaf"): _fit(
        (0.47, 0.48, 0.49, 0.53),
        (17.6, 17.9, 18.4, 22.0),
        (0.42, 0.43, 0.43, 0.48),
        (-0.03, -0.04, -0.03, -0.05),
        (-1.1, -1.3, -1.3, -2.2),
        (-0.03, -0.03, -0.03, -0.05),
        (2.51, 2.50, 2.51, 2.40),
    ),
    ("lai", "heath"): _fit(
        (0.36, 0.37, 0.39, 0.42),
        (20.3, 20.3, 21.0, 22.3),
        (0.40, 0.40, 0.41, 0.44),
        (-0.01, -0.02, -0.01, -0.02),
        (-0.7, -0.9, -0.7, -1.2),
        (-0.01, -0.02, -0.01, -0.02),
        (1.69, 1.73, 1.75, 1.77),
    ),
    ("lai", "arable"): _fit(
        (0.41, 0.43, 0.45, 0.49),
        (16.2, 16.8, 17.4, 19.0),
        (0.38, 0.39, 0.40, 0.43),
        (-0.03, -0.04, -0.04, -0.04),
        (-1.1, -1.4, -1.5, -1.5),
        (-0.03, -0.03, -0.03, -0.04),
        (2.44, 2.43, 2.43, 2.44),
    ),
}
"""Metrics of fit of the strata by (stream, stratum); heath is printed as 'non-forest'."""


def _budget(*rows):
    """Median, 5 % and 95 % of each resolution."""
    return dict(zip(RESOLUTIONS, rows, strict=True))


TABLE_2 = {
    ("gpp", "baseline"): _budget(
        (5.04, 3.69, 6.32), (5.05, 3.69, 6.34), (5.03, 3.67, 6.35), (5.00, 3.62, 6.33)
    ),
    ("gpp", "stratified"): _budget(
        (4.98, 4.17, 5.77), (4.98, 4.08, 5.84), (4.99, 4.03, 5.92), (4.94, 3.84, 6.02)
    ),
    ("reco", "baseline"): _budget(
        (4.59, 3.03, 6.65), (4.61, 3.07, 6.68), (4.58, 3.06, 6.69), (4.59, 3.06, 6.71)
    ),
    ("reco", "stratified"): _budget(
        (4.59, 3.64, 5.74), (4.57, 3.55, 5.85), (4.58, 3.51, 5.97), (4.58, 3.34, 6.23)
    ),
    ("change_live", "baseline"): _budget(
        (282.6, -1755.1, 1708.0),
        (214.9, -1931.0, 1698.7),
        (237.0, -1855.9, 1613.0),
        (164.9, -1937.9, 1521.7),
    ),
    ("change_live", "stratified"): _budget(
        (-5.9, -957.9, 823.7),
        (21.4, -1090.1, 873.8),
        (22.9, -1160.3, 914.9),
        (30.0, -1449.6, 1075.8),
    ),
    ("change_dead", "baseline"): _budget(
        (501.6, -2207.4, 2582.1),
        (497.7, -2247.6, 2605.4),
        (507.8, -2234.9, 2518.8),
        (520.6, -2121.9, 2517.1),
    ),
    ("change_dead", "stratified"): _budget(
        (425.7, -957.5, 1595.2),
        (428.2, -1159.8, 1640.2),
        (426.3, -1244.3, 1723.4),
        (477.1, -1515.9, 1990.2),
    ),
    ("harvest", "baseline"): _budget(
        (0.052, 0.023, 0.091), (0.055, 0.023, 0.096), (0.064, 0.025, 0.110), (0.085, 0.031, 0.147)
    ),
    ("harvest", "stratified"): _budget(
        (0.130, 0.040, 0.228), (0.127, 0.040, 0.226), (0.129, 0.043, 0.227), (0.129, 0.042, 0.225)
    ),
}
"""Median, 5 % and 95 % by (quantity, approach) and resolution [g m-2 d-1, g m-2]."""

HARVEST_RATIO = dict(zip(RESOLUTIONS, (2.50, 2.31, 2.02, 1.52), strict=True))
"""Stratified over baseline harvest as printed in Figure 5 [1]."""

HARVEST_EXPLAINS_LIVE_CHANGE = 0.71
GPP_EXPLAINS_LIVE_CHANGE = (0.01, 0.04)
RECO_EXPLAINS_LIVE_CHANGE = (0.07, 0.01)
"""R squared between maps of differences at 0.05 degree; text, and caption of Figure 6."""

CONIFER_OVER_ARABLE, CONIFER_OVER_HEATH = 4.0, 6.0
"""Ratios of wood carbon in the text: "more than four times", "six times" [1]."""

PARAMETER_BOUNDS = {
    "litter_to_som_rate": (1e-5, 0.01),
    "autotrophic_fraction": (0.2, 0.8),
    "foliage_fraction": (0.01, 0.5),
    "root_fraction": (0.1, 0.8),
    "leaf_lifespan": (1.001, 8.0),
    "wood_turnover_rate": (9e-6, 0.001),
    "root_turnover_rate": (0.001368925, 0.02),
    "litter_mineralisation_rate": (1.141e-4, 0.02),
    "som_mineralisation_rate": (1.368925e-6, 9.126169e-5),
    "temperature_exponent": (0.019, 0.08),
    "canopy_efficiency": (1.64, 42.0),
    "labile_release_day": (365.25, 1461.0),
    "labile_fraction": (0.01, 0.5),
    "labile_release_period": (10.0, 100.0),
    "leaf_fall_day": (365.25, 1461.0),
    "leaf_fall_period": (20.0, 150.0),
    "leaf_carbon_per_area": (20.0, 180.0),
    "initial_labile": (1.0, 2000.0),
    "initial_foliage": (1.0, 2000.0),
    "initial_roots": (1.0, 2000.0),
    "initial_wood": (1.0, 30000.0),
    "initial_litter": (1.0, 2000.0),
    "initial_som": (200.0, 250000.0),
}
"""Bounds of Table A1, in the units of `pm_dalec.PARAMETERS`."""
