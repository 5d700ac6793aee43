"""Wrong arguments are refused in a sentence before anything is compiled, in Python and on the command line."""

import re

import numpy as np
import pymc as pm
import pytest

from pm_dalec.cli import checks, site as commands
from pm_dalec.cli.main import FLAGS, main
from pm_dalec.constraints.forms import Soft
from pm_dalec.constraints.report import edc_report
from pm_dalec.graph import Choices, UnitInterval
from pm_dalec.models import baseline, constrained_prior
from pm_dalec.posterior.aggregation import aggregate
from pm_dalec.posterior.budgets import budget
from pm_dalec.posterior.ensembles import summarise
from pm_dalec.posterior.trajectory import trajectories
from pm_dalec.sampling import target
from pm_dalec.sampling.calibration import calibrate
from pm_dalec.sampling.edinburgh import calibrate_edinburgh
from pm_dalec.sampling.region_store import calibrate_region
from pm_dalec.sampling.starts import feasible_start
from pm_dalec.sampling.step_method import AdaptiveMetropolis
from pm_dalec.tables.numbers import LARGEST_SEED, seed_of
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import Fixed, FromData, Gaussian, LogUniform
from pm_dalec.testing.tiny import tiny_fit, tiny_region, tiny_site


@pytest.fixture(autouse=True)
def nothing_compiles(monkeypatch, built_once):
    def refuse(*parts):
        raise AssertionError("it was compiled")

    monkeypatch.setattr(target, "LaneFunction", refuse)


@pytest.fixture(scope="module")
def site(built_once):
    return baseline.build(tiny_site())


@pytest.fixture(scope="module")
def region(built_once):
    return baseline.build(tiny_region())


def ordinary():
    """Model of PyMC without DALEC and without a transform to the unit interval."""
    with pm.Model() as model:
        pm.Normal("level", 3.0, 1.0)
    return model


def foreign():
    """Model in the unit interval that is no DALEC."""
    with pm.Model() as model:
        pm.Uniform("level", 1.0, 3.0, default_transform=UnitInterval(1.0, 3.0))
    return model


def refused(call, kind, sentence):
    with pytest.raises(kind) as caught:
        call()
    told = str(caught.value.args[0])
    assert sentence in told
    assert re.search(r"[;:] ", told), f"what to do is missing in: {told}"


replaced = PARAMETERS.replace
TABLES = {
    "bounds turned round": (lambda: replaced("leaf_lifespan", bounds=(8.0, 1.0)), ValueError,
                            "with min < max, got (8.0, 1.0); exchange them"),
    "bounds equal": (lambda: replaced("leaf_lifespan", bounds=(2.0, 2.0)), ValueError,
                     "or fix the parameter with Fixed"),
    "bounds infinite": (lambda: replaced("leaf_lifespan", bounds=(1.0, np.inf)), ValueError,
                        "wanted a finite number above 0, got bounds=inf"),
    "bounds NaN": (lambda: replaced("leaf_lifespan", bounds=(np.nan, 3.0)), ValueError,
                   "got bounds=nan"),
    "bounds zero": (lambda: replaced("leaf_lifespan", bounds=(0.0, 3.0)), ValueError,
                    "its prior is logarithmic"),
    "bounds of one": (lambda: replaced("leaf_lifespan", bounds=(3.0,)), ValueError,
                      "wanted bounds (min, max) of 'leaf_lifespan', got (3.0,)"),
    "bounds a number": (lambda: replaced("leaf_lifespan", bounds=3.0), TypeError, "give two numbers"),
    "bounds text": (lambda: replaced("leaf_lifespan", bounds=("1", "3")), TypeError,
                    "wanted a number, got bounds='1' (str)"),
    "per cent": (lambda: replaced("foliage_fraction", bounds=(1.0, 50.0)), ValueError,
                 "give shares, not per cent"),
    "sigma zero": (lambda: Gaussian(2.0, 0.0), ValueError, "above 0, got sigma=0.0"),
    "sigma negative": (lambda: Gaussian(2.0, -1.0), ValueError, "got sigma=-1.0"),
    "mean NaN": (lambda: Gaussian(np.nan, 1.0), ValueError, "wanted a finite number, got mean=nan"),
    "names as numbers": (lambda: FromData(3.0, 1.0), TypeError, "for numbers use Gaussian"),
    "factor a number": (lambda: LogUniform(3.0), TypeError, "leave it out for a log-uniform prior"),
    "Fixed outside": (lambda: replaced("leaf_lifespan", prior=Fixed(9.0)), ValueError,
                      "fixed inside its bounds, 1.001 to 8 yr, got 9"),
    "number outside": (lambda: replaced(leaf_lifespan=0.5), ValueError, "fixed inside its bounds"),
    "number is text": (lambda: replaced(leaf_lifespan="3"), TypeError,
                       "a number fixes the parameter, a prior replaces its prior"),
    "prior a Gaussian": (lambda: replaced("leaf_lifespan", prior=Gaussian(2.0, 1.0)), TypeError,
                         "a Gaussian is a factor: LogUniform(Gaussian(mean, sigma)), both of pm_dalec.tables"),
    "no such field": (lambda: replaced("leaf_lifespan", bound=(1.0, 2.0)), TypeError,
                      "no field 'bound' of the parameter 'leaf_lifespan'; there are name"),
    "no such parameter": (lambda: replaced(leaf_span=3.0), KeyError, "the nearest are leaf_lifespan"),
    "soft over nothing": (lambda: Soft("edinburgh2021", 0.0), ValueError, "above 0, got scale=0.0"),
    "soft over text": (lambda: Soft("edinburgh2021", "x"), TypeError, "got scale='x' (str)"),
    "streams one text": (lambda: Choices(streams="lai"), TypeError, "write streams=('lai',)"),
    "streams twice": (lambda: Choices(streams=("lai", "lai")), ValueError, "wanted each name once"),
    "streams numbers": (lambda: Choices(streams=(1,)), TypeError, "got 1 (int) among them"),
    "streams unknown": (lambda: Choices(streams=("lia",)), KeyError, "the nearest are lai"),
    "solver unknown": (lambda: Choices(solver="exact"), ValueError, "got 'exact' (stomatal optimum)"),
    "constraints a list": (lambda: Choices(constraints=["wood"]), TypeError, "Soft or None"),
    "constraints unknown": (lambda: Choices(constraints="2021"), KeyError, "there are 'edinburgh2021'"),
    "parameters a dict": (lambda: Choices({"leaf_lifespan": 3.0}), TypeError, "PARAMETERS.replace"),
    "parameters in part": (lambda: Choices(PARAMETERS.select(process="wood")), ValueError,
                           "wanted a table of the 23 parameters of DALEC"),
}  # fmt: skip


@pytest.mark.parametrize("fault", TABLES)
def test_a_wrong_prior_or_choice_is_refused_where_it_is_made(fault):
    refused(*TABLES[fault])


LIMITS = {
    "chains": [(3, ValueError, "from 4, got chains=3"), (8.0, TypeError, "got chains=8.0 (float)"),
               (True, TypeError, "got chains=True"), ("8", TypeError, "got chains='8'")],
    "draws": [(0, ValueError, "got draws=0; 1000"), (1e3, TypeError, "got draws=1000.0 (float)")],
    "proposals": [(0, ValueError, "got proposals=0"), (1e6, TypeError, "got proposals=1000000.0")],
    "seconds": [(0, ValueError, "got seconds=0"), (-1.0, ValueError, "got seconds=-1.0"),
                (np.nan, ValueError, "got seconds=nan"), (np.inf, ValueError, "no limit of time"),
                ("9", TypeError, "got seconds='9'")],
    "rhat": [(1.0, ValueError, "above 1, got rhat=1.0"), (np.nan, ValueError, "got rhat=nan")],
    "ess": [(-1, ValueError, "from 0, got ess=-1"), (np.inf, ValueError, "got ess=inf")],
    "threads": [(0, ValueError, "got threads=0; leave it out"), (1.5, TypeError, "got threads=1.5")],
    "only": [([], TypeError, "got only=[]"), ([3], ValueError, "from 0 to 2 of the 3 units"),
             ([-1], ValueError, "got -1 in only"), ([0, 0], ValueError, "wanted each unit once"),
             ([True, False, True], TypeError, "np.flatnonzero of a mask"), (1, TypeError, "only=1")],
    "random_seed": [(-1, ValueError, "got random_seed=-1"), (1.5, TypeError, "got random_seed=1.5"),
                    ([1, 2], TypeError, "a Generator or a SeedSequence of NumPy, or None"),
                    (LARGEST_SEED + 1, ValueError, "to 9223372036854775807")],
}  # fmt: skip
ROWS = [(name, *row) for name, rows in LIMITS.items() for row in rows]


@pytest.mark.parametrize(("name", "value", "kind", "sentence"), ROWS)
def test_a_wrong_argument_of_calibrate_is_refused_and_leaves_no_folder(
    name, value, kind, sentence, region, tmp_path
):
    folder = tmp_path / "states"
    refused(lambda: calibrate(region, checkpoint=folder, **{name: value}), kind, sentence)
    assert not folder.exists()


KIN = {
    "edinburgh": (("chains", 0), ("draws", 0), ("proposals", 1e5), ("random_seed", -1)),
    "starts": (("chains", 0), ("most", 0), ("random_seed", "a")),
    "region": (("chains", 3), ("draws", 0), ("rhat", 1), ("random_seed", -1), ("threads", 0)),
    "step": (("n_inner", 0), ("n_inner", 1.5)),
}


@pytest.mark.parametrize(("kin", "row"), [(kin, row) for kin in KIN for row in KIN[kin]])
def test_a_wrong_argument_of_its_kin_is_refused_too(kin, row, site, tmp_path):
    name, value = row
    call = {
        "edinburgh": lambda: calibrate_edinburgh(site, **{name: value}),
        "starts": lambda: feasible_start(site, **{name: value}),
        "region": lambda: calibrate_region(
            baseline.build, tiny_region(), store=tmp_path / "store", **{name: value}
        ),
        "step": lambda: AdaptiveMetropolis(model=site, **{name: value}),
    }[kin]
    shown = "search" if name == "most" else name
    refused(call, (TypeError, ValueError), f"got {shown}={value!r}")


SAMPLERS = {
    "calibrate": calibrate,
    "calibrate_edinburgh": calibrate_edinburgh,
    "feasible_start": feasible_start,
    "AdaptiveMetropolis": lambda model: AdaptiveMetropolis(model=model),
}


@pytest.mark.parametrize("name", [name for name in SAMPLERS if name != "calibrate"])
def test_a_model_outside_the_unit_interval_is_refused_where_it_cannot_be_sampled(name):
    sentence = f"got 'level' without that transform in {name}; sample this model with pm.sample"
    refused(lambda: SAMPLERS[name](ordinary()), ValueError, sentence)


@pytest.mark.parametrize("name", ["calibrate_edinburgh", "feasible_start"])
def test_a_model_without_dalec_is_refused_where_a_fit_of_it_is_made(name):
    refused(lambda: SAMPLERS[name](foreign()), ValueError, "wanted a model of DALEC")
    refused(lambda: SAMPLERS[name](tiny_site()), TypeError, "got Dataset as the first argument")


def test_a_model_that_leaves_nothing_to_sample_is_refused():
    table = PARAMETERS
    for name, parameter in table.items():
        table = table.replace(**{name: parameter.bounds[0]})
    model = constrained_prior.build(tiny_site(), Choices(table, constraints=None))
    refused(lambda: calibrate(model), ValueError, "leave at least one parameter that is not Fixed")


def unseen(*streams):
    land = tiny_site()
    return land.assign({name: land[name] * np.nan for name in streams})


LANDS = {
    "11 months": (lambda: baseline.build(tiny_site().isel(time=slice(0, 11))), "at least 12 months"),
    "no stream": (lambda: baseline.build(tiny_site(streams=())), "got none; choose others with"),
    "others alone": (lambda: baseline.build(tiny_site(streams=("nee",))), "got ['nee']; choose"),
    "one all NaN": (lambda: baseline.build(unseen("cwood")), "observation of 'cwood', got only NaN"),
    "all NaN": (lambda: baseline.build(unseen("lai", "cwood")), "observation of 'lai', got only NaN"),
}  # fmt: skip


@pytest.mark.parametrize("fault", LANDS)
def test_a_land_that_says_nothing_is_refused_when_its_model_is_built(fault):
    call, sentence = LANDS[fault]
    refused(call, ValueError, sentence)


def test_the_constrained_prior_needs_no_observations():
    assert constrained_prior.build(tiny_site(streams=())).observed_RVs == []
    assert constrained_prior.build(unseen("lai", "cwood")).observed_RVs == []


def changed(name, change):
    land = tiny_site(seed=9)
    return land.assign({name: change(land[name]).assign_attrs(land[name].attrs)})


def kelvin():
    return changed("tmin", lambda series: series + 273.15)


POSTERIOR = {
    "names one text": (lambda: trajectories(tiny_fit(), names="gpp"), TypeError, "write names=('gpp',)"),
    "names twice": (lambda: trajectories(tiny_fit(), names=("gpp", "gpp")), ValueError, "name once"),
    "no names": (lambda: trajectories(tiny_fit(), names=()), ValueError, "got no name"),
    "no draws": (lambda: trajectories(tiny_fit(), draws=0), ValueError, "got draws=0"),
    "kelvin": (lambda: trajectories(tiny_fit(), kelvin()), ValueError, "'tmin' from -100 to 70 degC"),
    "kelvin in a budget": (lambda: budget(tiny_fit(), drivers=kelvin()), ValueError, "'tmin' from"),
    "drivers an array": (lambda: trajectories(tiny_fit(), np.ones(3)), TypeError, "got ndarray"),
    "other pixels": (lambda: trajectories(tiny_fit(tiny_region()), tiny_region(pixels=2)), ValueError,
                     "wanted drivers for the units of the fit (pixel: 3 from 1000 to 1002), got 2"),
    "pixels for a site": (lambda: trajectories(tiny_fit(), tiny_region()), ValueError,
                          "units of the fit (pixel: none), got 3 of 'pixel'"),
    "per cent": (lambda: summarise(budget(tiny_fit())["gpp"], [5, 95]), ValueError, "not 5 per cent"),
    "one quantile": (lambda: summarise(budget(tiny_fit())["gpp"], 0.5), TypeError, "as a sequence"),
    "pairing seed": (lambda: aggregate(budget(tiny_fit(tiny_region()))["gpp"], areas(), seed=-1),
                     ValueError, "got seed=-1"),
    "report draws": (lambda: edc_report(tiny_site(), draws=0), ValueError, "got draws=0"),
    "report seed": (lambda: edc_report(tiny_site(), draws=9, seed=-1), ValueError, "got seed=-1"),
}  # fmt: skip


def areas():
    return tiny_region().assign(area=("pixel", np.ones(3)))


@pytest.mark.parametrize("fault", POSTERIOR)
def test_a_wrong_argument_of_what_reads_a_fit_is_refused(fault):
    refused(*POSTERIOR[fault])


def test_drivers_of_a_fit_can_be_changed_and_run_again():
    fit = tiny_fit()
    drivers = fit["constant_data"].to_dataset()
    again = trajectories(fit, drivers, names=("gpp",))
    assert again.equals(trajectories(fit, names=("gpp",)))


CALIBRATE = ["calibrate", "FI-Hyy"]
LINES = {
    "chains": ([*CALIBRATE, "--chains", "3"], "got --chains 3; chains come in blocks of 8: use --chains 8"),
    "draws": ([*CALIBRATE, "--draws", "0"], "wanted a whole number from 8, got --draws 0"),
    "seconds": ([*CALIBRATE, "--seconds", "0"], "above 0, got --seconds 0.0"),
    "not a time": ([*CALIBRATE, "--seconds", "nan"], "got --seconds nan"),
    "proposals": ([*CALIBRATE, "--proposals", "0"], "got --proposals 0"),
    "proposals of 2021": ([*CALIBRATE, "--proposals", "0", "--sampler", "edinburgh2021"],
                          "got --proposals 0"),
    "seed": ([*CALIBRATE, "--seed", "-1"], "got --seed -1"),
    "streams twice": ([*CALIBRATE, "--streams", "lai", "lai"], "wanted each name once in streams"),
    "streams unknown": ([*CALIBRATE, "--streams", "lia"], "the nearest are lai"),
    "stream absent": ([*CALIBRATE, "--streams", "nee"], "wanted observations of 'nee' in the dataset"),
    "soft": ([*CALIBRATE, "--soft", "0"], "above 0, got --soft 0.0"),
    "resume of 2021": ([*CALIBRATE, "--resume", "--sampler", "edinburgh2021"],
                       "got --resume with edinburgh2021"),
    "demo": (["demo", "--seconds", "0"], "got --seconds 0.0"),
    "seed of the demo": (["demo", "--seed", "-1"], "got --seed -1"),
    "seed of a twin": (["landscape", "--seed", "-1"], "got --seed -1"),
    "seed of the paper": (["paper", "--seed", "-1"], "got --seed -1"),
}  # fmt: skip


@pytest.mark.parametrize("fault", LINES)
def test_the_command_line_refuses_the_same_and_names_its_flags(
    fault, monkeypatch, capsys, tmp_path
):
    monkeypatch.setattr(commands, "site_named", lambda *named: tiny_site())
    words, sentence = LINES[fault]
    out = tmp_path / ("out.nc" if words[0] == "landscape" else "out")
    assert main([*words, "--out", str(out)]) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert not re.search(rf"\b({'|'.join(FLAGS)})=", told)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_the_report_of_rules_refuses_as_the_command_line_says_it(monkeypatch, capsys):
    monkeypatch.setattr(checks, "site_named", lambda *named: tiny_site())
    assert main(["edc-report", "FI-Hyy", "--draws", "0"]) == 2
    assert "got --draws 0; 100000 are usual" in capsys.readouterr().err


def test_the_command_line_says_resume_as_its_flag(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(commands, "site_named", lambda *named: tiny_site())
    state = tmp_path / "state"
    state.mkdir()
    (state / "manifest.json").write_text("{}")
    assert main(["calibrate", "FI-Hyy", "--out", str(tmp_path)]) == 2
    assert "pass --resume to go on, or another folder" in capsys.readouterr().err


def test_a_number_fixes_a_parameter_and_a_pair_is_its_bounds():
    table = PARAMETERS.replace(leaf_lifespan=3.0, wood_turnover_rate=(1e-5, 1e-4))
    assert table["leaf_lifespan"].prior == Fixed(3.0)
    assert table["wood_turnover_rate"].bounds == (1e-5, 1e-4)


def test_seeds_are_taken_as_users_of_numpy_expect():
    assert seed_of(7) == seed_of(np.int64(7)) == 7
    assert seed_of(None) != seed_of(None)
    assert seed_of(np.random.SeedSequence(5)) == seed_of(np.random.SeedSequence(5))
    assert seed_of(generator := np.random.default_rng(5)) != seed_of(generator)
    assert seed_of(np.random.default_rng(5)) == seed_of(np.random.default_rng(5))


@pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")
def test_a_run_of_twelve_months_is_repeated_by_the_seed_that_was_drawn(monkeypatch):
    monkeypatch.undo()
    site = baseline.build(tiny_site().isel(time=slice(0, 12)))
    short = {"chains": 4, "draws": 8, "proposals": 600, "progress": False, "ess": 0, "groups": ()}
    fit = calibrate(site, random_seed=None, **short)
    again = calibrate(site, random_seed=fit.attrs["seed"], **short)
    assert fit["posterior"].equals(again["posterior"])
