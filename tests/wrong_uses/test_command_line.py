"""A wrong line of a command ends with 1 or 2 and one sentence, before anything is computed or written."""

import re
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import pm_dalec as pmd
from pm_dalec.cli.main import FLAGS, main
from pm_dalec.data.synthetic_sites import synthetic_site
from pm_dalec.tables.numbers import seed_of
from pm_dalec.testing.tiny import tiny_fit, tiny_site

from . import lines
from .damage import site_file

# Runs are short on purpose.
pytestmark = pytest.mark.filterwarnings(r"ignore:wanted \d+ draws of every chain")

COUNTS = Counter()
COMPUTED = (  # where the work of a command begins, behind its checks
    "pm_dalec.sampling.calibration.compile_target",
    "pm_dalec.landscape.twin.twin.land_cover_map",
    "pm_dalec.landscape.from_products.region.region_of",
    "pm_dalec.forecasting.projection.by_threads",
    "pm_dalec.posterior.cf.file.whole",
    "pm_dalec.constraints.report.draw_prior",
    "pm_dalec.cli.bench.throughput.region",
    "pm_dalec.cli.bench.samplers.compile_target",
)


class Computed(BaseException):
    """Work has begun."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Folder with right and wrong files, in which the commands run."""
    folder = tmp_path_factory.mktemp("lines")
    for place in ("data/sites", "sites", "folder.nc"):
        (folder / place).mkdir(parents=True)
    site = synthetic_site(1, years=5)
    for name in ("site.nc", "data/sites/gcel_XX-Tst_monthly.nc", "sites/gcel_XX-Tst_monthly.nc"):
        site_file(site, folder / name)
    pmd.save(tiny_fit(), folder / "made.nc")
    (folder / "empty.nc").touch()
    for name in ("file", "text.nc", "text.toml"):
        (folder / name).write_text("lai")
    (folder / "reference.nc").touch()
    return folder


@pytest.fixture
def console(folder, built_once, monkeypatch, capsys):
    """Function that runs a line and judges what comes."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PM_DALEC_DATA", str(folder))

    def begins(*_, **__):
        raise Computed

    for place in COMPUTED:
        monkeypatch.setattr(place, begins)
    monkeypatch.setattr(
        "pm_dalec.cli.site.synthetic_site", lambda seed: tiny_site(seed=seed_of(seed))
    )

    def check(words):
        before = lines.files_of(folder)
        capsys.readouterr()
        try:
            status = main(words)
        except Computed:
            pytest.fail(f"computed: {words}")
        told = capsys.readouterr().err
        assert status in (1, 2), (words, status, told)
        assert told.count("\n") == 1, (words, told)
        assert told.startswith("pm-dalec"), (words, told)
        assert "Traceback" not in told, (words, told)
        assert len(told) > 40, (words, told)
        assert not re.search(rf"\b({'|'.join(FLAGS)})=", told), (words, told)
        assert lines.files_of(folder) == before, words
        COUNTS[words[0]] += 1

    return check


def budget(examples, **more):
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        **more,
    )


def check_all(console, settings_of_all):
    """Draw wrong words for every option of every command."""
    for command in lines.BASES:
        for name, hint in lines.options(command).items():
            words = lines.wrong_words(command, name, hint)
            if not words.is_empty:
                one(console, command, name, words, settings_of_all)


def one(console, command, name, words, settings_of_all):
    """Draw wrong words for one option."""

    @settings_of_all
    @given(word=words)
    def drawn(word):
        console(lines.line(command, name, word))

    drawn()


def test_a_wrong_value_of_an_option_is_refused_in_a_sentence(console):
    check_all(console, budget(2, derandomize=True))


@pytest.mark.slow
def test_no_wrong_value_of_many_is_taken(console):
    check_all(console, budget(60))


@pytest.mark.parametrize("command", lines.FIRST)
def test_a_wrong_file_or_name_is_refused_in_a_sentence(console, command):
    for words in lines.first_words(command):
        console(words)


@pytest.mark.parametrize("row", lines.TOGETHER, ids=" ".join)
def test_words_that_exclude_each_other_are_refused(console, row):
    console(lines.together(row))


@given(
    command=st.sampled_from(sorted(lines.BASES)),
    flag=st.sampled_from(["--", "--no-such", "-x", "--seed="]),
)
@budget(12, derandomize=True)
def test_a_flag_that_is_none_is_refused(console, command, flag):
    console([command, *lines.BASES[command], flag, "1"])


def test_there_were_enough_wrong_lines():
    assert sum(COUNTS.values()) >= 150, COUNTS
    print(COUNTS)
