"""Draws plots as SVG, PNG or PDF with kaleido and a Chromium, and never waits for them for ever.

A browser may hang: on a busy machine it is slow to start, and a wrong file in BROWSER_PATH never
answers. Kaleido waits for both without end, and within one process what it keeps of a browser that
failed can take the answers of the next. So each browser has a process of its own to run kaleido in,
and each drawing a time limit, with the start of the browser if it is the first. Where that is
missed, the process and all below it are killed, and one more tries once. MathJax, which no figure
uses, is left out: kaleido would load it from the network before each drawing.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from multiprocessing import Pipe
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import plotly.graph_objects as go
import psutil

from search.errors import KlayerError

SCRIPT = Path(__file__).with_name("drawing.py")
LIMIT_SECONDS = 60.0
TRIES = 2
CLOSE_SECONDS = 10.0
WIDTH, HEIGHT = 1000, 600  # in pixels; PNGs have twice as many


class NoBrowserError(KlayerError):
    """There is nothing that draws plots, or it does not answer."""


class Browser:
    """Draws plots, all of them with one browser, which takes a second to start.

    It is started with the first drawing, and ended with the block, in which this is to be used.

    Args:
        limit_seconds: How long a drawing may take, before another browser tries.
    """

    def __init__(self, limit_seconds: float = LIMIT_SECONDS) -> None:
        self._limit_seconds = limit_seconds
        self._process: _DrawingProcess | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process:
            self._process.end(CLOSE_SECONDS)

    def draw(self, figure: go.Figure, form: str) -> bytes:
        """A figure as "png", "svg" or "pdf".

        Raises:
            NoBrowserError: The library or the browser is missing, or it does not answer.
        """
        if not find_spec("kaleido"):
            raise NoBrowserError(
                "plots are drawn with kaleido and a Chrome or Chromium: "
                "pip install 'klayer[plots]'; or write .html"
            )
        scale = 2 if form == "png" else 1
        options = {"format": form, "width": WIDTH, "height": HEIGHT, "scale": scale}
        fault = ""
        for _ in range(TRIES):
            self._process = self._process or _DrawingProcess()
            try:
                answer = self._process.draw(figure.to_plotly_json(), options, self._limit_seconds)
            except BaseException:
                self._end_at_once()
                raise
            if isinstance(answer, bytes):
                return answer
            self._end_at_once()
            kind, fault = answer
            if kind == "ChromeNotFoundError":
                raise NoBrowserError(
                    "plots are drawn with Chrome or Chromium, which is not found; install one "
                    "(Debian: apt-get install chromium), or name it in BROWSER_PATH, or write .html"
                )
        raise NoBrowserError(
            f"plots are drawn with Chrome or Chromium, which failed {TRIES} times, at last "
            f"because {fault}; try again when the machine is less busy, or name another browser in "
            "BROWSER_PATH, or write .html"
        )

    def _end_at_once(self) -> None:
        process, self._process = self._process, None
        if process:
            process.end(0)


class _DrawingProcess:
    """A process that runs kaleido, with a folder for the files of both it and its browser."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="klayer-")
        self._connection, theirs = Pipe()
        with theirs:
            self._process = psutil.Popen(
                [sys.executable, "-P", str(SCRIPT), str(theirs.fileno())],
                env={**os.environ, "TMPDIR": self._folder},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for klayer, which ends it
            )

    def draw(
        self, figure: Mapping[str, Any], options: Mapping[str, Any], seconds: float
    ) -> bytes | tuple[str, str]:
        """The drawing, or the name and the reason of what went wrong."""
        try:
            self._connection.send((figure, options))
            if not self._connection.poll(seconds):
                return "TimeoutError", f"there was no drawing within {seconds:g} s"
            answer: bytes | tuple[str, str] = self._connection.recv()
        except (EOFError, OSError):
            return "EOFError", "it ended before it was drawn"
        return answer

    def end(self, grace_seconds: float) -> None:
        """End the process with all below it, and remove their files.

        Args:
            grace_seconds: How long it may take to end by itself.
        """
        family = [self._process, *self._process.children(recursive=True)]
        self._connection.close()
        with suppress(psutil.TimeoutExpired):
            self._process.wait(grace_seconds)
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
