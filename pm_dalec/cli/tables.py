"""What exists, as a page in Markdown: parameters, constraints, streams, variables and sources."""

from pm_dalec.constraints.sets import EDCS
from pm_dalec.data.series.aliases import COLUMNS, UNCERTAINTY
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.sources import SOURCES
from pm_dalec.tables.streams import STREAMS
from pm_dalec.tables.summaries import QUANTITIES
from pm_dalec.tables.variables import VARIABLES

CONVENTIONS = """\
Carbon is in grams of carbon. NEE and NBE are positive to the atmosphere. Fluxes are means over the step,
pools are at its end, `lai` is at its start. Symbols are those on the axes of figures and in equations."""
DAYS = """\
`labile_release_day` and `leaf_fall_day` act modulo 365.25. They are sampled between the bounds that stand here, a
year after the first one; tables and figures of a fit show them as days of the year, 1 January being day 1. An
interval around New Year goes from a large day to a small one."""
SUMMARIES = (
    "One number a draw, as `pm_dalec.budget` gives them and the figures of a region show them."
)
OPERATORS = """\
Each stream needs its one-sigma uncertainty, `<stream>_unc`, or a factor of a log-normal there with the
attribute `uncertainty_kind` "factor"; the error model follows from it, or from `Choices(likelihoods=...)`.
Stocks and LAI are compared at the start of the step, fluxes as means over it. With `<stream>_window` (time), the
same number at all steps of a window and NaN outside, an observation is the mean over its window, weighted by days, and
stands at one of its steps; the attribute `compared` "deviation" makes it what departs from that mean.
`pm_dalec.data.average_observations` makes means of years, which are the streams `<stream>_annual`."""


COLUMNS_OF_A_TABLE = f"""\
A DataFrame or CSV file that `pmd.site_from_frame` reads has these columns, in any case, with spaces, dots or `_`.
Units stand in the header, as in `vpd (hPa)`, `tmin [K]` or `vpd_hPa`, in a first row, or in `units=`; otherwise
they are those below. The one-sigma uncertainty of an observation is a column with one of the ends
{", ".join(f"`{end}`" for end in UNCERTAINTY)}, as in `lai_sd`.

An observation may be a mean over several rows. `gpp_annual` is that of the calendar year of its row. Beside `lai`,
`lai_window (months)` says how many months the observation spans from its row on, `(days)` and `(years)` likewise;
`lai_window` without units is the number of the window of each row, the same at all rows of a window and empty
outside, and `lai_window (deviation)` the same of what departs from the mean of the window. A mean that is repeated
at the rows of its window is one observation."""


def markdown_table(header, rows):
    """Table in Markdown.

    Parameters
    ----------
    header : sequence of str
    rows : iterable of sequence of str

    Returns
    -------
    str
    """
    lines = [header, ["---"] * len(header), *rows]
    cells = ([str(cell).replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def variables_table():
    """Table of drivers, pools, fluxes, rates and diagnostics."""
    rows = (
        (f"`{record.name}`", record.symbol, record.long_name, record.units, record.role)
        for record in VARIABLES.values()
    )
    return markdown_table(("name", "symbol", "what it is", "units", "role"), rows)


def quantities_table():
    """Table of the summaries of a run."""
    rows = (
        (f"`{record.name}`", record.symbol, record.long_name, record.units)
        for record in QUANTITIES.values()
    )
    return markdown_table(("name", "symbol", "what it is", "units"), rows)


def streams_table():
    """Table of observation streams."""
    rows = (
        (
            f"`{record.name}`",
            f"`{record.observes}`",
            VARIABLES[record.observes].units,
            "yes" if record.default else "on request",
        )
        for record in STREAMS.values()
    )
    return markdown_table(("stream", "observes", "units", "assimilated"), rows)


def columns_table():
    """Table of the columns that a table of a user may have."""
    rows = (
        (f"`{record.name}`", ", ".join(f"`{name}`" for name in record.spellings), record.units)
        for record in COLUMNS.values()
    )
    return markdown_table(("what it is", "names", "units without others"), rows)


def parameters_table():
    """Table of parameters with bounds and priors."""
    rows = (
        (
            f"`{record.name}`",
            record.symbol,
            record.meaning,
            record.units,
            f"{record.bounds[0]:.10g}",
            f"{record.bounds[1]:.10g}",
            record.prior,
        )
        for record in PARAMETERS.values()
    )
    header = ("name", "symbol", "meaning", "units", "least", "largest", "prior")
    return markdown_table(header, rows)


def constraints_table():
    """Table of the rules of both eras, one row a rule."""
    paper, later = EDCS["edinburgh2021"], EDCS["edinburgh2024"]

    def differs(name):
        same = paper[name].inequality == later[name].inequality
        return "the same" if same else later[name].inequality

    rows = (
        (f"`{name}`", rule.inequality, rule.level, differs(name)) for name, rule in paper.items()
    )
    return markdown_table(
        ("name", "holds where (`edinburgh2021`)", "level", "`edinburgh2024`"), rows
    )


def sources_list():
    """Publications that the tables cite, in the order of the bibliography."""
    records = (
        *VARIABLES.values(),
        *STREAMS.values(),
        *PARAMETERS.values(),
        *EDCS["edinburgh2021"].values(),
    )
    cited = {record.source for record in records}
    return "\n".join(f"- {words}" for key, words in SOURCES.items() if key in cited)


def page():
    """All tables under their headings.

    Returns
    -------
    str
        Markdown.
    """
    parts = (
        CONVENTIONS,
        "## Parameters",
        DAYS,
        parameters_table(),
        "## Constraints",
        "In `edinburgh2024`, harvest counts among the outputs of a pool.",
        constraints_table(),
        "## Observation streams",
        OPERATORS,
        streams_table(),
        "## Variables",
        variables_table(),
        "## Summaries",
        SUMMARIES,
        quantities_table(),
        "## Columns of a table",
        COLUMNS_OF_A_TABLE,
        columns_table(),
        "## Sources",
        sources_list(),
    )
    return "\n\n".join(parts)


def names_of_cardamom():
    """What CARDAMOM numbers, and its name here: parameters, constraints and streams.

    Returns
    -------
    str
        Markdown.
    """
    parameters = markdown_table(
        ("number", "name here", "meaning", "units"),
        (
            (place, f"`{record.name}`", record.meaning, record.units)
            for place, record in enumerate(PARAMETERS.values(), start=1)
        ),
    )
    rules = sorted(EDCS["edinburgh2021"].values(), key=lambda rule: rule.number)
    constraints = markdown_table(
        ("number", "name here", "holds where"),
        ((rule.number, f"`{rule.name}`", rule.inequality) for rule in rules),
    )
    return f"## Parameters\n\n{parameters}\n\n## Constraints (EDCs)\n\n{constraints}"
