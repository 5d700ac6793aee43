"""Wrong lines of every command: values outside the domain of an option, by its type and by its meaning."""

from pathlib import Path
from typing import Literal, get_args, get_origin

from hypothesis import strategies as st

from pm_dalec.cli.main import command_line

from .domains import misspelt

LONG = "x" * 300  # longer than a name of a file may be
NO_WHOLE = ("x", "1.5", "", "1e3", "nan", "1,000", "½")
NO_NUMBER = ("x", "", "1,5", "nan", "inf", "-inf", "1e400")
NO_PATH = ("file/below", "file", LONG, "/proc/none/x", "/dev/null/x")
NO_FILE = (
    "absent.nc",
    "absent",
    ".",
    "text.nc",
    "empty.nc",
    "folder.nc",
    "",
    LONG,
    "fit.zarr.nc",
    "file/x.nc",
)

# Beyond what the type tells: options by command, "" for every command.
MEANING = {
    "": {"--chains": ("0", "3", "-8"), "--seed": ("-1", "9223372036854775808", "1" * 400),
         "--seconds": ("0", "-1"), "--proposals": ("0", "-1"), "--draws": ("0", "-1"),
         "--out": NO_PATH, "--lat": ("91", "-91"), "--lon": ("361", "-181"),
         "--start": ("yesterday", "2014-13-01", "1", ""),
         "--observations": ("lia", "tmin"), "--drop": ("lia", "tmin"),
         "--sigma": ("lai", "lai=", "=1", "lai=x", "lai=0", "lai=-20%", "lai=nan", "lia=1", "lai=inf%"),
         "--polygons": NO_FILE, "--quantiles": ("-0.1", "1.5", "5"),
         "--names": ("gpp2", "tmin", "")},
    "calibrate": {"--streams": ("lia", "tmin", "croots", "lai_unc"), "--soft": ("0", "-1"),
                  "--likelihood": ("lai", "lai=", "lai=cauchy", "lia=gaussian", "lai=student,df=-1",
                                   "lai=student,df=x", "lai=gaussian,df=3", "lai=gaussian,correlation=2")},
    "towers": {"--sites": ("nowhere", "")},
    "landscape": {"--resolution": ("0", "-1", "0.3", "7"), "--figures": NO_PATH, "--ids": ("name",)},
    "region": {"--ids": ("name",)},
    "export": {"--members": ("-1",), "--out": ("results.txt", "results", *NO_PATH)},
    "forecast": {"--scenario": ("ssp999", "", "absent.nc", "text.nc", "made.nc", "SSP245"),
                 "--management": ("fell", "felling", "felling,years=2040", "felling,years=x,share=0.9",
                                  "felling,years=2040,share=9", "rate,share=-1", "thinning,every=0,share=1",
                                  "mean,by=pixel", "planting,source=arable", "none+none"),
                 "--every": ("month", "", "YEAR"), "--draws": ("0",)},
    "parity": {"--rtol": ("0", "-1")},
    "bench": {"--lanes": ("0", "-1"), "--steps": ("0", "-1", "5"), "--site": ("nowhere",)},
}  # fmt: skip
# Words that exclude each other, or say nothing together
TOGETHER = [
    ("calibrate", "--soft 0.1 --constraints none"), ("calibrate", "--resume --sampler edinburgh2021"),
    ("calibrate", "--source gcel"), ("calibrate", "--resolution daily"),
    ("calibrate", "--streams lai lai"), ("calibrate", "--sigma lai=1 lai=2"),
    ("calibrate", "--likelihood lai=student lai=gaussian"), ("calibrate", "--observations lai lai"),
    ("calibrate", "--drop lai --observations lai"), ("calibrate", "--model constrained_prior --streams lai"),
    ("calibrate", "--seconds 5 --seconds 9"), ("calibrate", "--chains 4 --chains 8"),
    ("calibrate", "--seconds 5 --sampler edinburgh2021"), ("calibrate", "--drop lai --streams lai"),
    ("calibrate", "--likelihood cwood=student --streams lai"), ("calibrate", "more"),
    ("edc-report", "--drop lai --observations lai"), ("edc-report", "--draws 9 --draws 10"),
    ("demo", "--seed 1 --seed 2"), ("demo", "more"), ("demo", "--chains 8"), ("info", "more"),
    ("landscape", "--ids name"), ("region", "--ids name"), ("paper", "--quick --quick --slow"),
    ("export", "--quantiles 0.5 0.5"), ("export", "--names gpp gpp"), ("export", "--members"),
    ("forecast", "--scenario ssp245 ssp245"), ("forecast", "--names live live"),
    ("forecast", "--reference 2016"), ("forecast", "--reference 2016 2014"), ("forecast", "--reference x y"),
    ("forecast", "--reference 1900 1901"), ("forecast", "--management none none"),
    ("bench", "--dtype float32"), ("bench", "--site XX-Tst"), ("bench", "--samplers --lanes 8"),
    ("bench", "--samplers --backend jax"), ("bench", "--json --json=3"), ("parity", "--runner fortran"),
    ("bench", "--no-disturbance"),
]  # fmt: skip
BASES = {
    "demo": [], "calibrate": ["site.nc"], "edc-report": ["site.nc", "--draws", "20"],
    "towers": ["sites", "--proposals", "600", "--chains", "4"], "export": ["made.nc"], "landscape": [],
    "region": ["absent.toml"], "forecast": ["made.nc"], "paper": ["--quick"], "parity": ["reference.nc"],
    "bench": [], "info": [],
}  # fmt: skip
FIRST = {
    "calibrate": (*NO_FILE, "XX-Tst2", "made.nc", "FI Hyy"), "edc-report": (*NO_FILE, "made.nc", "synthetic2"),
    "towers": ("absent", "file", "", LONG, "folder.nc"), "export": (*NO_FILE, "site.nc"),
    "region": (*NO_FILE, "text.toml", "site.nc"), "forecast": (*NO_FILE, "site.nc"),
    "parity": (*NO_FILE, "made.nc", "site.nc"),
}  # fmt: skip


def options(command):
    """Options of a command and their types."""
    found = command_line()[command].assemble_argument_collection()
    return {each.name: each.hint for each in found if each.name.startswith("--")}


def wrong_words(command, name, hint):
    """Words that an option of a command does not take: (strategy of words)."""
    meant = (*MEANING[""].get(name, ()), *MEANING.get(command, {}).get(name, ()))
    kinds = {hint, *get_args(hint)} | {get_origin(each) for each in get_args(hint)}
    if get_origin(hint) is Literal or Literal in kinds:
        literal = hint if get_origin(hint) is Literal else get_args(hint)[0]
        return (
            misspelt(tuple(map(str, get_args(literal))))
            .map(str.strip)
            .filter(lambda word: word not in get_args(literal))
        )
    if bool in kinds:
        return st.sampled_from(["=2", "=", "=x", "=maybe"])
    plain = NO_WHOLE if int in kinds else NO_NUMBER if float in kinds else ()
    return st.sampled_from((*meant, *plain)) if meant or plain else st.nothing()


def line(command, name, word):
    """Words of a command line with one wrong value."""
    more = [f"{name}{word}"] if word.startswith("=") and name else [name, word]
    base = [*BASES[command]]
    if name in base:  # given once
        at = base.index(name)
        del base[at : at + 2]
    return [command, *base, *(more if name else [word])]


def first_words(command):
    """Lines with a wrong file or name."""
    return [[command, word, *BASES[command][1:]] for word in FIRST.get(command, ())]


def together(row):
    """Line with words that exclude each other."""
    command, words = row
    return [command, *BASES[command], *words.split()]


def files_of(folder):
    """Files below a folder, and when they were changed."""
    return {path: path.stat().st_mtime_ns for path in Path(folder).rglob("*") if path.is_file()}
