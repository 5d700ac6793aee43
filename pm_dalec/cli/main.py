"""Command line: a command is a typed function of this room, and its docstring is its help."""

import os
import re
import sys
import warnings
from difflib import get_close_matches
from typing import get_args

from cyclopts import App, CycloptsError, Group, Parameter, UnknownCommandError, convert

from pm_dalec._version import __version__

BAD_INPUT, INTERRUPTED, NOBODY_READS = 2, 130, 141  # exit statuses; 1 is a check that failed
EXITS = (
    "Exit status: 0 done; 1 a check failed; 2 bad input; 3 a calibration is done and has not "
    "converged; 130 interrupted."
)
FAULTS = (ValueError, KeyError, TypeError, OSError, ImportError, NotImplementedError)

# A module is imported when its command is called: what the list says stands here, and a test keeps it
# the first sentence of the docstring.
COMMANDS = {
    "Sites": {
        "site:demo": "Calibrate the built-in site, whose truth is known; needs no file.",
        "site:calibrate": "Calibrate a site file, or a site by name.",
        "site:explore": "Play with a site in a browser: sliders, rules as lamps, and a sampler to beat.",
        "checks:edc_report": "Print pass rates of the constraints under the prior of a site.",
        "towers:towers": "Compare predicted with measured fluxes and leaf area of a folder of site files.",
        "results:export": "Write the results of a fit as a CF NetCDF file.",
    },
    "Regions": {
        "region:landscape": "Write the region of the synthetic twin, and its maps when asked.",
        "region:region": "Write a region from real products.",
        "cluster.calibrate:calibrate_region": "Calibrate every unit of a region; resumable.",
        "cluster.look:status": "Print what a store of a region holds.",
        "cluster.look:plan": "Estimate core-hours, memory, disk and workers of a region by a pilot.",
        "region:bank": "Calibrate pilots of a region whose draws its other units take over.",
        "results:forecast": "Continue a fit to 2100 under scenarios and managements; resumable.",
        "studies:paper": "Repeat the paper's experiment on the synthetic twin; resumable.",
        "studies:sensitivity": "Calibrate variants of priors, constraints and data, and say what "
        "moves what; resumable.",
    },
    "Checks": {
        "checks:parity": "Compare reference files; exit status 1 where a quantity is off.",
        "bench.command:bench": "Measure runs and proposals per second and core.",
        "checks:info": "Print versions, processor and the data that can be found.",
    },
}

# Messages of the library name its arguments; a command says them as it takes them.
FLAGS = {
    "random_seed": "--seed",
    "seed": "--seed",
    "chains": "--chains",
    "client": "--dask",
    "part": "--part",
    "pilot": "--pilot",
    "hours": "--hours",
    "threads": "--threads",
    "draws": "--draws",
    "seconds": "--seconds",
    "proposals": "--proposals",
    "streams": "--streams",
    "constraints": "--constraints",
    "likelihoods": "--likelihood",
    "solver": "--solver",
    "scale": "--soft",
    "fill_wind": "--fill-wind",
    "disturbance": "--no-disturbance",
    "checkpoint": "--out",
    "resume": "--resume",
    "resolution": "--resolution",
    "ids": "--ids",
    "uncertainties": "--sigma",
    "observations": "--observations",
    "drop": "--drop",
    "source": "--source",
    "start": "--start",
    "lat": "--lat",
    "lon": "--lon",
    "latitude": "--lat",
    "longitude": "--lon",
    "rtol": "--rtol",
    "members": "--members",
    "quantiles": "--quantiles",
    "names": "--names",
    "scenarios": "--scenario",
    "management": "--management",
    "every": "--every",
    "reference": "--reference",
    "lanes": "--lanes",
    "steps": "--steps",
    "port": "--port",
}
RESUMABLE = {"towers", "forecast", "paper", "sensitivity"}  # commands that keep what is finished
SWITCHES = ("fill_wind", "disturbance", "resume")  # without a value
PHRASES = {  # advice that names what Python has and no flag
    r" to (pm_dalec\.)?(open_site|load_site|site_from_frame)\b": "",
    r"or load a site by name with pm_dalec\.load_site": "or give the name of a site",
    r"or open a file with pm_dalec\.open_site": "or give a file",
    r"open a site with pm_dalec\.open_site": "give a site",
    r"pass columns=\{[^}]*\}": "rename the column as in docs/tables.md",
    r"pass units=\{[^}]*\}": "state the units in the header",
}
_VALUE = r"""(?:\([^()]*\)|\[[^\]]*\]|\{[^{}]*\}|'[^']*'|"[^"]*"|[-+\w.]*\w)?"""
_ARGUMENT = re.compile(rf"\b({'|'.join(FLAGS)})=({_VALUE})")


def command_line():
    """All commands, none of them imported.

    Returns
    -------
    cyclopts.App
    """
    app = App(
        name="pm-dalec",
        help="Bayesian model-data fusion of the terrestrial carbon cycle with DALEC.",
        help_epilogue=EXITS,
        version=f"pm_dalec {__version__}",
        default_parameter=Parameter(negative=(), converter=_converted),
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
    )
    for title, commands in COMMANDS.items():
        group = Group.create_ordered(title)
        for order, (place, words) in enumerate(commands.items()):
            name = place.partition(":")[2].replace("_", "-")
            app.command(f"pm_dalec.cli.{place}", name=name, help=words, group=group, sort_key=order)
    return app


def _converted(kind, tokens):
    """Value of an option; cyclopts alone would round 1.5 where a whole number is wanted."""
    if int in (kind, *get_args(kind)):
        for token in tokens:
            if "." in token.value:
                raise ValueError(f"wanted a whole number, got {token.value!r}")
    return convert(kind, tokens)


def main(arguments=None):
    """Run a command; what is wrong is said in one sentence on standard error.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process by default.

    Returns
    -------
    int
        Exit status: 0, 1 for a check that failed, 2 for bad input, 3 for a calibration that is done
        and has not converged, 130 when interrupted.
    """
    app = command_line()
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    names = [name for name in app if not name.startswith("-")]
    title = " ".join(["pm-dalec", *(name for name in arguments[:1] if name in names)])
    try:
        status = app(arguments) or 0
        sys.stdout.flush()
    except UnknownCommandError:
        like = get_close_matches(arguments[0], names, 1)
        words = f"wanted one of {', '.join(names)}, got {arguments[0]!r}"
        words, status = f"{words}; did you mean {like[0]}?" if like else words, BAD_INPUT
    except CycloptsError as fault:
        words, status = f"{_sentence(str(fault))}; see {title} --help", BAD_INPUT
    except BrokenPipeError:  # the reader has seen enough; nothing is left to say at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS
    except FAULTS as fault:
        words = str(fault.args[0] if isinstance(fault, KeyError) and fault.args else fault)
        status = BAD_INPUT
    except KeyboardInterrupt as fault:
        some = RESUMABLE.intersection(arguments[:1])
        kept = "finished parts are kept" if some else "nothing new was kept"
        words, status = str(fault) or f"interrupted; {kept}", INTERRUPTED
    else:
        return status
    print(f"{title}: {as_flags(' '.join(words.split()))}", file=sys.stderr)
    return status


def as_flags(words):
    """Message whose keyword arguments are said as flags of the command line.

    Examples
    --------
    >>> as_flags("pass checkpoint='out/state', resume=True, or leave out streams=('lai', 'nee')")
    "pass --out 'out/state', --resume, or leave out --streams lai nee"
    >>> as_flags("pass uncertainties={'lai': sigma, 'cwood': '20%'} to open_site")
    'pass --sigma lai=sigma cwood=20%'
    >>> as_flags("choose likelihoods={'lai': 'gaussian'}")
    'choose --likelihood lai=gaussian'
    """

    def flag(found):
        name, value = found.groups()
        if name in SWITCHES or not value:
            return FLAGS[name]
        if value == "None":
            value = "none"
        elif value[0] in "([":
            value = re.sub(r"[()\[\],'\"]+", " ", value)
        elif value[0] == "{":
            value = re.sub(r"\s*:\s*", "=", re.sub(r"[{},'\"]+", "", value.replace(",", " ")))
        return f"{FLAGS[name]} {' '.join(value.split())}"

    for advice, here in PHRASES.items():
        words = re.sub(advice, here, words)
    return _ARGUMENT.sub(flag, words)


def _sentence(words):
    """Sentences as one: the first letter small, full stops turned into semicolons."""
    one = re.sub(r"\. (\w)", lambda found: f"; {found[1].lower()}", words.strip().rstrip(".?"))
    return one[:1].lower() + one[1:]


def run():
    """Entry point of the console script; a warning is a sentence there, too."""
    warnings.showwarning = _show_warning
    sys.exit(main())


def _show_warning(message, category, filename, lineno, file=None, line=None):
    """Say a warning without the file and the line from which it comes."""
    print(f"note: {as_flags(' '.join(str(message).split()))}", file=file or sys.stderr)


if __name__ == "__main__":
    run()
