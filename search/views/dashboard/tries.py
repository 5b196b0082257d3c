"""Wrong passwords, counted, so that nobody tries them one after another."""

import threading
import time
from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 60.0
MOST = 10  # wrong passwords from one address within the window
MOST_OF_ALL = 100  # from all addresses, however many somebody has


class Tries:
    """Wrong passwords of the last minute. May be used by several threads.

    Args:
        clock: Seconds since any moment.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: deque[tuple[float, str]] = deque()  # never longer than MOST_OF_ALL
        self._lock = threading.Lock()

    def wait_seconds(self, address: str) -> int:
        """For how long this address may try no more; 0 if it may."""
        with self._lock:
            now = self._clock()
            while self._wrong and self._wrong[0][0] <= now - WINDOW_SECONDS:
                self._wrong.popleft()
            own = [time for time, who in self._wrong if who == address]
            if len(own) >= MOST:
                first = own[-MOST]
            elif len(self._wrong) >= MOST_OF_ALL:
                first = self._wrong[0][0]
            else:
                return 0
            return int(first + WINDOW_SECONDS - now) + 1

    def wrong(self, address: str) -> None:
        """Count a wrong password."""
        with self._lock:
            self._wrong.append((self._clock(), address))
            while len(self._wrong) > MOST_OF_ALL:
                self._wrong.popleft()
