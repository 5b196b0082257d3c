"""What a process does where a session of somebody else's locks what it is to write: it waits on.

Its lease is renewed meanwhile, so that nothing is lost and nobody else waits at the same place.
"""

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from search.ledger.ledger import Ledger

TOLD_SECONDS = 30.0  # for so long it is locked before anything is said
AGAIN_SECONDS = 3600.0  # then nothing more is said for so long


@contextmanager
def waiting_for_locks(
    ledger: Ledger, tell: Callable[[str], object], should_stop: Callable[[], bool]
) -> Iterator[None]:
    """Let a ledger wait for locks as long as they last, and tell of one that lasts.

    Args:
        ledger: The database.
        tell: Takes a line.
        should_stop: Asked between tries; once it holds, the ledger's patience ends them.
    """
    told = -math.inf

    def waits(seconds: float) -> bool:
        nonlocal told
        now = time.monotonic()
        if seconds >= TOLD_SECONDS and now - told >= AGAIN_SECONDS:
            told = now
            tell(
                f"{ledger.database.shown}: for {seconds:.0f} s another session has locked what is "
                "to be written; waiting until it ends (`klayer doctor` looks which it is)"
            )
        return not should_stop()

    ledger.database.waits_for_locks = waits
    try:
        yield
    finally:
        ledger.database.waits_for_locks = None


def say(line: str) -> None:
    """Say a line where a process has nobody to tell."""
    sys.stderr.write(f"klayer: {line}\n")
