"""What exists, as a page in Markdown: parameters, constraints, streams, variables and sources."""

from pm_dalec.constraints.sets import EDCS
from pm_dalec.data.series.aliases import COLUMNS, UNCERTAINTY
from pm_dalec.tables.parameters import PARAMETERS
from pm_dalec.tables.priors import Fixed, FromData, Gaussian
from pm_dalec.tables.sources import SOURCES
from pm_dalec.tables.streams import STREAMS
from pm_dalec.tables.variables import VARIABLES

CONVENTIONS = """\
Carbon is in grams of carbon. NEE and NBE are positive to the atmosphere. Fluxes are means over the step,
pools are at its end, `lai` is at its start."""
OPERATORS = """\
Each stream needs its one-sigma uncertainty, `<stream>_unc`. Stocks and LAI are compared at the start of the
step, fluxes as means over it."""


COLUMNS_OF_A_TABLE = f"""\
A DataFrame or CSV file that `pmd.site_from_frame` reads has these columns, in any case, with spaces, dots or `_`.
Units stand in the header, as in `vpd (hPa)`, `tmin [K]` or `vpd_hPa`, in a first row, or in `units=`; otherwise
they are those below. The one-sigma uncertainty of an observation is a column with one of the ends
{", ".join(f"`{end}`" for end in UNCERTAINTY)}, as in `lai_sd`."""


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
        (f"`{record.name}`", record.long_name, record.units, record.role)
        for record in VARIABLES.values()
    )
    return markdown_table(("name", "what it is", "units", "role"), rows)


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


def prior_words(parameter):
    """Prior of a parameter in a few words."""
    prior = parameter.prior
    if isinstance(prior, Fixed):
        return f"fixed at {prior.value:.10g}"
    if isinstance(prior.factor, Gaussian):
        return f"log-uniform, times {prior.factor.mean:.10g} ± {prior.factor.sigma:.10g}"
    if isinstance(prior.factor, FromData):
        return f"log-uniform, times `{prior.factor.mean}` ± `{prior.factor.sigma}`"
    return "log-uniform"


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
            record.meaning,
            record.units,
            f"{record.bounds[0]:.10g}",
            f"{record.bounds[1]:.10g}",
            prior_words(record),
        )
        for record in PARAMETERS.values()
    )
    return markdown_table(("name", "meaning", "units", "least", "largest", "prior"), rows)


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
        parameters_table(),
        "## Constraints",
        "In `edinburgh2024`, harvest counts among the outputs of a pool.",
        constraints_table(),
        "## Observation streams",
        OPERATORS,
        streams_table(),
        "## Variables",
        variables_table(),
        "## Columns of a table",
        COLUMNS_OF_A_TABLE,
        columns_table(),
        "## Sources",
        sources_list(),
    )
    return "\n\n".join(parts)
