"""Shared by all tests: the order of files, reference files, landscapes, emulated fits of them."""

import functools
import gc
import inspect
import os
from pathlib import Path

import pytest

# The library is imported where it is used: the process that hands out tests needs none of it.

SEEDS = tuple(range(6))
RESOLUTIONS = (1.0, 0.5, 0.25)

TESTS = Path(__file__).resolve().parent
# Files of more than ten seconds of one core, with the room of `TOGETHER` that they are in; begun last, one
# of them would keep the other core waiting.
LONG = (
    "paper/test_figures.py",  # without kernels, which the other core compiles meanwhile
    "notebooks/test_notebooks.py",
    "wrong_uses/test_arguments.py",
    "landscape/test_truth.py",
    "sampling/test_calibration.py",
    "sampling/kernels/test_proposals.py",
    "sampling/cluster/test_reduction.py",
    "sensitivity/studies/test_study.py",
    "forecasting/test_parts.py",
    "house/test_readme.py",
    "sampling/test_region_store.py",
    "wrong_uses/test_arrays.py",
    "wrong_uses/test_array_calls.py",
    "wrong_uses/test_calibrate_kill_resume.py",
    "sampling/cluster/test_faults.py",
    "data/test_checks.py",
    "cli/test_bench.py",
    "graph/test_error_models.py",
    "wrong_uses/test_command_line.py",
    "models/test_models.py",
    "constraints/test_forms.py",
    "sampling/test_groups.py",
    "graph/test_averages.py",
    "sampling/test_arguments.py",
    "sampling/test_draw_bank.py",
    "sampling/families/test_smc.py",
    "posterior/test_fit_file.py",
    "graph/test_verbs.py",
    "sampling/test_resuming.py",
    "sampling/test_polygons.py",
    "sampling/test_notebooks.py",
    "explore/test_workbench.py",
    "cli/test_forecasts.py",
)

# Rooms whose files share what takes seconds to make: one worker runs them all, and it is made once.
TOGETHER = ("explore", "landscape", "paper", "sensitivity")
CENTURY = 1_200  # months
COMPILED_ONCE = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"


def pytest_configure(config):
    """Models are built without notes on who made which node, what takes long is made once.

    Fast tests look at what was sampled and drawn: the prior beside a fit of a site takes seconds until it
    has converged, a figure until it has all its dots.
    """
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        return  # it runs no test
    import pytensor

    pytensor.config.traceback__limit = 0
    _remember_lands()
    _keep_open_datasets()
    if "not slow" in config.option.markexpr:
        os.environ.setdefault("XLA_FLAGS", COMPILED_ONCE)  # read when JAX begins
        _draw_roughly()
        from pm_dalec.forecasting import pixels
        from pm_dalec.sampling import labelled_fit
        from pm_dalec.sampling.state import Settings

        pixels.AT_ONCE = CENTURY
        labelled_fit.PRIOR = Settings(draws=8, rhat=9.0, ess=0, proposals=2048)
        labelled_fit.PRIOR_CHAINS = 4


def _remember_lands():
    """Synthetic sites and landscapes are made once, before anything takes their makers by name.

    A maker's ``__wrapped__`` makes one anew.
    """
    from pm_dalec.data import synthetic_sites
    from pm_dalec.landscape.twin import twin

    def make_once(module, names):
        for name in names:
            setattr(module, name, _each_its_own(remembered(getattr(module, name), most=100)))

    make_once(synthetic_sites, ("synthetic_drivers", "synthetic_site"))
    from pm_dalec.testing import tiny  # takes the drivers by name

    make_once(tiny, ("tiny_site", "tiny_region"))

    @functools.wraps(twin.make_twin)
    def read_only(*given, **named):
        made = make(*given, **named)
        for variable in made.fields.variables.values():
            variable.values.flags.writeable = False
        return made

    make, twin.make_twin = twin.make_twin, remembered(read_only, most=3)


def remembered(make, most):
    """Function that keeps its latest results; what it cannot look up, as a wrong use, it hands on."""
    held = functools.lru_cache(most, typed=True)(make)

    @functools.wraps(make)
    def maker(*given, **named):
        try:
            hash((given, *named.items()))
        except TypeError:
            return make(*given, **named)
        return held(*given, **named)

    maker.__wrapped__ = inspect.unwrap(make)
    return maker


def _each_its_own(maker):
    """Function whose results are copies of those of another."""
    made = functools.wraps(maker)(lambda *given, **named: maker(*given, **named).copy(deep=True))
    made.__wrapped__ = inspect.unwrap(maker)
    return made


def _draw_roughly():
    """Save figures with few dots, and lay them out once for all their formats."""
    from matplotlib.figure import Figure

    whole = Figure.savefig

    @functools.wraps(whole)
    def savefig(figure, *given, **named):
        whole(figure, *given, **{"dpi": 40} | named)
        figure.set_layout_engine("none")

    Figure.savefig = savefig


class _Kept:
    """A property of a part of a NetCDF file that is looked up once while the file is open."""

    def __init__(self, looked_up, kind):
        self.looked_up = looked_up
        self.replaced = kind.__name__ == "Dimension"  # by its variable, while a file is written

    def __get__(self, part, kind=None):
        kept = part.__dict__.get("_kept")
        if kept is None or not kept.id.valid:
            kept = self.looked_up(part)
            if kept is not None and not (self.replaced and part._root._writable):
                part._kept = kept
        return kept


def _keep_open_datasets():
    """Let h5netcdf open a dataset once for all of its attributes: files are read in half the time."""
    from h5netcdf import core, dimensions

    core.Group._h5group = _Kept(core.Group._h5group.fget, core.Group)
    for kind in (core.BaseObject, dimensions.Dimension):
        kind._h5ds = _Kept(kind._h5ds.fget, kind)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """What a worker is given at a time: the tests of a room or of a file."""
    from xdist.scheduler import LoadFileScheduling

    class ByRoom(LoadFileScheduling):
        def _split_scope(self, nodeid):
            room = nodeid.removeprefix(f"{TESTS.name}/").split("/")[0]
            return room if room in TOGETHER else super()._split_scope(nodeid)

    return ByRoom(config, log)


def pytest_collection_modifyitems(items):
    """Long files come first, in the order of `LONG`; `make test` keeps xdist from changing it."""
    place = {TESTS / name: rank for rank, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path, len(LONG)))


def pytest_collection_finish():
    """What was imported is not looked over for garbage again: a tenth of the time of building models."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 10)


def pytest_unconfigure():
    """Garbage is looked for once at the end, not five times as pytest does."""
    gc.collect()
    gc.freeze()


def remembering(build):
    """Builder that remembers its models: for the same land and choices it gives the same one."""
    import xarray as xr

    from pm_dalec.graph.choices import PAPER

    held = {}

    @functools.wraps(build)
    def model_of(land, choices=PAPER):
        groups = land.subtree if isinstance(land, xr.DataTree) else [land]
        each = [item for group in groups for item in group.variables.items()]
        known = ((str(name), v.dims, v.values.tobytes(), repr(v.attrs)) for name, v in each)
        key = (choices, *known)
        if key not in held:
            held[key] = build(land, choices)
        return held[key]

    return model_of


@pytest.fixture(scope="session")
def _remembered():
    """Builders and compiler that one worker uses for all tests that look at neither."""
    from pm_dalec.models import baseline, stratified
    from pm_dalec.sampling import calibration

    models = {module: remembering(module.build) for module in (baseline, stratified)}
    return models, functools.cache(calibration.compile_target)


@pytest.fixture(scope="module")
def built_once(_remembered):
    """Models of the same land and choices are built and compiled once; nobody may change them."""
    from pm_dalec.sampling import calibration

    models, compiled = _remembered
    with pytest.MonkeyPatch.context() as patch:
        for module, build in models.items():
            patch.setattr(module, "build", build)
        patch.setattr(calibration, "compile_target", lambda model: compiled(model))
        yield


@pytest.fixture(scope="session")
def shared_data():
    """Folder with `reference/` and `data/`: PM_DALEC_DATA, or `../shared` beside the checkout."""
    named = os.environ.get("PM_DALEC_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "reference").is_dir():
        pytest.skip(
            f"no reference data at {folder}; set PM_DALEC_DATA to the folder that holds them"
        )
    return folder


@pytest.fixture(scope="session")
def twin():
    """Landscape of seed 1 with sea and towns, stocks as observed."""
    from pm_dalec.landscape.twin.twin import make_twin

    return make_twin(1)


@pytest.fixture(scope="session")
def plain_cells():
    """Cells of a landscape without mask and without variation within strata."""
    from pm_dalec.landscape.twin.twin import make_twin, truth

    return truth(make_twin(0, mask=False, cv=0.0, biomass="model"))


@pytest.fixture(scope="session")
def harvests():
    """Harvest of six landscapes without mask and without variation within strata."""
    from pm_dalec.paper.mosaic import harvest_table

    return harvest_table(SEEDS)


@pytest.fixture(scope="session")
def landscape(twin):
    """Twin whose strata the figures map."""
    return twin


@pytest.fixture(scope="session")
def fits(landscape):
    """Emulated fits of both approaches; a sample of 16 pixels at the finest resolution."""
    from pm_dalec.testing.emulated import emulated_fits

    return emulated_fits(landscape, RESOLUTIONS, draws=8, chains=2, pixels=16)


@pytest.fixture(scope="session")
def experiments(fits):
    """Their reductions."""
    from pm_dalec.paper.experiments import reduce_fits

    return reduce_fits(fits)


@pytest.fixture(scope="session")
def fit_folder(fits, landscape, tmp_path_factory):
    """Folder with the fits, zarr and NetCDF, and the landscape, as scripts read it."""
    from pm_dalec.paper.landscape_file import save_landscape
    from pm_dalec.posterior.fit_file import save as save_fit

    folder = tmp_path_factory.mktemp("fits")
    for (approach, resolution), fit in fits.items():
        if resolution > min(RESOLUTIONS):
            suffix = ".zarr" if approach == "stratified" else ".nc"
            save_fit(fit, folder / f"{approach}_{resolution:g}{suffix}")
    save_landscape(landscape, folder)
    _forecasts_beside(folder)
    return folder


def _forecasts_beside(folder):
    """Forecasts of two pixels, as few as the figures need."""
    from pm_dalec.paper.forecasts import runs

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "PATHWAYS", ("ssp126", "ssp245"))
        patch.setattr(runs, "SCENARIOS", ("control", "ssp245"))
        runs.run_forecasts(two_pixels(), folder)


def two_pixels():
    """Fits in form of two pixels, the strata of the paper in each."""
    import xarray as xr

    from pm_dalec.tables.strata import STRATUM_NAMES
    from pm_dalec.testing.tiny import tiny_fit, tiny_region

    found = {}
    for approach, strata in (("baseline", None), ("stratified", list(STRATUM_NAMES))):
        fit = tiny_fit(tiny_region(pixels=2, years=6, strata=strata))
        held = fit["constant_data"].to_dataset()
        fit["constant_data"] = xr.DataTree(held.assign(area=("pixel", [1.0, 3.0], {"units": "m2"})))
        found[approach] = fit
    return found
