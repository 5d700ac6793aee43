"""Every public function of the root face with its arguments: what each may be, and a right call."""

import shutil
from functools import cache

import numpy as np
import pandas as pd
import xarray as xr

import pm_dalec as pmd
from pm_dalec.graph import coords_of
from pm_dalec.landscape import write_region
from pm_dalec.landscape.polygons.estates import forest_estates
from pm_dalec.lanes import lane_logp
from pm_dalec.models import baseline
from pm_dalec.sampling import calibration, starts
from pm_dalec.sampling.target import compile_target
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import Fixed
from pm_dalec.tables.streams import STREAMS
from pm_dalec.tables.variables import DRIVERS, FLUXES, POOLS
from pm_dalec.testing.reference_parity import parity
from pm_dalec.testing.tiny import tiny_fit, tiny_region, tiny_site

from .domains import Flag, Kind, Length, Name, Names, Place, Real, Seed, Whole
from .doors import land as future

SERIES = (*FLUXES, *POOLS)
ERAS = ("edinburgh2021", "edinburgh2024")
TINY = {"chains": 4, "draws": 8, "proposals": 600, "ess": 0, "threads": 1, "progress": False}
TINY |= {"groups": ()}  # the prior of a site is a longer run than its posterior here
compiled = cache(compile_target)


@cache
def land():
    return tiny_site().isel(time=slice(0, 12))


@cache
def site():
    return baseline.build(land())


@cache
def region_model():
    return baseline.build(tiny_region(pixels=2).isel(time=slice(0, 12)))


@cache
def fit():
    return tiny_fit()


@cache
def frame():
    """Table of the site with a row a month."""
    units = land()
    months = pd.period_range("2001-01", periods=units.sizes["time"], freq="M")
    names = [*DRIVERS, "lai", "lai_unc"]
    return pd.DataFrame({name: units[name].values for name in names}, index=months)


def exported(fit, folder, **given):
    """A CF file of a fit, read again."""
    with xr.open_dataset(pmd.export(fit, folder / "results.nc", **given)) as found:
        return found.drop_attrs().load()


@cache
def draws():
    return pmd.budget(tiny_fit(tiny_region()))["gpp"]


@cache
def areas():
    return tiny_region().assign(area=("pixel", np.ones(3)))


def _built(land):
    coords_of(land)
    return region_model()


def region_call(folder, **changed):
    """A region calibrated into a store of its own."""
    given = {**TINY, "store": folder / "store", "build": _built, "land": None}
    shutil.rmtree(folder / "store", ignore_errors=True)
    given |= {"land": areas()} | changed
    return pmd.calibrate_region(given.pop("build"), given.pop("land"), **given)


@cache
def twin():
    return pmd.make_twin(0)


@cache
def estates():
    return forest_estates(twin(), 2)


@cache
def fit_of_estates():
    return tiny_fit(tiny_region(pixels=2).assign_coords(pixel=list(estates()["estate"])))


def columns_of(table):
    """Columns of a table of polygons, without the outlines."""
    return {name: table[name].to_numpy() for name in table.columns if name != "geometry"}


def use_compiled_models(patch):
    """Let a model be compiled once for all calls."""
    for module in (calibration, starts):
        patch.setattr(module, "compile_target", lambda model: compiled(model))


FITS = ({"posterior": 1}, PARAMETERS)
MODEL = Kind((baseline, baseline.build))
CALIBRATE = {
    "chains": Whole(4), "draws": Whole(8), "rhat": Real(above=1.0), "ess": Real(least=0.0),
    "proposals": Whole(1), "seconds": Real(above=0.0, optional=True), "random_seed": Seed(),
    "threads": Whole(1, optional=True), "progress": Flag(), "resume": Flag(),
    "only": Names(("0",)),
}  # fmt: skip
OPEN = {
    "fill_wind": Flag(),
    "disturbance": Name(("file", "none")),
    "observations": Names(("lai", "cwood"), empty=True),
    "uncertainties": Kind(({"lia": 1.0}, {"lai": "x"}, {"lai": -1.0}, {"lai": None}), optional=True),
}  # fmt: skip


def calls(folder):
    """Function, right arguments and domains of the arguments, by name of the call."""
    file, stored, region_file = folder / "site.nc", folder / "fit.nc", folder / "region.nc"
    table = pmd.PARAMETERS.replace
    return {
        "available_sites": (pmd.available_sites, {}, {}),
        "forecast": (pmd.forecast, {"fit": fit(), "scenarios": {"mine": future("future")}, "threads": 1,
                                    "names": ("gpp", "wood")}, {
            "fit": Kind(FITS), "scenarios": Kind(("ssp245", ("ssp999",), {"mine": land()}, {"mine": 1})),
            "management": Kind(("fell", "rate,share=2", "felling,years=2040", ("none", "none"), {"a": 1})),
            "names": Names(("gpp", "wood")), "every": Name(("year", "step")),
            "quantiles": Kind(([5], [0.5, 0.5], 0.5, [np.nan])), "land": Kind((land(),), optional=True),
            "reference": Kind(optional=True), "draws": Whole(1, optional=True),
            "solver": Name(("converged", "truncated"), optional=True), "seed": Seed(plain=True),
            "threads": Whole(1, optional=True)}),
        "region_from_polygons": (pmd.region_from_polygons,
                                 {"polygons": estates(), "source": twin(), "ids": "estate"}, {
            "polygons": Kind((estates().drop(columns="geometry"), estates().iloc[:0], "absent.gpkg")),
            "source": Kind((land(), "absent.toml", "text.nc")), "ids": Name(("estate",), optional=True)}),
        "results_as_polygons": (lambda **given: columns_of(pmd.results_as_polygons(**given)), {
            "fit": fit_of_estates(), "polygons": estates(), "ids": "estate"}, {
            "fit": Kind((*FITS, fit())), "polygons": Kind((estates().iloc[:1], "absent.gpkg")),
            "ids": Name(("estate",)), "names": Names(("gpp", "wood")),
            "probabilities": Kind(([5], [0.5, 0.5], 0.5, [np.nan])), "seed": Seed(plain=True)}),
        "load_site": (pmd.load_site, {"name": "XX-Tst", "resolution": "monthly"},
                      {"name": Name(("XX-Tst",)), "source": Name(("gcel",), optional=True),
                       "resolution": Name(("monthly", "daily")), **OPEN}),
        "open_site": (pmd.open_site, {"path": file}, {"path": Place(folder), **OPEN}),
        "site_from_frame": (pmd.site_from_frame, {"table": frame(), "latitude": 50.0}, {
            "table": Kind((np.ones(3), {"tmin": [1.0]})), "latitude": Real(least=-90.0, most=90.0),
            "longitude": Real(least=-180.0, most=360.0, optional=True), **OPEN}),
        "synthetic_site": (pmd.synthetic_site, {"seed": 1},
                           {"seed": Whole(0), "years": Whole(1, 500)}),
        "Choices": (pmd.Choices, {}, {
            "parameters": Kind((STREAMS, {"leaf_lifespan": 2.0})),
            "constraints": Name(ERAS, optional=True), "streams": Names(tuple(STREAMS), optional=True, empty=True),
            "solver": Name(("converged", "truncated"))}),
        "PARAMETERS.replace": (lambda **given: table("leaf_lifespan", **given), {}, {
            "bounds": Kind(((8.0, 1.0), (1.0, 1.0), (0.0, 2.0), (-1.0, 2.0), (1.0, np.nan), (1.0,))),
            "prior": Kind((Fixed(1e9), 3.0, "flat"))}),
        "build_region": (pmd.build_region, {"twin": pmd.make_twin(0), "resolution": 1.0},
                         {"twin": Kind(), "resolution": Name(("1.0",))}),
        "make_twin": (pmd.make_twin, {"seed": 0},
                      {"seed": Whole(0), "mask": Flag(), "cv": Real(least=0.0, optional=True),
                       "gamma": Real(least=0.0), "leak": Real(least=0.0, most=1.0),
                       "biomass": Name(("obs", "model"))}),
        "open_region": (pmd.open_region, {"path": region_file}, {"path": Place(folder)}),
        "write_region": (write_region, {"region": None, "path": folder / "made.nc"},
                         {"region": Kind(), "path": Kind(("a.txt", "a"))}),
        "lane_logp": (lambda model, **given: lane_logp(model, **given).names, {"model": site()},
                      {"model": MODEL, "backend": Name(("auto", "llvm", "jax", "jax-gpu")),
                       "width": Whole(2, 2), "dtype": Name(("float64", "float32"))}),
        "aggregate": (pmd.aggregate, {"values": draws(), "units": areas()}, {
            "values": Kind((np.ones(3), [1.0])), "units": Kind((draws(), np.ones(3))),
            "across_strata": Name(("independent", "comonotone")), "seed": Seed(plain=True),
            "order": Name(("pixel_first", "strata_first")),
            "across_pixels": Length(("correlated", "independent"))}),
        "budget": (pmd.budget, {"fit": fit()}, {"fit": Kind(FITS), "drivers": Kind(optional=True)}),
        "diagnose": (pmd.diagnose, {"fit": fit()}, {"fit": Kind(FITS)}),
        "verdict": (pmd.verdict, {"report": pmd.diagnose(fit())},
                    {"report": Kind((fit(),)), "rhat": Real(above=1.0), "ess": Real(least=0.0)}),
        "load": (pmd.load, {"path": stored}, {"path": Place(folder)}),
        "save": (lambda fit, path: pmd.load(pmd.save(fit, path)),
                 {"fit": fit(), "path": folder / "saved.nc"},
                 {"fit": Kind(FITS), "path": Kind(("a.txt", "a", ".nc/"))}),
        "with_groups": (pmd.with_groups, {"fit": fit(), "groups": ("log_prior",)}, {
            "fit": Kind(FITS), "groups": Names(("log_prior", "log_likelihood"), optional=True, empty=True)}),
        "export": (lambda fit, **given: exported(fit, folder, **given), {"fit": fit()}, {
            "fit": Kind(FITS), "members": Whole(0), "names": Names(("gpp", "nbp"))}),
        "log_likelihood": (pmd.log_likelihood, {"fit": fit()}, {"fit": Kind(FITS)}),
        "trajectories": (pmd.trajectories, {"fit": fit()}, {
            "fit": Kind(FITS), "drivers": Kind(optional=True), "names": Names(SERIES),
            "draws": Whole(1, optional=True),
            "quantiles": Kind(([5], [0.5, 0.5], 0.5, [np.nan]), optional=True)}),
        "calibrate": (pmd.calibrate, {"model": site(), **TINY}, {"model": MODEL, **CALIBRATE}),
        "calibrate_region": (lambda **given: region_call(folder, **given), {}, {
            "build": Kind((site(), baseline)), "land": Kind((land(),)),
            "client": Kind((3, "lokal", b"local"), optional=True), **CALIBRATE}),
        "feasible_start": (pmd.feasible_start, {"model": site()},
                           {"model": MODEL, "chains": Whole(1), "random_seed": Seed(),
                            "most": Whole(1)}),
        "AdaptiveMetropolis": (lambda **given: vars(pmd.AdaptiveMetropolis(**given))["n_inner"],
                               {"model": site()},
                               {"n_inner": Whole(1),
                                "variant": Name(("haario2001", "edinburgh2021"))}),
        "parity": (lambda **given: list(parity(**given)), {"path": folder / "absent.nc"}, {
            "path": Place(folder), "runner": Name(("numpy", "pytensor", "jax", "lanes")),
            "rtol": Real(above=0.0)}),
        "edc_report": (pmd.edc_report, {"units": land(), "draws": 20}, {
            "units": Kind((fit(),)), "draws": Whole(1), "seed": Seed(), "constraints": Name(ERAS),
            "parameters": Kind((STREAMS,))}),
    }  # fmt: skip
