"""Public functions of the rooms that take arrays or datasets, with right arguments and what is an array there.

An array is named by its argument, and its variable where the argument is a dataset.
"""

from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

import pm_dalec as pmd
from pm_dalec import data, forecasting, landscape, posterior
from pm_dalec.data.formats import write_cbf
from pm_dalec.graph import units_of
from pm_dalec.landscape.polygons.estates import forest_estates
from pm_dalec.tables.strata import STRATUM_NAMES
from pm_dalec.testing.tiny import tiny_fit, tiny_region, tiny_site

STRATA = list(STRATUM_NAMES[:2])

NAMES = (
    "aggregate",
    "aggregate, strata first",
    "aggregate, 50 km",
    "domain_sample",
    "combine_strata",
    "combine_pixels",
    "summarise",
    "fit_metrics",
    "scale_variance",
    "budget",
    "trajectories",
    "diagnose",
    "with_groups",
    "export",
    "observations_of",
    "results_as_polygons",
    "average_observations",
    "prepare_uncertainties",
    "write_cbf",
    "edc_report",
    "wood_carbon",
    "represented_areas",
    "sample_pixels",
    "write_region",
    "build_region",
    "recycled",
    "future_drivers",
    "with_co2_of",
    "order_probability",
    "partition",
)


class Call(NamedTuple):
    """A function, its right arguments, and the places of arrays in them: (argument, variable or None)."""

    function: Any
    given: dict
    places: tuple


@cache
def land(strata=True):
    """Region of three pixels whose areas and shares differ."""
    made = tiny_region(pixels=3, strata=STRATA if strata else None)
    made = made.assign(area=("pixel", [1.0e9, 3.0e9, 2.0e9], {"units": "m2"}))
    if strata:
        share = np.array([[0.2, 0.5, 0.7], [0.8, 0.5, 0.3]])
        made = made.assign(area_fraction=(("stratum", "pixel"), share, {"units": "1"}))
    return made


@cache
def draws(strata=True):
    """Draws of every unit."""
    return pmd.budget(tiny_fit(land(strata), draws=8))["gpp"]


@cache
def modelled():
    """Leaf area of the region, as seen and as modelled."""
    return land()["lai"] * 1.1, land()["lai"], land()["lai_unc"]


@cache
def site():
    """Site of three years."""
    return tiny_site(streams=("lai", "cwood", "gpp"))


@cache
def futures():
    """Drivers of two scenarios after those of the site."""
    return tuple(
        forecasting.named_scenario(name, site(), until=2018) for name in ("ssp126", "ssp585")
    )


@cache
def estates():
    """Polygons of the twin with results in their order."""
    table = forest_estates(pmd.make_twin(0), 2)
    region = tiny_region(pixels=2).assign_coords(pixel=list(table["estate"]))
    return table, tiny_fit(region)


def exported(folder):
    """CF file of a fit as it is read again."""

    def call(fit):
        with xr.open_dataset(pmd.export(fit, folder / "results.nc")) as found:
            return found.drop_attrs().load()

    return call


def written(folder):
    """Region file as it is read again."""

    def call(region):
        return pmd.open_region(landscape.write_region(region, folder / "region.nc"))

    return call


def through_cbf(folder):
    """Site as a CBF file holds it."""

    def call(units):
        return data.open_site(write_cbf(folder / "site.cbf.nc", units)[0], uncertainties="20%")

    return call


def fitted(function, **more):
    """Function of a fit, of which an array is changed in its draws or in its units."""

    def call(posterior, units):
        return function(_with(tree, posterior=posterior, constant_data=units), **more)

    tree = tiny_fit(land(), draws=8)
    given = {name: tree[key].to_dataset() for name, key in PARTS.items()}
    return Call(call, given, DRAWN)


PARTS = {"posterior": "posterior", "units": "constant_data"}
DRAWN = (
    ("posterior", "initial_som"),
    ("posterior", "leaf_lifespan"),
    ("units", "tmin"),
    ("units", "lai"),
)


def calls(folder):
    """Calls by name."""
    units, values = land(), draws()
    of_land = (("values", None), ("units", "area"), ("units", "area_fraction"))
    seen = dict(zip(("modelled", "observed", "sigma"), modelled(), strict=True))
    pixels = posterior.combine_strata(values, units["area_fraction"])
    twin = pmd.make_twin(0)
    region = pmd.build_region(twin, resolution=1.0)
    low, high = futures()
    both = {"values": values, "units": units}
    return {
        "aggregate": Call(pmd.aggregate, both, of_land),
        "aggregate, strata first": Call(
            lambda **given: pmd.aggregate(order="stratum_first", **given), both, of_land
        ),
        "aggregate, 50 km": Call(
            lambda **given: pmd.aggregate(across_pixels=50.0, **given),
            both,
            (*of_land, ("units", "lat")),
        ),
        "domain_sample": Call(posterior.domain_sample, both, of_land),
        "combine_strata": Call(
            posterior.combine_strata,
            {"values": values, "fraction": units["area_fraction"]},
            (("values", None), ("fraction", None)),
        ),
        "combine_pixels": Call(
            posterior.combine_pixels, {"values": pixels, "units": units}, of_land[:2]
        ),
        "summarise": Call(posterior.summarise, {"sample": pixels}, (("sample", None),)),
        "fit_metrics": Call(
            posterior.fit_metrics, {**seen, "units": units}, (*((n, None) for n in seen), *of_land[1:])
        ),
        "scale_variance": Call(
            posterior.scale_variance, {"values": xr.DataArray([1.0, 2.0, 4.0], dims="resolution")},
            (("values", None),),
        ),
        "budget": fitted(pmd.budget),
        "trajectories": fitted(pmd.trajectories, names=("gpp", "wood")),
        "diagnose": fitted(pmd.diagnose),
        "with_groups": fitted(pmd.with_groups, groups=("log_likelihood", "log_prior")),
        "export": fitted(exported(folder)),
        "observations_of": Call(
            lambda units: posterior.observations_of(_with(tiny_fit(site()), constant_data=units), "lai"),
            {"units": site()}, (("units", "lai"), ("units", "lai_unc")),
        ),
        "results_as_polygons": Call(
            lambda posterior: _columns(pmd.results_as_polygons(_with(estates()[1], posterior=posterior), estates()[0], ids="estate")),
            {"posterior": estates()[1]["posterior"].to_dataset()}, (("posterior", "initial_som"),),
        ),
        "average_observations": Call(
            lambda units, over: data.average_observations(units, "lai", over=over, uncertainty=0.5),
            {"units": site(), "over": site()["time"].dt.year}, (("units", "lai"), ("over", None)),
        ),
        "prepare_uncertainties": Call(
            data.prepare_uncertainties, {"units": site()}, (("units", "lai"), ("units", "lai_unc"))
        ),
        "write_cbf": Call(through_cbf(folder), {"units": site()}, (("units", "lai"), ("units", "tmin"), ("units", "gpp_unc"))),
        "edc_report": Call(
            lambda units: pmd.edc_report(units, draws=20), {"units": site()}, (("units", "tmin"), ("units", "vpd"))
        ),
        "wood_carbon": Call(
            landscape.wood_carbon,
            {"above_ground_biomass": xr.DataArray([0.0, 50.0, 210.0], dims="cell")},
            (("above_ground_biomass", None),),
        ),
        "represented_areas": Call(
            landscape.represented_areas,
            {"region": units_of(region, ("stratum", "pixel")), "pixels": xr.DataArray(region["pixel"].to_numpy()[:40], dims="some")},
            (("region", "area"), ("region", "area_fraction"), ("pixels", None)),
        ),
        "sample_pixels": Call(
            lambda region: landscape.sample_pixels(region, 2), {"region": units}, (("region", "area"),)
        ),
        "write_region": Call(
            lambda **parts: written(folder)(xr.DataTree.from_dict({"/": parts["root"], "pixels": parts["pixels"], "strata": parts["strata"]})),
            {"root": region.to_dataset(inherit=False), "pixels": region["pixels"].to_dataset(inherit=False),
             "strata": region["strata"].to_dataset(inherit=False)},
            (("root", "tmin"), ("root", "area"), ("pixels", "cwood"), ("strata", "lai"), ("strata", "area_fraction")),
        ),
        "build_region": Call(
            lambda fields: pmd.build_region(replace(twin, fields=fields), resolution=1.0),
            {"fields": twin.fields}, (("fields", "stratum"), ("fields", "loss_year")),
        ),
        "recycled": Call(lambda units: forecasting.recycled(units, until=2018), {"units": site()}, (("units", "tmin"), ("units", "co2"))),
        "future_drivers": Call(
            forecasting.future_drivers, {"observed": site(), "climate": _climate()},
            (("observed", "tmin"), ("climate", "tmin"), ("climate", "co2")),
        ),
        "with_co2_of": Call(
            forecasting.with_co2_of, {"drivers": low, "other": high}, (("drivers", "tmin"), ("other", "co2"))
        ),
        "order_probability": Call(
            lambda ranks: forecasting.order_probability(_forecast(ranks), "gpp", 2050),
            {"ranks": _ranks()}, (("ranks", None),),
        ),
        "partition": Call(
            lambda values: forecasting.partition(values, ("chain", "draw")),
            {"values": values.isel(stratum=0, drop=True)}, (("values", None),),
        ),
    }  # fmt: skip


def _with(tree, **parts):
    """Fit with other groups."""
    made = tree.copy()
    for name, part in parts.items():
        made[name] = xr.DataTree(part)
    return made


def _columns(table):
    return {name: table[name].to_numpy() for name in table.columns if name != "geometry"}


def _climate():
    """Observed months and those after them."""
    names = ["tmin", "tmax", "sw_rad", "vpd", "wind", "co2"]
    parts = [each[names].drop_vars("time_bnds", errors="ignore") for each in (site(), futures()[0])]
    return xr.concat(parts, "time", compat="override", coords="minimal", join="override")


def _ranks():
    """Draws of the strata in 2050 as a forecast keeps them."""
    values = draws().isel(pixel=0, drop=True).transpose("chain", "draw", "stratum").to_numpy()
    ranks = values.reshape(-1, 1, values.shape[-1])
    return xr.DataArray(
        ranks,
        {"rank": range(len(ranks)), "year": [2050], "stratum": STRATA},
        ("rank", "year", "stratum"),
    )


def _forecast(ranks):
    return xr.DataTree.from_dict({"strata_ranks": xr.Dataset({"gpp": ranks})})
