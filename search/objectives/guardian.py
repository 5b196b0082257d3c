"""A process between a worker and a user's program, which ends the program when the worker ends.

A script for the interpreter that runs klayer, started as `python -I -S guardian.py`: it imports the
standard library alone, and little of that, since each trial of a command waits for it. It reads its
order from standard input, starts the program in a session of its own, writes to standard output the
program's process id and at last its exit status (a line each; negative for a signal), and exits. A
program that cannot be started is the line `errno N` in place of the process id.

Standard input stays open for as long as the worker wants the program. When it is closed, which the
kernel does for a killed worker, the program is ended with everything that it started: SIGTERM, then
SIGKILL after a grace period. Whatever the program leaves running at its own end is ended likewise.
On Linux that includes processes that left the program's group, because orphans become children of
this process; elsewhere it is the process group.
"""

# Neither pathlib nor contextlib, which would double the time that this script takes to start.
# ruff: noqa: PTH110, PTH123, PTH208, SIM105

import marshal
import os
import select
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing takes long to import
    from collections.abc import Callable

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
PARENT_CHECK_SECONDS = 1.0
# What no SIGKILL ends for so long, such as a process of another user, is left to the system.
GIVE_UP_SECONDS = 10.0


def main() -> None:
    """Start the program that the worker asks for, and see to its end."""
    heard, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    # Handlers rather than SIG_IGN, which the program would inherit.
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])

    size = int.from_bytes(_read_exactly(8), "big")
    worker, arguments, environment, kept_open, grace_seconds = marshal.loads(_read_exactly(size))  # noqa: S302 (from the worker)
    family = Family(arguments, environment)
    for file in kept_open:
        os.close(file)

    last_words = b""
    ending = False
    while family.status is None and not ending:
        ready, _, _ = select.select([0, heard], [], [], PARENT_CHECK_SECONDS)
        if heard in ready:
            ending = signal.SIGTERM in os.read(heard, 512)
        if 0 in ready:
            read = os.read(0, 512)
            last_words += read
            ending = ending or not read
        # A process that the worker forked may hold the pipe open beyond the worker's end.
        ending = ending or os.getppid() != worker
        family.reap()
    family.end(float(last_words or grace_seconds))
    _say(str(-signal.SIGKILL if family.status is None else family.status))


class Family:
    """The program and everything that it started.

    Attributes:
        status: The program's exit status once it has ended, negative for a signal.
    """

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        self.status: int | None = None
        self._prctl = _prctl()
        self._adopts = self._prctl is not None and not self._prctl(PR_SET_CHILD_SUBREAPER, 1)
        failed, fail = os.pipe()  # closed by a successful exec
        try:
            self._program = os.fork()
        except OSError as error:
            _say(f"errno {error.errno}")
            sys.exit()
        if self._program == 0:
            self._become(arguments, environment, fail)
        os.close(fail)
        errno = os.read(failed, 16).decode()
        if errno:
            _say(f"errno {errno}")
            sys.exit()
        _say(str(self._program))

    def _become(self, arguments: list[str], environment: dict[str, str], fail: int) -> None:
        """Turn this process, a fork of the guardian, into the program."""
        errno = 0
        try:
            os.setsid()
            if self._prctl is not None:  # not even a killed guardian leaves its program behind
                self._prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(2, 1)
            for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores
                signal.signal(number, signal.SIG_DFL)
            os.execvpe(arguments[0], arguments, environment)  # noqa: S606
        except OSError as error:
            errno = error.errno or 0
        finally:
            os.write(fail, str(errno).encode())
            os._exit(127)

    def reap(self) -> bool:
        """Collect ended children; True if none is left."""
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return False
                if pid == self._program:
                    self.status = os.waitstatus_to_exitcode(status)
        except ChildProcessError:
            return self._adopts or not _sent(os.killpg, self._program, 0)

    def end(self, grace_seconds: float) -> None:
        """SIGTERM to all, SIGKILL after the grace period; return when all are gone."""
        if self.reap():
            return
        told = set(self._signal(signal.SIGTERM))
        kill_at = time.monotonic() + grace_seconds
        pause = 0.005
        while not self.reap() and time.monotonic() < kill_at + GIVE_UP_SECONDS:
            if time.monotonic() >= kill_at:
                self._signal(signal.SIGKILL)
            elif self._adopts:
                # An orphan that was being started just then has missed it. Children of those that
                # still run are theirs: they may be what saves a checkpoint.
                missed = set(_children().get(os.getpid(), ())) - told
                told |= {pid for pid in missed if _sent(os.kill, pid, signal.SIGTERM)}
            time.sleep(pause)
            pause = min(2 * pause, 0.1)

    def _signal(self, number: int) -> list[int]:
        """Send a signal to all; returns the ones that took it, where they are known."""
        if self._adopts:
            return [pid for pid in _descendants() if _sent(os.kill, pid, number)]
        _sent(os.killpg, self._program, number)
        return []


def _descendants() -> list[int]:
    """This process's children, their children, and so on."""
    children = _children()
    found = [os.getpid()]
    for pid in found:  # grows while it is read
        found += children.get(pid, [])
    return found[1:]


def _children() -> dict[int, list[int]]:
    """The children of each process, as /proc shows them."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    parent = int(file.read().rpartition(b")")[2].split()[1])
            except (OSError, IndexError):  # it has ended
                continue
            children.setdefault(parent, []).append(int(name))
    return children


def _sent(send: "Callable[[int, int], None]", pid: int, number: int) -> bool:
    try:
        send(pid, number)
    except OSError:
        return False
    return True


def _prctl() -> "Callable[[int, int], int] | None":
    """Linux's `prctl`; None where there is none, or no /proc to find descendants in."""
    if sys.platform != "linux" or not os.path.exists("/proc/self/stat"):
        return None
    try:
        import ctypes

        return ctypes.CDLL(None).prctl
    except (ImportError, OSError, AttributeError):
        return None


def _read_exactly(size: int) -> bytes:
    read = b""
    while len(read) < size:
        more = os.read(0, size - len(read))
        if not more:
            sys.exit()  # the worker ended before it gave its order
        read += more
    return read


def _say(line: str) -> None:
    try:
        os.write(1, f"{line}\n".encode())
    except BrokenPipeError:  # the worker has ended
        pass


if __name__ == "__main__":
    main()
