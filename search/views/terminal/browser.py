"""Draws plots as SVG, PNG or PDF with kaleido and a Chromium, and never waits for them for ever.

A browser may hang: on a busy machine it is slow to start, and a wrong file in BROWSER_PATH never
answers. Kaleido waits for both without end, so each drawing has a time limit, with the start of the
browser if it is the first. A browser that misses it is killed, and one more tries once. MathJax,
which no figure uses, is left out: kaleido would load it from the network before each drawing.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import plotly.graph_objects as go
import psutil

from search.errors import KlayerError

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
        self._loop = asyncio.Runner()
        self._kaleido: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._kaleido:
                self._loop.run(self._end(gently=True))
        finally:
            self._loop.close()

    def draw(self, figure: go.Figure, form: str) -> bytes:
        """A figure as "png", "svg" or "pdf".

        Raises:
            NoBrowserError: The library or the browser is missing, or it does not answer.
        """
        try:
            from kaleido.errors import ChromeNotFoundError, KaleidoError
        except ImportError:
            raise NoBrowserError(
                "plots are drawn with kaleido and a Chrome or Chromium: "
                "pip install 'klayer[plots]'; or write .html"
            ) from None
        size = {"width": WIDTH, "height": HEIGHT, "scale": 2 if form == "png" else 1}
        faults: list[Exception] = []
        while len(faults) < TRIES:
            try:
                drawing = self._drawn(figure, {"format": form, **size})
                return self._loop.run(self._in_time(drawing))
            except ChromeNotFoundError as error:
                raise NoBrowserError(
                    "plots are drawn with Chrome or Chromium, which is not found; install one "
                    "(Debian: apt-get install chromium), or name it in BROWSER_PATH, or write .html"
                ) from error
            except (KaleidoError, RuntimeError, OSError) as error:
                faults.append(error)
        raise NoBrowserError(
            f"plots are drawn with Chrome or Chromium, which failed {TRIES} times, at last "
            f"because {_reason(faults[-1])}; try again when the machine is less busy, or name "
            "another browser in BROWSER_PATH, or write .html"
        ) from faults[-1]

    async def _drawn(self, figure: go.Figure, options: dict[str, Any]) -> bytes:
        import kaleido

        if not self._kaleido:
            self._kaleido = kaleido.Kaleido(timeout=self._limit_seconds, mathjax=False)
            await self._kaleido.open()
        return bytes(await self._kaleido.calc_fig(figure, opts=options))

    async def _in_time(self, drawing: Coroutine[Any, Any, bytes]) -> bytes:
        """What is drawn; where that fails, no browser is left."""
        task = asyncio.create_task(drawing)
        # What it raises after its browser was killed is of no interest, and asyncio would print it.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            # Not wait_for: it cancels, and then waits for kaleido to ask the browser once more.
            await asyncio.wait({task}, timeout=self._limit_seconds)
            return self._result(task)
        except BaseException:
            await self._end(gently=False)
            task.cancel()
            await asyncio.wait({task}, timeout=CLOSE_SECONDS)
            raise

    def _result(self, task: asyncio.Task[bytes]) -> bytes:
        if not task.done():
            raise TimeoutError(f"there was no drawing within {self._limit_seconds:g} s")
        if task.cancelled():  # kaleido cancels what waits for a browser that ended
            raise RuntimeError("it ended before it was drawn")
        return task.result()

    async def _end(self, *, gently: bool) -> None:
        """End the browser with all its processes, and remove its files."""
        kaleido, self._kaleido = self._kaleido, None
        process = getattr(kaleido, "subprocess", None)
        family: list[psutil.Process] = []
        if process:
            with suppress(psutil.NoSuchProcess):
                parent = psutil.Process(process.pid)
                family = [parent, *parent.children(recursive=True)]
        if process and not gently:
            _kill(family)
            process.wait()
        try:
            if kaleido:
                with suppress(OSError, RuntimeError):  # it has not ended, or not in time
                    await asyncio.wait_for(kaleido.close(), CLOSE_SECONDS)
        finally:
            _kill(family)


def _reason(fault: Exception) -> str:
    """Why there is no drawing: the first argument; some of kaleido's errors have more."""
    return str(fault.args[0]).rstrip(".") if fault.args else type(fault).__name__


def _kill(family: list[psutil.Process]) -> None:
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
