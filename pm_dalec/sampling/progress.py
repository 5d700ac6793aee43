"""Progress of a calibration: one line for a site, one bar for many units with the time left.

The time left is that of the units done in this run, carried on: a unit that is on its way counts by its
proposals over the mean of those done, a unit that a run before had finished not at all. Nothing is said
before the first unit is done.
"""

import math
import sys
import threading
import time

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress as RichProgress, TextColumn, TimeElapsedColumn

ALMOST = 0.9  # most that a unit on its way counts: it may need more proposals than the others


def time_left_words(seconds):
    """Time left in words, rounded up to what a reader plans with.

    Parameters
    ----------
    seconds : float
    """
    minutes = math.ceil(seconds / 60)
    if minutes <= 1:
        return "less than a minute left"
    if minutes < 60:
        return f"about {minutes} min left"
    hours = math.ceil(minutes / 60)
    if minutes < 10 * 60:
        return f"about {minutes // 60} h {minutes % 60} min left"
    return f"about {hours} h left" if hours < 48 else f"about {math.ceil(hours / 24)} days left"


class Progress:
    """Bar with units done, time left, proposals per second, acceptance and the worst R-hat.

    Parameters
    ----------
    enabled : bool
        Nothing is shown where it is false, or where standard error is no terminal: there one line
        every ten seconds is printed instead.
    """

    def __init__(self, enabled):
        self.enabled = enabled
        self.console = Console(stderr=True)
        self.live = enabled and sys.stderr.isatty()
        self._lock = threading.Lock()
        self._bar = RichProgress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[words]}"), TimeElapsedColumn(), console=self.console,
            disable=not self.live, transient=True,
        )  # fmt: skip
        self._task = None
        self._active, self._done = {}, 0
        self._shown_at = self._began = time.monotonic()
        self._proposals = {}
        self._failed = 0
        self._needed = []  # proposals of the units that were done in this run

    def __enter__(self):
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(self, *_):
        """Take the bar away."""
        self._bar.stop()

    def message(self, words):
        """Say what is going on."""
        if self.enabled:
            self.console.print(words, style="dim")

    def begin(self, units, settings):
        """Begin to count units."""
        self._units, self._budget = units, settings.proposals
        self._began = self._shown_at = time.monotonic()
        self._task = self._bar.add_task("calibrating", total=1.0, words="")

    def enter(self, identity):
        """Note that a unit has begun."""
        with self._lock:
            self._active[identity] = 0.0

    def leave(self, identity, state):
        """Note that a unit has ended."""
        with self._lock:
            self._active.pop(identity, None)
            self._done += 1
            if identity in self._proposals:
                self._needed.append(self._proposals[identity])
            self._failed += state.phase == "no start"

    def report(self, identity, state, chains):
        """Show the state of a unit."""
        if not self.enabled:
            return
        with self._lock:
            self._proposals[identity] = (state.proposed + state.searched) * chains
            share = state.proposed / self._budget
            self._active[identity] = min(share, 1.0)
            now = time.monotonic()
            pause = 0.5 if self.live else 10.0
            if now - self._shown_at < pause:
                return
            self._shown_at = now
            self._show(state, now)

    def _show(self, state, now):
        under_way = self._under_way()
        words = self._words(state, now)
        if self._units > 1:
            words = f"{self._done} of {self._units} units done, {self._left(under_way, now)}{words}"
        self._bar.update(self._task, completed=(self._done + under_way) / self._units, words=words)
        if not self.live:
            self.console.print(words, style="dim", soft_wrap=True)

    def _under_way(self):
        """Units that those on their way are worth: by the proposals of those done, or the budget."""
        if not self._needed:
            return sum(self._active.values())
        mean = max(np.mean(self._needed), 1)
        made = (self._proposals.get(identity, 0) for identity in self._active)
        return sum(min(proposals / mean, ALMOST) for proposals in made)

    def _left(self, under_way, now):
        """Words on the time left, with a comma; empty before the first unit is done."""
        if not self._needed:
            return ""
        pace = (now - self._began) / (len(self._needed) + under_way)
        return f"{time_left_words(pace * (self._units - self._done - under_way))}, "

    def _words(self, state, now):
        rate = sum(self._proposals.values()) / max(now - self._began, 1e-9)
        if state.phase == "search":
            return f"searching a feasible start, {rate:,.0f} proposals/s"
        accepted = float(np.mean(state.accepted)) / max(1, state.in_round)
        rhat = f"{state.worst_rhat:.3f}" if np.isfinite(state.worst_rhat) else "pending"
        failed = f", {self._failed} without a start" if self._failed else ""
        return f"{rate:,.0f} proposals/s, acceptance {accepted:.0%}, worst R-hat {rhat}{failed}"

    def count(self, what, proposals):
        """Begin to count the proposals of one chain."""
        self._budget = proposals
        self._began = self._shown_at = time.monotonic()
        self._task = self._bar.add_task(what, total=1.0, words="")

    def advance(self, proposed, acceptance, chains):
        """Show the proposals of one chain so far."""
        now = time.monotonic()
        if not self.enabled or now - self._shown_at < (0.5 if self.live else 10.0):
            return
        self._shown_at = now
        rate = proposed * chains / max(now - self._began, 1e-9)
        words = f"{rate:,.0f} proposals/s, acceptance {acceptance:.0%}"
        self._bar.update(self._task, completed=proposed / self._budget, words=words)
        if not self.live:
            self.console.print(f"{proposed / self._budget:.0%} done, {words}", style="dim")
