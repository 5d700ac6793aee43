"""The console of every command."""

from rich.console import Console

console = Console(width=max(Console().width, 120))  # a table must not lose its digits


def tell(sentence):
    """Say what is going on."""
    console.print(sentence, style="dim")
