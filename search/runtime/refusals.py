"""What the system may refuse to any process: open files, processes, threads, memory, room.

Such a fault comes from wherever the limit is met. It is no fault of klayer's, so it is told in one
message that says what may help.
"""

import errno
import os

from search.errors import UnforeseenError

_ROOM = "klayer needs room on the disk and in /dev/shm, and the right to write there"
_ADVICE = {
    errno.EMFILE: "raise the limit of open files (`ulimit -n`), or use fewer --workers",
    errno.ENFILE: "the whole machine has too many files open",
    errno.EAGAIN: "raise the limit of processes and threads (`ulimit -u`), or use fewer --workers",
    errno.ENOMEM: "use fewer --workers, or a machine with more memory",
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EROFS: _ROOM,
}


class RefusedError(UnforeseenError):
    """The system refuses what klayer needs."""


def refusal(error: BaseException, doing: str = "klayer cannot go on") -> RefusedError | None:
    """What to say of an error by which the system refused something; None for any other.

    Args:
        error: As it was raised, maybe while such an error was handled.
        doing: What cannot be done.
    """
    where = ""
    if isinstance(error, MemoryError):
        number = errno.ENOMEM
    elif isinstance(error, RuntimeError) and str(error) == "can't start new thread":
        number = errno.EAGAIN
    elif isinstance(error, OSError) and error.errno in _ADVICE:
        number = error.errno
        where = "" if error.filename is None else f": {error.filename}"
    else:
        before = error.__cause__ or error.__context__
        return None if before is None else refusal(before, doing)
    return RefusedError(
        f"{doing}: {os.strerror(number)}{where}; {_ADVICE[number]}. What is finished is kept."
    )
