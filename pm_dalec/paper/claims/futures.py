"""Statistics of forecasts to 2100: functions of the forecasts by approach, undisturbed under SSP2-4.5."""

from pm_dalec.forecasting.variance import difference_of_domains, order_probability
from pm_dalec.paper.claims.statistics import NotTestable
from pm_dalec.tables import dims

SCENARIO, CONTROL, MANAGEMENT = "ssp245", "control", "none"
UNDISTURBED = "undisturbed under SSP2-4.5"
END, DECADE = 2100, 10
WOODLAND, OPEN = ("conifer", "broadleaf"), ("heath", "arable")


def stratified(forecasts):
    """The stratified forecast of the paper's scenario without disturbance."""
    if "stratified" not in forecasts:
        raise NotTestable("no forecast of the strata")
    tree = forecasts["stratified"]
    domain = tree["domain"]
    if (
        SCENARIO not in domain["scenario"].values
        or MANAGEMENT not in domain["management"].values
        or END not in domain["year"].values
    ):
        raise NotTestable(f"no forecast to {END} {UNDISTURBED}")
    return tree


def medians(tree, group, name, scenario=SCENARIO):
    """Median of an output of a scenario without disturbance, dims (year[, stratum])."""
    chosen = {"scenario": scenario, "management": MANAGEMENT}
    return tree[group][name].sel(chosen).sel(quantile=0.5, method="nearest")


def smallest_lead(forecasts):
    """Smallest step of the gains from conifer to broadleaf to the domain to the open strata [g m-2]."""
    tree = stratified(forecasts)
    gain = medians(tree, "strata", "change_live").sel(year=END)
    conifer, broadleaf = (float(gain.sel({dims.STRATUM: name})) for name in WOODLAND)
    least = max(float(gain.sel({dims.STRATUM: name})) for name in OPEN)
    domain = float(medians(tree, "domain", "change_live").sel(year=END))
    return min(conifer - broadleaf, broadleaf - domain, domain - least)


def probability_of_woodland(forecasts):
    """Probability that either woodland gains more than either open stratum, the smallest of them [1]."""
    found = order_probability(stratified(forecasts), "change_live", END)["larger"]
    found = found.sel(scenario=SCENARIO, management=MANAGEMENT)
    return float(found.sel({dims.STRATUM: list(WOODLAND), "other": list(OPEN)}).min())


def growth(forecasts, last, scenario=SCENARIO):
    """Growth of living carbon over the ten years up to one, (stratum) [g m-2 yr-1]."""
    live = medians(stratified(forecasts), "strata", "live", scenario)
    return (live.sel(year=last) - live.sel(year=last - DECADE)) / DECADE


def growth_that_is_left(scenario):
    """Statistic: growth of open strata in the last decade over that in the first, the larger [1]."""

    def measure(forecasts):
        tree = stratified(forecasts)
        if scenario not in tree["domain"]["scenario"].values:
            raise NotTestable(f"no forecast of the scenario {scenario}")
        first = int(tree.attrs["calibration_end"][:4]) - 1 + DECADE
        share = growth(forecasts, END, scenario) / growth(forecasts, first, scenario)
        return float(share.sel({dims.STRATUM: list(OPEN)}).max())

    return measure


def growth_of_woodland(forecasts):
    """Growth of the woodlands in the last decade, the smaller of the two [g m-2 yr-1]."""
    return float(growth(forecasts, END).sel({dims.STRATUM: list(WOODLAND)}).min())


def difference_over_spread(forecasts):
    """Baseline less stratified domain over the range between the strata, living carbon [1]."""
    tree = stratified(forecasts)
    if "baseline" not in forecasts:
        raise NotTestable("no forecast of the baseline")
    found = difference_of_domains(forecasts["baseline"], tree, "live", END)
    return float(found["share"].sel(scenario=SCENARIO, management=MANAGEMENT))
