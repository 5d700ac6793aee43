"""Statistics of the paper's hypotheses: functions of medians, widths and pairs of experiments."""

from typing import NamedTuple

import numpy as np

from pm_dalec.paper import printed
from pm_dalec.paper.experiments import domain_ensemble, pairs, pixel_medians
from pm_dalec.paper.reduction import LOWER, UPPER
from pm_dalec.posterior.metrics import (
    convergence_gap,
    determination,
    fit_metrics,
    interval_width,
    scale_variance,
    stratum_areas,
    weighted_quantile,
)
from pm_dalec.tables.summaries import BUDGET

PURE_CONIFER = 0.8  # share from which a pixel counts as one stratum


class NotTestable(ValueError):
    """An experiment lacks what a hypothesis needs; the message says what."""


class Numbers(NamedTuple):
    """Medians and 5-95 % widths by (quantity, approach), one value a resolution, coarse first."""

    medians: dict
    widths: dict
    correlated_widths: dict | None = None


def our_numbers(experiments):
    """Numbers of a set of experiments at the resolutions that have both approaches."""
    medians, widths, correlated = {}, {}, {}
    for both in pairs(experiments).values():
        for experiment in both:
            for name in BUDGET:
                key = (name, experiment.approach)
                sample = domain_ensemble(experiment, name)
                medians.setdefault(key, []).append(float(sample.median()))
                widths.setdefault(key, []).append(interval_width(sample))
                linked = domain_ensemble(experiment, name, across_strata="correlated")
                correlated.setdefault(key, []).append(interval_width(linked))
    return Numbers(_arrays(medians), _arrays(widths), _arrays(correlated))


def printed_numbers(resolutions):
    """Numbers of the paper's Table 2 at the resolutions that it prints."""
    medians, widths = {}, {}
    for key, rows in printed.TABLE_2.items():
        rows = [rows[r] for r in resolutions if r in rows]
        medians[key] = [median for median, _, _ in rows]
        widths[key] = [high - low for _, low, high in rows]
    return Numbers(_arrays(medians), _arrays(widths))


def _arrays(lists):
    return {key: np.array(values) for key, values in lists.items()}


def several(values):
    """Values of at least two resolutions, or the reason why not."""
    if len(values) < 2:
        raise NotTestable("wanted at least two resolutions")
    return values


def variance(name, approach):
    """Statistic: scale variance of a quantity under an approach [%]."""
    return lambda numbers, _: 100 * scale_variance(several(numbers.medians[name, approach]))


def smallest_rise(numbers, _):
    """Smallest step of baseline harvest to the next finer resolution [g m-2 d-1]."""
    return np.diff(several(numbers.medians["harvest", "baseline"])).min()


def variance_ratio(numbers, both):
    """Scale variance of baseline harvest over that of GPP [1]."""
    biogenic = variance("gpp", "baseline")(numbers, both)
    if biogenic == 0:
        raise NotTestable("GPP is the same at all resolutions")
    return variance("harvest", "baseline")(numbers, both) / biogenic


def fall_of_live_change(numbers, _):
    """Baseline change of living carbon, finest minus coarsest [g m-2]."""
    medians = several(numbers.medians["change_live", "baseline"])
    return medians[-1] - medians[0]


def ratios(numbers):
    """Stratified over baseline harvest of each resolution [1]."""
    return numbers.medians["harvest", "stratified"] / numbers.medians["harvest", "baseline"]


def finest_ratio(numbers, _):
    """Harvest ratio of the finest resolution [1]."""
    return ratios(numbers)[-1]


def largest_step_of_ratio(numbers, _):
    """Largest step of the harvest ratio to the next finer resolution [1]."""
    return np.diff(several(ratios(numbers))).max()


def closed_gap(numbers, _):
    """Share of the gap in living carbon that closes from coarsest to finest [%]."""
    medians = (numbers.medians["change_live", name] for name in ("stratified", "baseline"))
    gap = np.abs(convergence_gap(*medians))
    return 100 * (1 - several(gap)[-1] / gap[0])


def width_ratios(numbers):
    """Stratified over baseline width of the GPP interval of each resolution [1]."""
    return numbers.widths["gpp", "stratified"] / numbers.widths["gpp", "baseline"]


def largest_width_ratio(numbers, _):
    """Largest ratio of widths over resolutions [1]."""
    return width_ratios(numbers).max()


def rise_of_width(numbers, _):
    """Ratio of widths, finest minus coarsest [1]."""
    ratios = several(width_ratios(numbers))
    return ratios[-1] - ratios[0]


def correlated_width(numbers, _):
    """Mean ratio of GPP widths with fully correlated strata [1]."""
    if numbers.correlated_widths is None:
        raise NotTestable("not printed")
    widths = numbers.correlated_widths
    return (widths["gpp", "stratified"] / numbers.widths["gpp", "baseline"]).mean()


def finest(both):
    """Baseline and stratified experiment of the finest resolution."""
    return both[min(both)]


def coarsest(both):
    """Baseline and stratified experiment of the coarsest resolution."""
    return both[max(both)]


def difference(both, name):
    """Stratified minus baseline of the median of every pixel, for a pair of experiments."""
    baseline, stratified = (pixel_medians(experiment, name) for experiment in both)
    return stratified - baseline


def explained(name):
    """Statistic: share of the map of living carbon that another map explains [1]."""

    def measure(_, both):
        pair = finest(both)
        return determination(difference(pair, "change_live"), difference(pair, name))

    return measure


def conifer_and_ratio(both):
    """Conifer share and harvest ratio of the pixels of a pair in which something is felled."""
    baseline, stratified = (pixel_medians(experiment, "harvest") for experiment in both)
    felled = ((baseline > 0) & (stratified > 0)).to_numpy()
    conifer = both[1].units["area_fraction"].sel(stratum="conifer").to_numpy()
    return conifer[felled], (stratified / baseline).to_numpy()[felled]


def ratio_where_pure(_, both):
    """Mean harvest ratio of the pixels that are conifer [1]."""
    conifer, ratio = conifer_and_ratio(finest(both))
    if not (conifer > PURE_CONIFER).any():
        raise NotTestable(f"no felled pixel has more than {PURE_CONIFER:.0%} conifer")
    return ratio[conifer > PURE_CONIFER].mean()


def ratio_falls(_, both):
    """Rank correlation of harvest ratio and conifer share between pixels [1]."""
    conifer, ratio = conifer_and_ratio(finest(both))
    if len(ratio) < 3:
        raise NotTestable("fewer than three felled pixels")
    return np.corrcoef(conifer.argsort().argsort(), ratio.argsort().argsort())[0, 1]


def stratum_median(experiment, name, stratum, level=0.5):
    """Quantile over the area of a stratum of its pixel medians, in the unit of the quantity."""
    values = experiment.budget[name].sel(stratum=stratum).median("sample")
    area = stratum_areas(experiment.units).sel(stratum=stratum)
    return float(weighted_quantile(values, area, level))


def stratum_ratio(name, first, second, pick):
    """Statistic: median of a quantity in one stratum over that in another [1]."""

    def measure(_, both):
        stratified = pick(both)[1]
        return stratum_median(stratified, name, first) / stratum_median(stratified, name, second)

    return measure


def largest_baseline_over_conifer(_, both):
    """Largest residence of wood in a baseline pixel over conifer's 95 % [1]."""
    baseline, stratified = finest(both)
    largest = float(pixel_medians(baseline, "residence_wood").max())
    return largest / stratum_median(stratified, "residence_wood", "conifer", level=0.95)


def shrinkage_of_range(_, both):
    """Range of baseline residence times of wood, coarsest over finest [1]."""
    several(list(both))
    ranges = []
    for baseline, _stratified in (coarsest(both), finest(both)):
        values = pixel_medians(baseline, "residence_wood")
        ranges.append(np.ptp(weighted_quantile(values, baseline.units["area"], [0.05, 0.95])))
    if ranges[1] == 0:
        raise NotTestable("residence times do not vary between the finest pixels")
    return ranges[0] / ranges[1]


def som_of_heath(_, both):
    """Residence of soil carbon in heath over the longest of the others [1]."""
    stratified = finest(both)[1]
    others = max(
        stratum_median(stratified, "residence_som", name)
        for name in ("conifer", "broadleaf", "arable")
    )
    return stratum_median(stratified, "residence_som", "heath") / others


def gap_between_strata(name):
    """Statistic: largest gap between strata in a trait, over its own uncertainty [1].

    The gap of two medians is divided by the distance from it to the nearer end of the 5-95 % interval of the
    difference, strata being independent. Below one that interval holds zero, and nothing tells the two
    apart. Zou and Donner (2008), eq. 4: ends of the interval of a difference from those of its terms.
    """

    def measure(_, both):
        stratified = finest(both)[1]
        if f"{name}{LOWER}" not in stratified.traits:
            raise NotTestable(f"no {name} of the units is kept")
        areas = stratum_areas(stratified.units)
        kept = [stratified.traits[f"{name}{end}"] for end in (LOWER, "", UPPER)]
        means = [part.weighted(areas.fillna(0.0)).mean("pixel").to_numpy() for part in kept]
        lower, middle, upper = np.transpose(means)[np.isfinite(means[1])].T  # quantiles add: A3, A5
        gaps = middle[:, None] - middle
        reach = np.hypot((middle - lower)[:, None], upper - middle)
        return (gaps / np.where(reach > 0, reach, np.nan)).max()

    return measure


def difference_of_fit(_, both):
    """Stratified less baseline RMSE of wood carbon, mean over resolutions [%]."""
    found = []
    for pair in both.values():
        if any("cwood_modelled" not in experiment.matched for experiment in pair):
            raise NotTestable("no observations of wood are kept")
        errors = [
            float(
                fit_metrics(
                    *(e.matched[f"cwood_{part}"] for part in ("modelled", "observed", "sigma")),
                    e.units,
                )["rmse_percent"]
            )
            for e in pair
        ]
        found.append(errors[1] - errors[0])
    return np.mean(found)


def printed_difference_of_fit():
    """The same of the paper's Table 1 [%]."""
    means = [
        np.mean(list(printed.TABLE_1["cwood", name]["rmse_percent"].values()))
        for name in ("baseline", "stratified")
    ]
    return float(means[1] - means[0])
