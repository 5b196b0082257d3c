"""Download one file over HTTP, tried again after a break, with a progress bar, and its MD5 checked.

pooch downloads, tenacity decides when to try again, rich shows the bar.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pooch
import requests
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from search.errors import DataError

_CHUNK_BYTES = 1 << 16
_TIMEOUT_SECONDS = 30  # of silence; the whole download may take longer


@dataclass(frozen=True)
class Patience:
    """How often and how slowly a broken download is tried again.

    Attributes:
        attempts: How many there are in all.
        longest_wait_seconds: Upper bound of the random wait before another attempt; the bound
            doubles from attempt to attempt until it is this long.
    """

    attempts: int = 4
    longest_wait_seconds: float = 8.0


USUAL = Patience()


def download(url: str, md5: str, file: Path, progress: Console | None, patience: Patience) -> None:
    """Write what stands at `url` into `file`.

    Args:
        url: The address.
        md5: The published checksum, in hexadecimal digits.
        file: Where to write; what a broken attempt wrote there is overwritten.
        progress: Where to show a bar; None shows nothing.
        patience: How often to try.

    Raises:
        DataError: The server refuses, the connection breaks each time, or the checksum is another.
        OSError: The file cannot be written.
    """
    retrying = Retrying(
        stop=stop_after_attempt(patience.attempts),
        wait=wait_random_exponential(max=patience.longest_wait_seconds),
        retry=retry_if_exception(_may_pass),
        reraise=True,
    )
    try:
        with _bar(progress, file.name) as bar:
            retrying(_attempt, url, file, bar)
    except requests.HTTPError as error:
        code, reason = error.response.status_code, error.response.reason
        raise DataError(
            f"{url}: the server answered {code} {reason}; expected the archive"
        ) from error
    except (requests.RequestException, ValueError) as error:
        raise DataError(
            f"{url}: cannot be downloaded ({_cause(error)}); expected a connection that "
            "lasts; the same command tries again"
        ) from error
    found = pooch.file_hash(str(file), alg="md5")
    if found != md5:
        raise DataError(f"{url}: the download has MD5 {found}; expected the published {md5}")


def _attempt(url: str, file: Path, bar: "_Bar | None") -> None:
    with ExitStack() as answers:

        def close_later(answer: requests.Response, **_: object) -> None:
            answers.callback(answer.close)

        downloader = pooch.HTTPDownloader(
            progressbar=bar or False,
            chunk_size=_CHUNK_BYTES,
            timeout=_TIMEOUT_SECONDS,
            # The checksum is that of the archive as it is, not of what a server repacks.
            headers={"Accept-Encoding": "identity"},
            # pooch leaves the connection open when an attempt fails.
            hooks={"response": close_later},
        )
        downloader(url, str(file), None)


def _may_pass(error: BaseException) -> bool:
    """Whether another attempt may succeed where this one failed."""
    if isinstance(error, requests.HTTPError):
        return error.response.status_code in (408, 425, 429, 500, 502, 503, 504)
    return isinstance(
        error,
        requests.ConnectionError | requests.Timeout | requests.exceptions.ChunkedEncodingError,
    )


def _cause(error: BaseException) -> str:
    """The innermost reason of a network error, without the layers that carried it."""
    while error.args and isinstance(error.args[0], BaseException):
        error = error.args[0]
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):
        return _cause(reason)
    return str(error) or type(error).__name__


class _Bar:
    """The progress object that pooch fills, shown by rich."""

    def __init__(self, shown: Progress, title: str) -> None:
        self.shown = shown
        self.task = shown.add_task(title, total=None)

    @property
    def total(self) -> float | None:
        return self.shown.tasks[0].total

    @total.setter
    def total(self, size: int) -> None:
        # pooch sets it when an attempt begins; 0 means that the server did not say.
        self.shown.reset(self.task, total=size or None)

    def update(self, count: int) -> None:
        self.shown.update(self.task, advance=count)

    def reset(self) -> None:
        self.shown.update(self.task, completed=0)

    def close(self) -> None:
        self.shown.refresh()


@contextmanager
def _bar(console: Console | None, title: str) -> Iterator[_Bar | None]:
    if console is None:
        yield None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as shown:
        yield _Bar(shown, title)
