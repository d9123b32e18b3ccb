"""Where work is done: in this process, on threads, or on a Dask cluster; always through `concurrent.futures.Executor`.

Tasks are chunks of points. Nothing in an answer depends on where or in which order they are solved.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

Range = tuple[int, int]
T = TypeVar("T")

# Chunks under way for each worker: enough that none waits, few enough that a stopped run loses little.
AHEAD = 2
# Seconds that a chunk should take: long against what it costs to hand one out, short against what a stopped run may lose.
SECONDS = 2.0
LEAST_CHUNK, MOST_CHUNK = 1, 16384
# A chunk whose worker died is given to another this often.
RETRIES = 2


@contextmanager
def executor(workers: int = 1, scheduler: str | None = None) -> Iterator[tuple[Executor | None, int]]:
    """An executor and how many tasks it does at a time; None is this process itself.

    Parameters
    ----------
    workers : int
        Threads, if no scheduler is given.
    scheduler : str, optional
        A Dask cluster: ``local:N`` starts one of N processes here, ``tcp://…`` is the address of a running scheduler, anything else the
        scheduler file that it wrote.

    Raises
    ------
    OSError
        If there is no such scheduler, none answers, or Dask is not installed.
    """
    if scheduler is not None:
        yield from _dask(scheduler)
    elif workers <= 1:
        yield None, 1
    else:
        pool = ThreadPoolExecutor(workers)
        try:
            yield pool, workers
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _dask(scheduler: str) -> Iterator[tuple[Executor, int]]:
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise OSError("--scheduler needs Dask: pip install -c requirements.lock '.[dask]'") from None
    if scheduler.startswith("local:"):
        number = scheduler.removeprefix("local:")
        if not number.isdigit() or int(number) < 1:
            raise OSError(f"--scheduler {scheduler}: expected local:N with a positive number of processes")
        # One thread each: compiled loops use the others, and the numbers of threads of linear algebra change last bits.
        with (
            LocalCluster(n_workers=int(number), threads_per_worker=1, dashboard_address=None) as cluster,  # type: ignore[no-untyped-call]
            Client(cluster) as client,  # type: ignore[no-untyped-call]
        ):
            yield client.get_executor(retries=RETRIES), int(number)
        return
    given = {"address": scheduler} if "://" in scheduler else {"scheduler_file": scheduler}
    if "scheduler_file" in given and not Path(scheduler).is_file():
        raise OSError(f"--scheduler {scheduler}: no such file; expected tcp://HOST:PORT, local:N, or the file a Dask scheduler wrote")
    try:
        client = Client(**given, timeout="10s")  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError):
        raise OSError(f"--scheduler {scheduler}: no Dask scheduler answers there") from None
    with client:
        threads = sum(client.nthreads().values())  # type: ignore[no-untyped-call]
        yield client.get_executor(retries=RETRIES), max(threads, 1)  # type: ignore[no-untyped-call]


def chunks(gaps: Sequence[Range], size: int) -> list[Range]:
    """Ranges cut at multiples of `size`.

    Examples
    --------
    >>> chunks([(3, 9)], 4)
    [(3, 4), (4, 8), (8, 9)]
    """
    found = []
    for first, stop in gaps:
        cuts = [first, *range((first // size + 1) * size, stop, size), stop]
        found += [(start, end) for start, end in itertools.pairwise(cuts) if start < end]
    return found


def chunk_size(seconds_a_point: float, points: int, workers: int) -> int:
    """Points a chunk: a power of two that takes about `SECONDS`, and gives every worker several."""
    wanted = min(SECONDS / max(seconds_a_point, 1e-9), points / (4 * workers))
    size = LEAST_CHUNK
    while 2 * size <= min(wanted, MOST_CHUNK):
        size *= 2
    return size


def execute(tasks: Sequence[Range], function: Callable[[int, int], T], pool: Executor | None, width: int) -> Iterator[tuple[Range, T]]:
    """Answers to all tasks as they come; a task that a lost worker took with it is handed out again.

    Raises
    ------
    RuntimeError
        If a task is lost again and again.
    """
    if pool is None:
        for task in tasks:
            yield task, function(*task)
        return
    waiting = list(reversed(tasks))
    tries: dict[Range, int] = {}
    running: dict[Future[T], Range] = {}
    try:
        while waiting or running:
            while waiting and len(running) < AHEAD * width:
                task = waiting.pop()
                running[pool.submit(function, *task)] = task
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                task = running.pop(future)
                try:
                    answer = future.result()
                except (OSError, MemoryError, KeyboardInterrupt):
                    raise
                except Exception as error:
                    tries[task] = tries.get(task, 0) + 1
                    if tries[task] > RETRIES:
                        raise RuntimeError(f"points {task[0]} to {task[1]}: {type(error).__name__}: {error}") from error
                    waiting.append(task)
                    continue
                yield task, answer
    finally:
        for future in running:
            future.cancel()
