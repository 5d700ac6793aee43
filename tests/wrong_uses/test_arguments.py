"""Wrong arguments of the functions of the root face are refused in a sentence, or change no number."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import pm_dalec as pmd
from pm_dalec.data.synthetic_sites import synthetic_site
from pm_dalec.landscape import write_region
from pm_dalec.sampling import state as unit_state, unit
from pm_dalec.tables.table import Table

from . import lower_calls, room_calls
from .calls import calls, site, use_compiled_models
from .damage import site_file
from .outcome import Tally, attempt

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")

TALLY, RIGHT = Tally(), {}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Calls with files to read, of models that are compiled once."""
    folder = tmp_path_factory.mktemp("arguments")
    (folder / "text.nc").write_text("lai")
    (folder / "empty.nc").touch()
    (folder / "folder.nc").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        use_compiled_models(patch)
        for module in (unit, unit_state):
            patch.setattr(module, "FIRST_ROUND", 1)
        found = calls(folder) | room_calls.calls(folder, site()) | lower_calls.calls(folder)
        pmd.save(found["save"][1]["fit"], folder / "fit.nc")
        region = pmd.build_region(pmd.make_twin(0), resolution=1.0)
        found["write_region"][1]["region"] = region
        write_region(region, folder / "region.nc")
        (folder / "data" / "sites").mkdir(parents=True)
        for path in (folder / "site.nc", folder / "data" / "sites" / "gcel_XX-Tst_monthly.nc"):
            site_file(synthetic_site(1, years=5), path)
        patch.setenv("PM_DALEC_DATA", str(folder))
        patch.chdir(folder)  # some wrong paths are names of files
        for name, (
            call,
            right,
            _,
        ) in found.items():  # loads every module: draws look at their constants
            RIGHT[name] = attempt(lambda call=call, right=right: call(**right))
        yield found


def test_every_public_function_is_called(table):
    for face in (pmd, *room_calls.ROOMS):
        public = {name for name in dir(face) if callable(getattr(face, name))}
        public = {name for name in public if not isinstance(getattr(face, name), Table)}
        assert not public - set(table)


def check_all(table, settings_of_all):
    """Draw values outside the domain of every argument of every call."""
    for name, (_, _, domains) in table.items():
        for argument, domain in domains.items():
            one(table, (name, argument), settings_of_all, domain)


def one(table, row, settings_of_all, domain):
    """Draw values outside one domain."""

    @settings_of_all
    @given(value=domain.wrong())
    def drawn(value):
        check(table, row, value)

    drawn()


def check(table, row, value):
    """Refused, or equal to the call without the wrong argument."""
    (name, argument), (call, right, _) = row, table[row[0]]
    came = attempt(lambda: call(**(right | {argument: value})))
    TALLY.note((name, argument, repr(value)), RIGHT[name], came)


def budget(examples, **more):
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        **more,
    )


def test_a_wrong_argument_is_refused_or_changes_no_number(table):
    check_all(table, budget(3, derandomize=True))


@pytest.mark.slow
def test_no_wrong_argument_of_many_changes_a_number(table):
    check_all(table, budget(60))


def test_a_misspelt_keyword_is_refused(table):
    for name, (call, right, domains) in table.items():
        for argument in domains:
            came = attempt(lambda given={**right, f"{argument}s": 1}: call(**given))  # noqa: B023
            TALLY.note((name, f"{argument}s"), RIGHT.get(name, came), came)
            assert came.fault is not None, (name, argument)


@pytest.mark.parametrize("seed", [np.int64(1), np.uint8(1)])
def test_numbers_of_numpy_are_equal_to_those_of_python(table, seed):
    call, right, _ = table["calibrate"]
    plain = attempt(lambda: call(**right, random_seed=1))
    TALLY.note(("calibrate", repr(seed)), plain, attempt(lambda: call(**right, random_seed=seed)))


def test_there_were_enough_wrong_arguments():
    TALLY.expect(150)
