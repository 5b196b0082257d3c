"""The process in which a user's function trains, run by the user's own interpreter.

    python host.py REQUESTS REPLIES trial|cohort FUNCTION

It runs in the folder of the study file, with any Python from 3.9, needs nothing of klayer and
imports nothing but the standard library. FUNCTION is "train.py:train" or "package.module:train".
One trial after another is read from the file descriptor REQUESTS and answered on REPLIES, in JSON
lines; stdin, stdout and stderr stay the user's. It ends when REQUESTS is closed.

The function is called with the hyperparameters by name, the seed, and `report`:

    def train(parameters, seed, report):
        for step in range(1, 11):
            ...
            report(step=step, loss=0.4)      # or report({"step": step, "loss": 0.4})
        return 0.4                           # the score; or metrics by name; or None

`step` may be left out; it then counts from 1. Instead of calling `report`, the function may be a
generator that yields such mappings. Values may be numbers of any library, also arrays of one
element. A function that has a parameter `checkpoints` is given a folder (a `Path`) to keep files
in, which is the same when the trial is taken up again. When a trial is pruned or stopped, `report`
raises `TrialStopped`; the function may clean up, and must let it pass.

Where the study file trains several points at once (`cohort = 8`), the function is called with
lists, and each report names the place of its point in them, from 0:

    def train(points, seeds, report):
        report(2, step=1, loss=0.4)          # a generator yields (2, {"step": 1, "loss": 0.4})
        return losses                        # a score, metrics or None for each point; or None

`checkpoints` is then a list of folders.
"""

from __future__ import annotations

import faulthandler
import importlib
import importlib.util
import inspect
import io
import json
import operator
import os
import select
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

KLAYERS_FOLDER = Path(__file__).resolve().parents[3]
KLAYERS_PACKAGES = frozenset({"model", "search", "studies"})
NOT_THE_USERS = (__file__, importlib.__file__, "<frozen importlib")  # frames of a traceback
MOST_FRAMES = 8


class TrialStopped(BaseException):
    """Raised by `report` when the trial is pruned or stopped: clean up, and let it pass."""


class FunctionError(Exception):
    """The function cannot be found, or cannot be called as it is going to be."""


class UsersPackages:
    """Keeps klayer's packages from standing in for packages of the same name of the user.

    The user's folder comes first on the path, but a folder without `__init__.py` would still yield
    to a package of klayer further down.
    """

    def find_spec(self, name: str, _: Any, target: Any = None) -> Any:
        """Find what bears the name of a package of klayer, anywhere but in klayer's folder."""
        if name not in KLAYERS_PACKAGES:
            return None
        folders = [folder for folder in sys.path if Path(folder).resolve() != KLAYERS_FOLDER]
        for finder in sys.meta_path:
            found = None if finder is self else finder.find_spec(name, folders, target)
            if found is not None:
                return found
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)


class Channel:
    """Two pipes to the worker. Anything that comes in while a trial is trained asks to stop it."""

    def __init__(self, requests: int, replies: int) -> None:
        self._requests, self._replies = requests, replies
        self._unread = b""
        self._lock = threading.RLock()  # the function may report from several threads
        self._poll = select.poll()
        self._poll.register(requests, select.POLLIN)
        for descriptor in (requests, replies):
            os.set_inheritable(descriptor, False)
        os.register_at_fork(after_in_child=self._leave)

    def _leave(self) -> None:
        """Close the pipes in a forked child, so that they end with this process alone."""
        os.close(self._requests)
        os.close(self._replies)
        self._replies = -1

    def receive(self) -> Any:
        """The next request; None when there will be none."""
        while b"\n" not in self._unread:
            part = os.read(self._requests, 1 << 16)
            if not part:
                return None
            self._unread += part
        line, _, self._unread = self._unread.partition(b"\n")
        return json.loads(line)

    def send(self, reply: object) -> None:
        """Send one reply; wait where the worker is behind with reading."""
        line = memoryview(json.dumps(reply).encode() + b"\n")
        with self._lock:
            while line:
                line = line[os.write(self._replies, line) :]

    def report(self, place: int, record: Mapping[str, object]) -> None:
        """Send a report, unless the trial is to stop."""
        if self._replies < 0:
            raise RuntimeError("report() was called in a process that the function forked")
        with self._lock:
            if self._unread or self._poll.poll(0):
                raise TrialStopped("the trial was pruned or stopped")
            self.send({"place": place, "record": record})


class Reports:
    """The `report` of one trial or cohort, until it is closed."""

    def __init__(self, channel: Channel, points: int, until: int | None = None) -> None:
        self._channel: Channel | None = channel
        self._steps = [0] * points
        self._until = until

    def close(self) -> None:
        """Take no more: what a thread still reports would count for the next trial."""
        self._channel = None

    def of_trial(self, record: Any = None, /, **metrics: Any) -> None:
        """Report metrics of the only point, by name."""
        self.of_place(0, record, **metrics)

    def of_pair(self, pair: Any) -> None:
        """Report what a generator yields for several points."""
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise TypeError(
                f'a generator yields a place and metrics, (0, {{"loss": 1}}), not {pair!r}'
            )
        self.of_place(*pair)

    def of_place(self, place: Any, record: Any = None, /, **metrics: Any) -> None:
        """Report metrics of the point at a place, by name."""
        if not hasattr(place, "__index__") or not 0 <= place < len(self._steps):
            last = len(self._steps) - 1
            raise ValueError(f"report: the place of a point is 0 to {last}, not {place!r}")
        if record is not None and not isinstance(record, Mapping):
            raise TypeError(f"report: metrics have names, as in report(loss=0.4), not {record!r}")
        if self._channel is None:
            raise RuntimeError("report() was called after its trial had ended")
        named = {**(record or {}), **metrics}
        step = named.pop("step", self._steps[place] + 1)
        if not hasattr(step, "__index__"):
            raise TypeError(f"report: step is a whole number, not {step!r}")
        self._steps[place] = operator.index(step)
        self._channel.report(
            operator.index(place), {"step": self._steps[place], **numbers(named, "report: ")}
        )
        if self._until is not None and min(self._steps) >= self._until:
            raise TrialStopped("the trial has come to where it is compared with others")


def numbers(metrics: Mapping[Any, Any], where: str) -> dict[str, float]:
    """Metrics as plain numbers."""
    return {str(name): number(value, f"{where}{name}") for name, value in metrics.items()}


def number(value: Any, name: str) -> float:
    """A number of any library as one of Python's."""
    if not isinstance(value, (int, float, str, bytes)):
        with suppress(Exception):  # whatever the library raises for an array of several
            value = value.item() if hasattr(value, "item") else float(value)
    if not isinstance(value, (int, float)):
        raise TypeError(f"{name} is one number, not {value!r:.100}")
    return value


class UsersFunction(NamedTuple):
    """A function that can be called.

    Attributes:
        call: The function.
        cohort: Whether it takes lists.
        takes_checkpoints: Whether it takes `checkpoints`.
    """

    call: Callable[..., Any]
    cohort: bool
    takes_checkpoints: bool


def load(text: str, cohort: bool) -> UsersFunction:
    """Find the function.

    Raises:
        FunctionError: There is no such file, module or function, or it takes other arguments.
        BaseException: What the user's file raises when it is loaded.
    """
    where, _, name = text.rpartition(":")
    if not (where and name):
        raise FunctionError(f"{text} is not of the form train.py:train or package.module:train")
    module = _module(where)
    call = getattr(module, name, None)
    if not callable(call):
        known = ", ".join(key for key, value in vars(module).items() if inspect.isfunction(value))
        raise FunctionError(f"{where} has no function {name}; it has {known or 'none'}")
    if inspect.iscoroutinefunction(call) or inspect.isasyncgenfunction(call):
        raise FunctionError(f"{where}: {name} is async; give a function that calls asyncio.run")
    try:
        signature = inspect.signature(call)
    except ValueError:  # of a compiled function: it does not say
        return UsersFunction(call, cohort, takes_checkpoints=False)
    takes_checkpoints = "checkpoints" in signature.parameters
    names = ["points", "seeds", "report"] if cohort else ["parameters", "seed", "report"]
    more = {"checkpoints": None} if takes_checkpoints else {}
    try:
        signature.bind(*names, **more)
    except TypeError as error:
        would = f"{name}({', '.join([*names, *more])})"
        found = f"{where}: {name}{signature}"
        raise FunctionError(f"{found} cannot be called as {would}: {error}") from None
    return UsersFunction(call, cohort, takes_checkpoints)


def _module(where: str) -> Any:
    """The user's module, by its name or from its file.

    A file is loaded under its own name, so that what is pickled in it is found by child processes.
    """
    if not where.endswith(".py"):
        try:
            return importlib.import_module(where)
        except ModuleNotFoundError as error:
            if not f"{where}.".startswith(f"{error.name}."):
                raise  # what is missing is a module that it imports
            raise FunctionError(
                f"there is no module {where} in {Path.cwd()} or the packages of {sys.executable}"
            ) from None
    path = Path(where).resolve()
    if not path.is_file():
        raise FunctionError(f"there is no file {where} in {Path.cwd()}")
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))  # as Python does for a script
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FunctionError(f"{path} is no file that Python can load")
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def train(function: UsersFunction, request: Mapping[str, Any], channel: Channel) -> list[Any]:
    """Call the function; what it returns for each point."""
    points, seeds = request["points"], request["seeds"]
    folders = _made(request["checkpoints"]) if function.takes_checkpoints else []
    more: dict[str, Any] = {}
    with closing(Reports(channel, len(points), request.get("until"))) as reports:
        if function.cohort:
            if function.takes_checkpoints:
                more["checkpoints"] = folders
            returned = function.call(points, seeds, reports.of_place, **more)
            if inspect.isgenerator(returned):
                returned = _drawn(returned, reports.of_pair)
        else:
            if function.takes_checkpoints:
                more["checkpoints"] = folders[0]
            returned = function.call(points[0], seeds[0], reports.of_trial, **more)
            if inspect.isgenerator(returned):
                returned = _drawn(returned, reports.of_trial)
            returned = [returned]
    if returned is None:
        returned = [None] * len(points)
    results = list(returned) if isinstance(returned, Iterable) else [returned]
    if len(results) != len(points):
        raise ValueError(f"the function returned {len(results)} results for {len(points)} points")
    return [_result(result) for result in results]


def _made(folders: Iterable[str | None]) -> list[Path | None]:
    """The folders of checkpoints, for a function that keeps any."""
    made = [None if folder is None else Path(folder) for folder in folders]
    for folder in made:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
    return made


def _drawn(generator: Any, report: Callable[[Any], None]) -> Any:
    """Report what a generator yields; what it returns at the end."""
    with closing(generator):
        while True:
            try:
                record = next(generator)
            except StopIteration as end:
                return end.value
            report(record)


def _result(returned: Any) -> Any:
    if returned is None:
        return None
    if isinstance(returned, Mapping):
        return numbers(returned, "the returned ")
    return number(returned, "the returned score")


def told(error: BaseException) -> dict[str, str]:
    """An error in one line, and its traceback with the user's own frames alone."""
    whole = traceback.TracebackException.from_exception(error)
    part: traceback.TracebackException | None = whole
    while part is not None:
        frames = [f for f in part.stack if not f.filename.startswith(NOT_THE_USERS)]
        part.stack = traceback.StackSummary.from_list(frames[-MOST_FRAMES:])
        part = part.__cause__ or part.__context__
    line = f"{type(error).__name__}: {error}".splitlines()[0].rstrip(": ")
    return {"error": line, "traceback": "".join(whole.format()).rstrip()}


class Surroundings:
    """The working folder, and where output goes, for each trial as the first one finds them."""

    def __init__(self) -> None:
        self._folder = os.getcwd()  # noqa: PTH109
        self._outputs = [os.dup(1), os.dup(2)]
        self._streams = {"stdout": sys.stdout, "stderr": sys.stderr}

    def restore(self) -> None:
        """Undo what a trial may have done to them."""
        with suppress(OSError):  # the folder was removed: the trial will say so where it matters
            os.chdir(self._folder)
        for number, (name, stream) in enumerate(self._streams.items(), start=1):
            os.dup2(self._outputs[number - 1], number)
            if stream is None or getattr(stream, "closed", False):
                stream = open(number, "w", 1, errors="replace", closefd=False)  # noqa: SIM115
                self._streams[name] = stream
            setattr(sys, name, stream)


def serve(function: UsersFunction, channel: Channel) -> None:
    """Train one trial after another, until there are no more or the process is not sound."""
    channel.send({"ready": True})
    surroundings = Surroundings()
    sound = True
    while sound:
        request = channel.receive()
        if request is None:
            return
        if "points" not in request:
            continue  # it asked to stop a trial that had just ended
        surroundings.restore()
        reply: dict[str, object]
        try:
            reply = {"results": train(function, request, channel)}
        except TrialStopped:
            reply = {"stopped": True}
        except BaseException as error:
            sound = isinstance(error, Exception) and not isinstance(error, MemoryError)
            reply = {**told(error), "sound": sound}
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):  # the user's: they may be closed, or others
                stream.flush()
        channel.send(reply)


def main(requests: str, replies: str, kind: str, text: str) -> None:
    """Load the function, and serve."""
    own = Path(__file__).resolve().parent
    sys.path[:] = [str(Path.cwd()), *(f for f in sys.path if Path(f).resolve() != own)]
    sys.meta_path.insert(0, UsersPackages())
    sys.argv[1:] = []
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True)  # nothing is lost when the process is killed
    faulthandler.enable()
    channel = Channel(int(requests), int(replies))
    try:
        function = load(text, kind == "cohort")
    except FunctionError as fault:
        channel.send({"fault": str(fault)})
    except BaseException as error:
        how = told(error)
        channel.send({**how, "fault": f"{text} cannot be loaded: {how['error']}"})
    else:
        serve(function, channel)


if __name__ == "__main__":
    main(*sys.argv[1:])
