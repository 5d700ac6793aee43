"""PyTensor graphs evaluated without a compiler."""

from contextlib import contextmanager


@contextmanager
def interpreted():
    """Context in which PyTensor compiles nothing, neither graphs nor the inside of scans.

    On a fresh machine a compiler takes minutes for graphs that a test evaluates a few times.
    """
    import pytensor

    flags = {"mode": "FAST_COMPILE", "cxx": "", "traceback__limit": 0}
    with pytensor.config.change_flags(**flags):
        yield


def interpreted_mode():
    """PyTensor mode without rewrites and without a compiler, for use inside `interpreted`.

    Returns
    -------
    pytensor.compile.mode.Mode
    """
    from pytensor.compile.mode import Mode

    return Mode(linker="py", optimizer=None)
