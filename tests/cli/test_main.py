"""Every command says what is wrong in one sentence and ends with the status that scripts read."""

import inspect
import os
import subprocess
import sys
from importlib import import_module

import pytest

from pm_dalec.cli import checks
from pm_dalec.cli.main import COMMANDS, _show_warning, as_flags, main

PLACES = {place: words for group in COMMANDS.values() for place, words in group.items()}
NAMES = (
    "demo",
    "calibrate",
    "edc-report",
    "landscape",
    "region",
    "paper",
    "parity",
    "bench",
    "info",
)


def function(place):
    module, _, name = place.partition(":")
    return getattr(import_module(f"pm_dalec.cli.{module}"), name)


def run_apart(code):
    return subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("place", PLACES)
def test_the_list_of_commands_says_the_first_sentence_of_the_docstring(place):
    assert inspect.getdoc(function(place)).splitlines()[0] == PLACES[place]


@pytest.mark.parametrize("place", PLACES)
def test_every_parameter_of_a_command_is_typed_and_documented(place):
    found = inspect.signature(function(place)).parameters
    documented = inspect.getdoc(function(place)).splitlines()
    for name, parameter in found.items():
        assert parameter.annotation is not inspect.Parameter.empty
        assert name in documented


def test_the_help_lists_all_commands_in_three_groups(capsys):
    assert main(["--help"]) == 0
    told = capsys.readouterr().out
    assert [title for title in ("Sites", "Regions", "Checks") if title in told] == list(COMMANDS)
    listed = [line.split()[1] for line in told.splitlines() if line.startswith("│ ")]
    assert tuple(name for name in listed if name in NAMES) == NAMES


def test_the_help_of_a_command_shows_its_defaults(capsys):
    assert main(["demo", "--help"]) == 0
    assert "[default: 60.0]" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_come_without_pymc_and_matplotlib(option):
    done = run_apart(
        "import sys; from pm_dalec.cli.main import main; status = main([sys.argv[1]])\n"
        "sys.exit(str({'pymc', 'matplotlib', 'xarray'} & set(sys.modules) or '') or status)".replace(
            "sys.argv[1]", repr(option)
        )
    )
    assert (done.stderr.strip(), done.returncode) == ("", 0)


FAULTS = {
    "no such command": (["demoo"], "pm-dalec: wanted one of demo, calibrate, "),
    "no such option": (
        ["demo", "--second", "3"],
        "pm-dalec demo: unknown option: --second; did you",
    ),
    "no site": (["calibrate"], 'pm-dalec calibrate: command "calibrate" parameter SITE requires'),
    "no number": (
        ["demo", "--seconds", "abc"],
        "pm-dalec demo: invalid value for --seconds: unable",
    ),
    "no value": (
        ["bench", "--lanes"],
        'pm-dalec bench: command "bench" parameter --lanes requires',
    ),
    "no choice": (
        ["parity", "a.nc", "--runner", "fortran"],
        'pm-dalec parity: invalid value "fortran" for --runner; choose from: "numpy", ',
    ),
    "too many arguments": (["info", "all"], "pm-dalec info: unused"),
    "no such file": (["parity", "nowhere.nc"], "pm-dalec parity: wanted a reference file, got no"),
    "no such grid": (["landscape", "--resolution", "0.1"], "pm-dalec landscape: no grid of 0.1"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_bad_input_is_one_sentence_on_standard_error(name, capsys):
    arguments, words = FAULTS[name]
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(words), told.err
    assert told.err.count("\n") == 1


def raising(fault):
    def command(*_, **__):
        raise fault

    return command


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        (ValueError("wanted\n  this"), 2, "wanted this"),
        (KeyError("no site 'X'"), 2, "no site 'X'"),
        (PermissionError(13, "Permission denied", "out"), 2, "[Errno 13] Permission denied: 'out'"),
        (KeyboardInterrupt(), 130, "interrupted; nothing new was kept"),
    ],
)
def test_what_a_command_raises_ends_in_a_sentence_and_a_status(
    fault, status, words, monkeypatch, capsys
):
    monkeypatch.setattr(checks.by_name, "available_sites", raising(fault))
    monkeypatch.setenv(checks.by_name.DATA_VARIABLE, "somewhere")
    assert main(["info"]) == status
    assert capsys.readouterr().err == f"pm-dalec info: {words}\n"


def test_a_fault_of_the_program_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(checks.os, "cpu_count", raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        main(["info"])


def test_a_reader_who_has_seen_enough_is_no_error():
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "pm_dalec.cli.main", "info"],
        check=False,
        stdout=write,
        stderr=subprocess.PIPE,
        timeout=60,
    )
    os.close(write)
    assert done.stderr == b""


def test_a_check_that_fails_ends_with_status_1(monkeypatch, tmp_path, capsys):
    (tmp_path / "file.nc").touch()
    line = type(
        "Line",
        (),
        {
            "passed": False,
            "group": "fluxes",
            "quantity": "gpp",
            "worst": 1.0,
            "where": "step 1",
            "remark": "",
        },
    )
    monkeypatch.setattr(checks.reference_parity, "parity", lambda *_, **__: [line])
    assert main(["parity", str(tmp_path / "file.nc")]) == 1
    assert "0 of 1 comparisons within 1e-06; 1 failed" in capsys.readouterr().out


def test_a_command_with_a_slip_is_guessed(capsys):
    assert main(["calibrat"]) == 2
    assert capsys.readouterr().err.endswith("got 'calibrat'; did you mean calibrate?\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("pass latitude= in degrees", "pass --lat in degrees"),
        ("x; pass columns={...} if one", "x; rename the column as in docs/tables.md if one"),
        ("pass uncertainties={'lai': sigma} to open_site", "pass --sigma lai=sigma"),
        ("drop=['lai', 'cwood']", "--drop lai cwood"),
        ("or load a site by name with pm_dalec.load_site", "or give the name of a site"),
    ],
)
def test_advice_names_what_the_command_line_has(words, told):
    assert as_flags(words) == told


def test_a_warning_of_a_command_is_a_note_of_one_line(capsys):
    _show_warning("give one with\n uncertainties={'lai': sigma}", UserWarning, "by_name.py", 110)
    assert capsys.readouterr().err == "note: give one with --sigma lai=sigma\n"


def test_an_interrupted_command_says_what_it_kept(monkeypatch, capsys):
    fault = KeyboardInterrupt("interrupted; the draws until then are in out/fit.nc")
    monkeypatch.setattr(checks.by_name, "available_sites", raising(fault))
    monkeypatch.setenv(checks.by_name.DATA_VARIABLE, "somewhere")
    assert main(["info"]) == 130
    assert capsys.readouterr().err == f"pm-dalec info: {fault}\n"


def test_info_says_what_is_wrong_with_the_folder_of_data(monkeypatch, capsys, tmp_path):
    for folder, words in (
        (tmp_path, "has no data/sites/*.nc"),
        (tmp_path / "no", "does not exist"),
    ):
        monkeypatch.setenv(checks.by_name.DATA_VARIABLE, str(folder))
        assert main(["info"]) == 0
        assert words in capsys.readouterr().out
