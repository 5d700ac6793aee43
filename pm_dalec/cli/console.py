"""The console of every command, and the exit status of a calibration."""

from rich.console import Console

console = Console(width=max(Console().width, 120))  # a table must not lose its digits
NOT_CONVERGED = 3  # exit status of a calibration that is done and has not converged


def tell(sentence):
    """Say what is going on."""
    console.print(sentence, style="dim", markup=False)
