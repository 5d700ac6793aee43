"""Progress of a calibration, one bar of one line for a site as for many units, and Ctrl-C in it.

Where nobody watches, the line is printed once a second instead, and less often in a long run. A notebook
gets one output that is drawn over, as text, which needs no widgets and is saved as one line. The time left is that of the units done in this run, carried on: a unit that is
on its way counts by its proposals over the mean of those done, one that a run before had finished not at
all. A single unit counts by its budget; when it may converge is told beside it.
"""

import signal
import threading
import time
from contextlib import contextmanager
from copy import copy
from datetime import timedelta

import numpy as np
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress as RichProgress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from pm_dalec.sampling.starts import LOOKING
from pm_dalec.tables.numbers import flag

WATCHED, UNWATCHED = 0.5, 1.0  # s between two looks at the bar, and between two printed lines
RARER = 1 / 100  # share of its time so far that a long run waits for the next printed line
PACE = 3600.0  # s of this run from which the time left is told
ALMOST = 0.9  # most that a unit on its way counts: it may need more proposals than the others
WIDTH = 130  # of a line where it is not that of a terminal


def bar():
    """Bar of a long command on standard error, as rich draws it, with the time left."""
    console = Console(stderr=True, force_jupyter=False)
    console.width = console.width if console.is_terminal else WIDTH
    task, words, left = map(TextColumn, ("{task.description}", "{task.fields[words]}", "left"))
    return RichProgress(
        *(task, BarColumn(20), TaskProgressColumn(), words, TimeRemainingColumn(), left),
        console=console,
        transient=True,
        disable=not console.is_terminal,  # else it leaves an empty line
        speed_estimate_period=PACE,
        get_time=lambda: time.monotonic(),
    )


class NotebookOutput:
    """The one output of a notebook's cell in which a line is drawn over."""

    def __init__(self):
        self._handle = None

    def draw(self, words):
        """Show words in place of those before."""
        from IPython.display import display  # there is one where there is a notebook

        shown = {"text/plain": words}
        if self._handle is None:
            self._handle = display(shown, raw=True, display_id=True)
        else:
            self._handle.update(shown, raw=True)


DOING = {"search": "searching a feasible start", LOOKING: "converged, looking for other parts"}


class Progress:
    """Bar with units done, proposals per second, acceptance, the worst R-hat and the time left.

    Parameters
    ----------
    enabled : bool
        Nothing is shown where it is false.
    """

    def __init__(self, enabled):
        self.enabled, self._bar = enabled, bar()
        self._notebook = NotebookOutput() if enabled and Console().is_jupyter else None
        self._live = enabled and self._bar.console.is_terminal and self._notebook is None
        self._bar.disable = not self._live
        self._task = None
        self._nothing_yet()

    def _nothing_yet(self):
        """Begin with no unit."""
        self._lock, self._seconds, self._still = threading.Lock(), None, np.nan
        self._active, self._proposals = set(), {}  # units on their way, their proposals
        self._before = {}  # proposals of units by the time that this run took them up
        self._needed = []  # proposals of the units that were done in this run
        self._done = self._failed = 0
        self._last = None  # words of the last line
        self._round, self._judged = (
            0,
            (np.inf, 0.0, 0),
        )  # R-hat and ESS of a single unit, and its proposals by then

    def __enter__(self):
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(self, *_):
        """Take the bar away; a notebook keeps what it said at last."""
        self._bar.stop()
        if self._notebook is not None and self._last is not None:
            took = timedelta(seconds=round(time.monotonic() - self._began))
            self._notebook.draw(f"{self._what} took {took}: {self._last}")

    def message(self, words):
        """Say what is going on."""
        if self._notebook is not None:
            self._notebook.draw(words)
        elif self.enabled:
            self._bar.console.print(words, style="dim")

    def begin(self, units, settings, seconds=None):
        """Begin to count units; the budget of a single one may be seconds."""
        self.count("calibrating", settings.proposals, units)
        self._seconds = seconds if units == 1 else None
        self._targets = (settings.rhat, settings.ess)

    def following(self, what, units, settings, seconds=None):
        """Progress of what follows the calibration in the same bar, and in a line of its own."""
        if self._task is not None:
            self._bar.update(self._task, visible=False)
        found = copy(self)
        found._nothing_yet()
        found.count(what, settings.proposals, units)
        found._seconds = seconds
        found._targets = (settings.rhat, settings.ess)
        return found

    def count(self, what, proposals, units=1):
        """Begin to count the proposals of a chain."""
        self._what, self._units, self._budget = what, units, proposals
        self._began = self._shown_at = time.monotonic()
        self._task = self._bar.add_task(what, total=None, words="")
        self._pace(units)

    def _pace(self, total):
        """Measure the pace from now on, with so many units to do in this run."""
        self._bar.update(self._task, total=total)
        self._bar.advance(self._task, 0)

    def enter(self, identity, *, proposed=0, made=0):
        """Note that a unit has begun, or goes on after these proposals of each chain and of all, with search."""
        with self._lock:
            self._active.add(identity)
            self._before[identity] = (proposed, made)

    def leave(self, identity, state):
        """Note that a unit has ended."""
        with self._lock:
            self._active.discard(identity)
            self._done += 1
            if identity in self._proposals:
                self._needed.append(self._proposals[identity])
            else:
                self._pace(self._units - (self._done - len(self._needed)))
            self._failed += state.phase == "no start"
            self._still = self._left(identity, state, state.in_round)
            several = f"{self._done} of {self._units} units done, " if self._units > 1 else ""
            self._last = several + self._words(state)

    def report(self, identity, state, chains):
        """Show the state of a unit."""
        with self._lock:
            self._proposals[identity] = (state.proposed + state.searched) * chains
            if not self._due():
                return
            if self._units == 1:
                words = self._words(state) + self._until_convergence(identity, state)
                self._show(state.proposed / self._budget, words)
            else:
                several = f"{self._done} of {self._units} units done, "
                self._show(self._completed(), several + self._words(state))

    def advance(self, proposed, acceptance, chains):
        """Show the proposals of one chain so far."""
        if self._due():
            words = f"{self._rate(proposed * chains)}, acceptance {acceptance:.0%}"
            self._show(proposed / self._budget, words)

    def _due(self):
        now = time.monotonic()
        pause = max(UNWATCHED, RARER * (now - self._began))
        if self._live or self._notebook is not None:
            pause = WATCHED
        due = self.enabled and now - self._shown_at >= pause
        self._shown_at = now if due else self._shown_at
        return due

    def _completed(self):
        """Units of this run that are done, and what those on their way are worth."""
        if not self._needed:
            return 0.0
        mean = max(np.mean(self._needed), 1)
        made = (self._proposals.get(identity, 0) for identity in self._active)
        return len(self._needed) + sum(min(proposals / mean, ALMOST) for proposals in made)

    def _of_the_time(self, completed):
        """What is completed of a budget in seconds; of any other what is given."""
        if not self._seconds:
            return completed
        return min((time.monotonic() - self._began) / self._seconds, 1.0)

    def _show(self, completed, words):
        self._bar.update(self._task, completed=self._of_the_time(completed), words=words)
        self._last = words
        if self._notebook is not None:
            with self._bar.console.capture() as drawn:
                self._bar.console.print(self._bar.get_renderable())
            self._notebook.draw(drawn.get().strip())
        elif not self._live:
            self._bar.console.print(self._bar.get_renderable())

    def _rate(self, proposals):
        return f"{proposals / max(time.monotonic() - self._began, 1e-9):,.0f} proposals/s"

    def _until_convergence(self, identity, state):
        """When a single unit may have converged, as its last look and its pace tell.

        The distance of R-hat from one falls, and the effective sample size grows, with the proposals of
        a round.
        """
        rhat, ess, made = self._judged
        if state.phase == "sample" and (state.worst_rhat, state.least_ess) != (rhat, ess):
            made = max(state.in_round, self._round)
            self._judged = (state.worst_rhat, state.least_ess, made)
        self._round = state.in_round
        left = self._left(identity, state, made) if state.phase == "sample" else np.nan
        return f", convergence in about {timedelta(seconds=round(left))}" if left > 0 else ""

    def _left(self, identity, state, made):
        """Seconds until a single unit may have converged, judged after so many proposals of its round."""
        rhat, ess = state.worst_rhat, state.least_ess
        proposed = (
            state.proposed - self._before.get(identity, (0, 0))[0]
        )  # by this run, whose time is known
        if not np.isfinite(rhat) or not ess > 0 or not proposed:
            return np.nan
        longer = max((rhat - 1) / (self._targets[0] - 1), self._targets[1] / ess, 1.0)
        pace = (time.monotonic() - self._began) / proposed  # s for a proposal of every chain
        return (made * longer - state.in_round) * pace

    def until_converged(self):
        """Seconds that a single unit which has ended without convergence may still need; NaN where unknown."""
        return self._still if self._units == 1 and self._still > 0 else np.nan

    def compiling(self, seconds=None):
        """Say what comes, and what a budget of time is for."""
        words = "compiling the model for lanes"
        if seconds is not None:
            words += f"; {seconds:g} s are for sampling, compilation, prior and groups come beside"
        self.message(words)

    def ending(self):
        """Say how long a unit that has not converged may still need, and that groups are made."""
        left = self.until_converged()
        if np.isfinite(left):
            more = f"as it went so far, about {float(f'{left:.2g}'):.0f} s more may do"
            self.message(f"the calibration has not converged; {more}")
        self.message("adding the groups of the fit")

    def _words(self, state):
        before = sum(self._before[identity][1] for identity in self._proposals)
        rate = self._rate(sum(self._proposals.values()) - before)
        if doing := DOING.get(state.looked or state.phase):
            return f"{doing}, {rate}"
        accepted = float(np.mean(state.accepted)) / max(1, state.in_round)
        rhat = f"{state.worst_rhat:.3f}" if np.isfinite(state.worst_rhat) else "pending"
        failed = f", {self._failed} without a start" if self._failed else ""
        return f"{rate}, acceptance {accepted:.0%}, worst R-hat {rhat}{failed}"


class Told(Progress):
    """Progress that is told to a function, which may end the run.

    Parameters
    ----------
    tell : callable
        Called with words and the share of the budget that is used [1]; False ends the run.
    stop : threading.Event
    """

    def __init__(self, tell, stop):
        super().__init__(enabled=False)
        self.enabled, self._tell, self._stop, self._share = True, tell, stop, 0.0

    def message(self, words):
        """Say what is going on."""
        self._say(words, self._share)

    def _show(self, completed, words):
        total = self._bar.tasks[self._task].total or 1
        self._say(words, self._of_the_time(completed) / total)

    def _say(self, words, share):
        self._last, self._share = words, min(share, 1.0)
        if self._tell(words, self._share) is False:
            self._stop.set()


def shown_as(progress, stop):
    """Progress that is asked for: a bar, none, or one that is told to a function (`Told`).

    Parameters
    ----------
    progress : bool or callable
    stop : threading.Event
        Which the function may set.
    """
    return Told(progress, stop) if callable(progress) else Progress(flag("progress", progress))


_HEARD: list[threading.Event] = []  # events of the blocks that the main thread is in


@contextmanager
def stopped_by_interrupt():
    """Event that the first Ctrl-C sets; the second one interrupts at once.

    Yields
    ------
    threading.Event
        The main thread alone hears signals: in another one it is the event of the block that the main
        thread is in, or one that is never set.
    """
    if threading.current_thread() is not threading.main_thread():
        yield next(reversed(_HEARD), threading.Event())
        return
    stop = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def note(number, frame):
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    signal.signal(signal.SIGINT, note)
    _HEARD.append(stop)
    try:
        yield stop
    finally:
        _HEARD.pop()
        signal.signal(signal.SIGINT, before)
