"""The console of every command, and its progress bar."""

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

console = Console(width=max(Console().width, 120))  # a table must not lose its digits


def tell(sentence):
    """Say what is going on."""
    console.print(sentence, style="dim")


def bar(*columns):
    """Progress bar of a long command; silent where nobody looks."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        *columns,
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
