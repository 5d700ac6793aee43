"""Public functions of rooms with their arguments, as those of the root face in `calls`.

Rooms whose every function is here are in `ROOMS`: a new one needs its row.
"""

from functools import cache

import numpy as np

from pm_dalec import sensitivity as room
from pm_dalec.constraints import EDCS
from pm_dalec.graph import Choices
from pm_dalec.models import baseline
from pm_dalec.sensitivity.draws.quantities import QUANTITIES
from pm_dalec.sensitivity.lands import write_lands
from pm_dalec.sensitivity.studies.kept import RESULTS
from pm_dalec.sensitivity.studies.results import joined, summary_of
from pm_dalec.sensitivity.studies.study import Study
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.streams import STREAMS
from pm_dalec.testing.tiny import tiny_fit, tiny_site

from .domains import Flag, Kind, Name, Names, Place, Real, Seed, Whole

ROOMS = (room,)
ASKED = ("gpp", "leaf_lifespan")
BUDGET = {"chains": 4, "draws": 8, "proposals": 600, "ess": 0, "threads": 1, "progress": False}
RUN = {
    "chains": Whole(4), "draws": Whole(8), "rhat": Real(above=1.0), "ess": Real(least=0.0),
    "proposals": Whole(1), "random_seed": Seed(), "threads": Whole(1, optional=True),
    "progress": Flag(),
}  # fmt: skip
VARIANTS = {"base": {}, "wide": {"sigma": {"lai": 2.0}}}
LEVELS = {"era": {"2021": {}, "2024": {"constraints": "edinburgh2024"}}}
FOLDERS = ("", "text.nc", "text.nc/in", "a\0b", 3, None, b"study")


@cache
def fit():
    """Fit of a site with more draws than the least."""
    return tiny_fit(tiny_site(), chains=4, draws=40)


@cache
def study():
    """Result of a study of two variants that are alike."""
    told = {"changes": "", "folder": "a", "seconds": 1.0, "compile_seconds": 1.0}
    found = joined({name: summary_of(fit()) for name in VARIANTS}, dict.fromkeys(VARIANTS, told))
    found.attrs = {"core_seconds": 2.0, "wall_seconds": 1.0}
    return found


@cache
def moved():
    return room.effects(study())


@cache
def ablated():
    """Ablation in form."""
    found = moved().isel(variant=[1]).rename(variant="rule").drop_vars("rule")
    numbers = dict.fromkeys(("prior_bits", "bits"), ("rule", [1.0]))
    return found.assign_coords(rule=["steady_wood"]).assign(numbers)


@cache
def gained():
    return room.information_gain(steps(), names=ASKED)


@cache
def steps():
    """Prior and posterior that are alike."""
    return {"constrained prior": fit(), "+ lai": fit()}


@cache
def decisive():
    return room.sensitivity_indices(fit(), names=("gpp",), orders=2, repeats=2)


def shown(figure):
    """What a figure shows: words and numbers of its axes."""
    found = []
    for axes in figure.axes:
        found += [text.get_text() for text in axes.findobj(lambda one: hasattr(one, "get_text"))]
        found += [line.get_xydata() for line in axes.get_lines()]
        found += [np.asarray(image.get_array()) for image in axes.get_images()]
        found += [np.array(patch.get_window_extent().bounds) for patch in axes.patches]
    return found


def figure_of(function):
    """Function whose figure is told by what it shows."""
    return lambda **given: shown(function(**given))


class Once:
    """Study that was run, so that what changes nothing is quick; one that is refused never runs."""

    def __init__(self, folder, site, model):
        self.folder, self.site = folder, site
        self.study = Study(lambda land, choices: model, site, {"base": {}})

    def run(self, **given):
        """Root of the tree of the study, without the clock."""
        folder = given.pop("folder", self.folder / "study")
        return self.study.run(folder, **given)["mean"].to_dataset()


def calls(folder, model):
    """Function, right arguments and domains of the arguments, by name of the call."""
    site = tiny_site()
    once = Once(folder, site, model)
    kept = room.keep_result(decisive(), folder / "kept", "indices").parent
    variants = folder / "variants.toml"
    variants.write_text('["base"]\n["wide"]\nsigma = { lai = 2.0 }\n', encoding="utf-8")
    written = folder / "written"
    fits = Kind(({"posterior": 1}, PARAMETERS, site))
    names = Names(ASKED)
    folders = Kind(FOLDERS)
    built = Kind((baseline, site, "baseline"))
    chosen = Kind((PARAMETERS, {"constraints": None}, "edinburgh2023"))
    return {
        "Study": (lambda **given: list(Study(**given).variants),
                  {"build": baseline.build, "land": site, "variants": VARIANTS}, {
            "build": built, "land": Kind((fit(), "FI-Hyy")), "choices": chosen,
            "variants": Kind(({"base": 3}, {"base": None}, {3: {}}, {"a": {"constraint": None}}, ["base"],
                              {"a": {"sigma": {"lai": 0.0}}}, {"a": {"weather": {"tmin": np.nan}}},
                              {"a": {"parameters": {"leaf_lifespan": [4.0, 1.0]}}},
                              {"a": {"parameters": {"leaf_lifespan": {"mean": 2.0}}}},
                              {"a": {"soft": np.nan}}, {"a": {"sigma": {"lai": np.inf}}}))}),
        "Study.run": (once.run, dict(BUDGET, pilot=0),
                      {"folder": folders, "pilot": Whole(0), **RUN}),
        "Variant": (lambda **given: room.Variant(**given).words, {"name": "a"}, {
            "name": Kind((b"a", " ")),
            "changes": Kind(({"sigma": 2.0}, {"soft": "x"}, {"days": "none"}, {"streams": "lai"}))}),
        "factorial": (lambda **given: list(room.factorial(**given)), {"factors": LEVELS}, {
            "factors": Kind(({"era": ["2021"]}, {"era": {"2021": 3}}, {3: {"a": {}}}, {"era": {}}))}),
        "contrasts": (room.contrasts,
                      {"values": moved()["shift"].isel(name=0).assign_coords(variant=["2021", "2024"]),
                       "factors": LEVELS},
                      {"values": Kind((moved(), moved()["shift"])),
                       "factors": Kind(({"era": ["2021"]}, {"sigma": {"a": {}}}))}),
        "ablation": (lambda **given: room.ablation(**given), {
            "build": lambda land, choices: model, "land": site, "folder": folder / "study",
            "rules": (), "prior_draws": 20, "pilot": 0, **BUDGET}, {
            "build": built, "land": Kind((fit(),)), "folder": folders, "choices": chosen,
            "rules": Names(tuple(EDCS["edinburgh2021"]), optional=True, empty=True),
            "prior_draws": Whole(1), "pilot": Whole(0), "chains": Whole(4)}),
        "ablation_figure": (figure_of(room.ablation_figure), {"ablation": ablated()}, {
            "ablation": Kind((moved(), gained())), "names": Names(("gpp", "nee"))}),
        "effects": (room.effects, {"study": study()}, {
            "study": Kind((fit(), moved())), "base": Name(("base",), optional=True)}),
        "effects_figure": (figure_of(room.effects_figure), {"effects": moved()}, {
            "effects": Kind((gained(), study())), "names": Names(("gpp", "nee"))}),
        "write_report": (lambda **given: room.write_report(**given).read_text(),
                         {"study": study(), "folder": written, "names": ("gpp",)}, {
            "study": Kind((fit(), moved())), "folder": folders, "names": Names(("gpp", "nee")),
            "base": Name(("base", "wide"), optional=True)}),
        "write_lands": (lambda **given: write_lands(**given).read_text(),
                        {"studies": {"here": study()}, "folder": written, "names": ("gpp",)}, {
            "studies": Kind(({"here": fit()}, study(), [study()], {3: 1})), "folder": folders,
            "names": Names(("gpp", "nee")), "confirmed": Kind(({"here": gained()}, gained()), optional=True)}),
        "open_study": (room.open_study, {"folder": folder / "study"}, {"folder": Place(folder)}),
        "keep_result": (lambda **given: room.keep_result(**given).name,
                        {"found": gained(), "folder": folder / "made", "name": "information"}, {
            "found": Kind((study(), fit())), "folder": folders, "name": Name(RESULTS)}),
        "open_result": (room.open_result, {"folder": kept, "name": "indices"},
                        {"folder": Place(folder), "name": Name(("indices",))}),
        "read_variants": (lambda path: list(room.read_variants(path)), {"path": variants},
                          {"path": Place(folder)}),
        "confirm_power_scaling": (room.confirm_power_scaling, {
            "build": lambda land, choices: model, "fit": fit(), "factors": ("lai",), "names": ("gpp",),
            **BUDGET}, {
            "build": built, "fit": fits, "factors": Names(("lai", "cwood"), optional=True), "power": Real(above=0.0),
            "names": names, "chains": Whole(4)}),
        "power_scaling": (room.power_scaling, {"fit": fit(), "names": ASKED}, {
            "fit": fits, "names": Names(ASKED, optional=True),
            "powers": Kind((2.0, (0.0,), (-1.0,), (np.nan,), ("2",), (True,), (), (2.0, 2.0)))}),
        "scalable": (room.scalable, {"fit": fit(), "names": ASKED},
                     {"fit": fits, "names": Names(ASKED, optional=True)}),
        "power_scaling_figure": (figure_of(room.power_scaling_figure),
                                 {"found": room.power_scaling(fit(), names=ASKED)},
                                 {"found": Kind((gained(), moved(), fit()))}),
        "information_gain": (room.information_gain, {"steps": steps(), "names": ASKED}, {
            "steps": Kind((fit(), [fit()], {"constrained prior": 3}, {"+ lai": fit()})),
            "names": Names(ASKED, optional=True), "reference": Name(tuple(steps())),
            "random_seed": Seed()}),
        "stream_by_stream": (lambda **given: list(room.stream_by_stream(**given)), {
            "build": lambda land, choices: model, "land": site, "choices": Choices(streams=("lai",)),
            "free": 100, **BUDGET}, {
            "build": built, "land": Kind((fit(), "FI-Hyy")), "choices": chosen, "free": Whole(100),
            "random_seed": Seed(), "chains": Whole(4)}),
        "waterfall_figure": (figure_of(room.waterfall_figure), {"gain": gained()}, {
            "gain": Kind((moved(), fit())), "names": Names(ASKED, optional=True),
            "pass_rate": Real(above=0.0, most=1.0, optional=True)}),
        "sensitivity_indices": (room.sensitivity_indices,
                                {"fit": fit(), "names": ("gpp",), "orders": 2, "repeats": 2}, {
            "fit": fits, "names": Names(QUANTITIES), "orders": Whole(2), "repeats": Whole(2),
            "random_seed": Seed()}),
        "contraction_figure": (figure_of(room.contraction_figure), {"gain": gained()}, {
            "gain": Kind((moved(), fit())), "names": Names(ASKED, optional=True)}),
        "indices_figure": (figure_of(room.indices_figure), {"found": decisive()},
                           {"found": Kind((gained(), moved(), fit())), "largest": Whole(1)}),
        "reweight": (room.reweight, {"fit": fit(), "to": Choices(streams=("lai", "cwood"))}, {
            "fit": fits, "to": chosen, "land": Kind((fit(), PARAMETERS), optional=True)}),
        "fit_under": (room.fit_under, {
            "build": baseline.build, "fit": fit(), "to": Choices(constraints=None)}, {
            "build": built, "fit": fits, "to": chosen, "land": Kind((fit(), PARAMETERS), optional=True),
            "random_seed": Seed()}),
        "tightened": (room.tightened, {"fit": fit(), "constraints": EDCS["edinburgh2021"].only("steady_wood")}, {
            "fit": fits, "constraints": Kind(("edinburgh2022", PARAMETERS, STREAMS, ["steady_wood"]))}),
    }  # fmt: skip
