"""Blocks as tasks of Dask: any cluster, or processes of this machine; imported where it is asked for."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from pm_dalec.sampling.cluster.tasks import Tasks, check_versions, versions_here
from pm_dalec.sampling.progress import stopped_by_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from distributed import Client, LocalCluster

LOCAL = "local"
RETRIES = 2  # of a block whose task failed, on any worker
PAUSE = 0.05  # s between two looks at what is done
ENDED = ("closed", "failed")  # states of a process that Dask does not start again
BETWEEN = 5.0  # s between two looks at the workers
COMES_BACK = 600.0  # s for a killed process of this machine; a busy one needs half a minute
PATIENCE = 120.0  # s without any worker of this machine, though lost ones are started again
STARTED: WeakKeyDictionary = (
    WeakKeyDictionary()
)  # processes of the clusters that `local_cluster` made


def check_client(client: Client | str | None) -> None:
    """Refuse what is no client, before anything is compiled.

    Parameters
    ----------
    client : Client, str or None

    Raises
    ------
    TypeError, ValueError
    """
    advice = "pass client='local' for processes of this machine"
    wanted = "wanted client as a distributed.Client, the address of a scheduler or 'local', got "
    if isinstance(client, str):
        if client != LOCAL and ":" not in client:
            raise ValueError(f"{wanted}{client!r}; an address is like 'tcp://node1:8786'; {advice}")
    elif client is not None and not hasattr(client, "scheduler_info"):
        raise TypeError(f"{wanted}{type(client).__name__}; {advice}")


@contextmanager
def opened(client: Client | str, workers: int) -> Iterator[Client]:
    """Client of Dask; what is made here is closed at the end, what was given is not.

    Parameters
    ----------
    client : Client or str
        A `distributed.Client`, the address of a scheduler, or "local" for processes of this machine
        with one thread each.
    workers : int
        Processes of "local".

    Raises
    ------
    ImportError
    """
    distributed = _distributed()
    if isinstance(client, distributed.Client):
        yield client
        return
    if client != LOCAL:
        with distributed.Client(client) as made:
            yield made
        return
    with local_cluster(workers) as cluster, distributed.Client(cluster) as made:
        yield made


def local_cluster(workers: int, **how: object) -> LocalCluster:
    """Workers of this machine that hold one block each.

    A worker that holds a second one takes both along when it dies, and Dask blames both.

    Parameters
    ----------
    workers : int
    **how
        Further arguments of `distributed.LocalCluster`.
    """
    distributed = _distributed()
    import dask  # comes with distributed

    known = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": ":0"}
    with dask.config.set({"distributed.scheduler.worker-saturation": 1.0}):
        made = distributed.LocalCluster(**(known | how))
    if how.get("processes", True):
        STARTED[made] = workers
    return made


def _distributed():
    try:
        import distributed  # an extra, which only who asks for a cluster needs
    except ImportError as fault:
        raise ImportError(
            "wanted Dask for client=, found no package 'distributed'; install it with "
            "pip install 'pm_dalec[dask]', or run parts with `pm-dalec calibrate-region --part`"
        ) from fault
    return distributed


def pickled(parts: object) -> bytes:
    """Bytes from which any worker makes the same, functions of a script included.

    Parameters
    ----------
    parts : object
    """
    from distributed.protocol.pickle import dumps

    return dumps(parts)


def by_dask(
    tasks: Tasks,
    client: Client,
    numbers: list[int],
    *,
    done: Callable[[object], None],
    stopped: Callable[[], bool],
    tell: Callable[[str], None] = lambda words: None,
) -> dict[int, str]:
    """Do tasks on a cluster.

    Parameters
    ----------
    tasks : Tasks
    client : Client
    numbers : list of int
        Of those that are to be done.
    done : callable
        Told what a task has made.
    stopped : callable
        Whether somebody wants to stop.
    tell : callable
        Told that there is no worker.

    Returns
    -------
    dict of int to str
        Why tasks failed, by number.

    Raises
    ------
    ConnectionError
        If the scheduler is lost, or all processes of this machine.
    """
    for where, versions in client.run(versions_here, on_error="ignore").items():  # one may just die
        check_versions(tasks.versions, versions, where)
    with _lost_ones_come_back(client):
        return _done(tasks, client, numbers, done, stopped, tell)


@contextmanager
def _lost_ones_come_back(client):
    """Block in which Dask waits for a killed process of this machine to come back.

    It would close what comes back later than after 15 s, with the task that it has begun by then.
    """
    import dask

    longer = {"distributed.deploy.lost-worker-timeout": f"{COMES_BACK:.0f}s"}
    local = isinstance(client.cluster, _distributed().LocalCluster)
    with dask.config.set(longer if local else {}):
        yield


def _done(tasks, client, numbers, done, stopped, tell):
    """Why tasks failed, by number, when all have ended."""
    how = {
        "pure": False,
        "retries": RETRIES,
    }  # nothing is scattered: it would be lost with its worker
    begun = {client.submit(*tasks.call(number), **how): number for number in numbers}
    ready, failed, watch = _distributed().as_completed(begun), {}, Watch(client, tell)
    try:
        while ready.count() and not stopped():
            batch = ready.next_batch(block=False)
            for future in batch:
                if _settled(future, begun[future], tasks, client, done, failed):
                    del begun[future]
                    future.release()
                else:
                    ready.add(future)
            watch.look()
            if not batch:
                time.sleep(PAUSE)
    finally:
        if begun and client.status == "running":
            client.cancel(list(begun), force=True)
    return failed


def done_by(
    client: Client | str,
    tasks: Tasks,
    count: int,
    *,
    workers: int,
    tell: Callable[[str], object],
    what: str,
) -> None:
    """Do the tasks that are not done, or say which failed and why.

    Parameters
    ----------
    client : Client or str
        As for `opened`, and ``workers`` too.
    tasks : Tasks
    count : int
        Of all of them.
    workers : int
    tell : callable
        Called with a sentence.
    what : str
        The tasks are called in sentences.

    Raises
    ------
    RuntimeError, KeyboardInterrupt
    """
    missing = [number for number in range(count) if tasks.found(number) is None]
    if not missing:
        return
    left = [count - len(missing)]

    def done(_):
        left[0] += 1
        tell(f"{left[0]} of {count} {what}")

    with opened(client, workers) as made, stopped_by_interrupt() as stop:
        failed = by_dask(tasks, made, missing, done=done, stopped=stop.is_set, tell=tell)
        if stop.is_set():
            raise KeyboardInterrupt("what is done is kept; call again to go on")
    if failed:
        reasons = "; ".join(dict.fromkeys(failed.values()))
        raise RuntimeError(
            f"wanted {count} {what}, got {len(failed)} that failed: {reasons}; the others are kept: mend the "
            "cause, and call again to go on"
        )


class Watch:
    """Eye on a cluster while its tasks run.

    Parameters
    ----------
    client : Client
        Processes of this machine that `local_cluster` started are started again when they are lost;
        the queue of any other cluster may keep workers for hours.
    tell : callable
    """

    def __init__(self, client, tell):
        self.client, self.tell = client, tell
        self.local = STARTED.get(client.cluster, 0) if client.cluster else 0
        self.patience = PATIENCE if self.local else np.inf
        self._looked = self._seen = time.monotonic()
        self._told = False

    def look(self) -> None:
        """Start lost workers of this machine again, say that there is none, and give up in the end.

        Raises
        ------
        ConnectionError
        """
        if self.client.status != "running":
            raise _lost(self.client)
        now = time.monotonic()
        if now - self._looked < BETWEEN:
            return
        self._looked = now
        there = len(self.client.nthreads())
        if there < self.local:
            start_again(self.client.cluster, self.local)
        if there:
            self._seen, self._told = now, False
        elif now - self._seen > self.patience:
            raise ConnectionError(
                "wanted workers, lost all of them; finished units are kept: call again to go on, with more "
                "memory or fewer workers"
            )
        elif not self._told:
            self.tell("no worker at present; waiting")
            self._told = True


def start_again(cluster: LocalCluster, workers: int) -> None:
    """Start processes of this machine that are lost; those that live are left alone.

    Dask drops a process that is killed while it comes back, and puts none in its place.

    Parameters
    ----------
    cluster : LocalCluster
    workers : int
        Wanted.
    """
    for name, nanny in list(cluster.workers.items()):
        if nanny.status.name in ENDED:
            cluster.workers.pop(name, None)
    cluster.scale(workers)  # opens what is named and not there


def _settled(future, number, tasks, client, done, failed):
    """Whether a task has ended for good; it is done again where its worker died before it told."""
    if future.status == "error":
        failed[number] = _reason(future.exception())
        tasks.note(number, failed[number])
        return True
    made = tasks.found(number)
    if made is not None:  # on the disk, whatever became of the worker
        done(made)
    elif future.status == "cancelled":
        raise _lost(client)
    return made is not None


def _lost(client):
    return ConnectionError(
        f"wanted the scheduler of the cluster ({client.scheduler.address if client.scheduler else ''}), "
        "lost it; finished units are kept: start the cluster again, and call again to go on"
    )


def _reason(fault):
    """Words for what a task ended with; a worker that died has no words of its own."""
    words = " ".join(str(fault).split())
    if type(fault).__name__ == "KilledWorker":
        return (
            f"its worker died {fault.allowed_failures + 1} times, out of memory or killed; give workers "
            "more memory, or look at their logs"
        )
    return f"{type(fault).__name__}: {words}"
