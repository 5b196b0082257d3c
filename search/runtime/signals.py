"""Signals that ask a process to stop: counted, and told, instead of ending it.

They are SIGINT (Ctrl-C), SIGTERM (from whatever keeps services) and SIGHUP (the terminal was
closed). A SIGHUP that is ignored stays ignored: that is how `nohup` starts a process.
"""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class StopRequests:
    """The requests to stop that came so far.

    Attributes:
        count: How many.
    """

    count: int = 0

    def any(self) -> bool:
        """Whether there was one."""
        return self.count > 0


@contextmanager
def stop_requests(
    on_request: Callable[[int, int], None], numbers: Sequence[int] = NUMBERS
) -> Iterator[StopRequests]:
    """Count the signals that ask to stop until the block ends; then put their handlers back.

    Python runs handlers in the main thread alone; in another thread nothing is counted.

    Args:
        on_request: Called by the handler, with the signal's number and the count that it is in. It
            interrupts the main thread between any two steps, so it should only set values or
            raise: what it raises is raised there.
        numbers: The signals.
    """
    requests = StopRequests()

    def count(number: int, _: FrameType | None) -> None:
        requests.count += 1
        on_request(number, requests.count)

    heard: Sequence[int] = ()
    if threading.current_thread() is threading.main_thread():
        heard = [n for n in numbers if n != signal.SIGHUP or signal.getsignal(n) != signal.SIG_IGN]
    before = {number: signal.signal(number, count) for number in heard}
    try:
        yield requests
    finally:
        for number, handler in before.items():
            # None stands for a handler that was not set by Python and cannot be put back by it.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
