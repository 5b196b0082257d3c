"""Forked processes that work side by side, of which none waits for one that has failed."""

import multiprocessing
from collections.abc import Callable
from multiprocessing import connection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier


def run(work: Callable[[int, "Barrier"], None], count: int) -> int:
    """Run `work(number, together)` in each of `count` processes, numbered from 0.

    When one fails the others are ended at once: they might wait for it at the barrier for ever.

    Args:
        work: What each process does.
        count: How many there are; so many meet at the barrier `together`.

    Returns:
        0, or the exit code of the first that failed: 1 for an exception, whose traceback it has
        written on standard error, and -N for signal N.
    """
    context = multiprocessing.get_context("fork")  # the imports are done once for all
    together = context.Barrier(count)
    processes = [context.Process(target=work, args=(one, together)) for one in range(count)]
    for process in processes:
        process.start()
    running = list(processes)
    try:
        while running:
            ready = connection.wait([process.sentinel for process in running])
            for ended in [process for process in running if process.sentinel in ready]:
                running.remove(ended)
                ended.join()
                if ended.exitcode:
                    return ended.exitcode
        return 0
    finally:
        for process in running:
            process.terminate()
            process.join()
