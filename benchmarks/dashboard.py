"""A large search in a browser: how long its page takes, and what a refresh costs while it goes on.

    python -m benchmarks.dashboard --output docs/dashboard.md

The search has 10,000 trials of 100 epochs, of results that are made up; `klayer dashboard` serves
it in a process of its own, and Chromium opens it, on SQLite and on a PostgreSQL server.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import postgresql_server, report
from benchmarks.chromium import BROWSER, DRAWN, DRIVER, WANTED, Chromium
from benchmarks.large_search import NAME, filling
from benchmarks.timing import ROOT, NotMeasuredError, environment
from search.ledger.ledger import Ledger
from search.views.report import write_report

TARGET = "bench-dashboard"  # of make
DATABASES = ("SQLite", "PostgreSQL")
TRIALS, EPOCHS = 10_000, 100
GOING_ON = 0.9  # the share of the search that is there when its refreshes are measured
REFRESHES = 15
FIRST_DRAWN = "return document.querySelector('.plot-frame:not(.waiting) .main-svg') !== null"
FIRST_GOAL, REFRESH_GOAL, REPORT_GOAL = 2.0, 0.3, 8.0  # seconds, seconds, megabytes


@dataclass(frozen=True)
class Measured:
    """What was measured on one database.

    Attributes:
        frame: Until a page says how its search stands, in a browser that has been there before.
        sight: Until its first picture is drawn, which is in sight.
        pictures: Until all its pictures are drawn, by a reader who goes down the page at once.
        cold: As `frame`, in a browser that was never there, behind a server that has read nothing.
        refreshes: Of each answer to the browser while the search goes on.
        heaps: Of the page, at each refresh, in MB.
        report: Size of the report in MB.
    """

    frame: float
    sight: float
    pictures: float
    cold: float
    refreshes: Sequence[float]
    heaps: Sequence[float]
    report: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and write to a page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dashboard")
    parser.add_argument("--output", type=Path, help="page to write the table into")
    parser.add_argument("--trials", type=int, default=TRIALS, help="of the search")
    parser.add_argument("--only", choices=DATABASES, help="one of the databases")
    given = parser.parse_args(arguments)
    if BROWSER is None or DRIVER is None:
        sys.exit(f"benchmarks.dashboard: {WANTED}")
    report.ready("benchmarks.dashboard", given.output, TARGET)
    found: dict[str, Measured] = {}
    for name in [given.only] if given.only else DATABASES:
        try:
            with _database(name) as url:
                found[name] = measured(url, given.trials)
        except NotMeasuredError as error:
            sys.exit(f"benchmarks.dashboard: {error}")
    text = page(found, given.trials)
    report.publish(text, given.output, TARGET)


@contextmanager
def _database(name: str) -> Iterator[str]:
    with ExitStack() as stack:
        if name == "SQLite":
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            yield f"sqlite:///{folder}/large.db"
        else:
            server = stack.enter_context(postgresql_server.running())
            yield server.new_database(NAME)


def measured(url: str, trials: int) -> Measured:
    """Fill a database with the search, and look at it."""
    with Ledger(url, create=True) as ledger:
        going = filling(ledger, trials, EPOCHS)
        for count, _ in enumerate(going, start=1):
            if count % 20 == 0 and _share(ledger) >= GOING_ON:
                break
        refreshes, heaps = _while_it_goes_on(url, going)
        for _ in going:
            pass
        with tempfile.TemporaryDirectory() as folder:
            size = write_report(ledger, NAME, Path(folder) / "report.html") / 1e6
    cold = [_opened(url, times=1)[0][0] for _ in range(3)]
    (_, *warm) = _opened(url, times=6)
    return Measured(
        frame=statistics.median(frame for frame, _, _ in warm),
        sight=statistics.median(sight for _, sight, _ in warm),
        pictures=statistics.median(whole for _, _, whole in warm),
        cold=statistics.median(cold),
        refreshes=refreshes,
        heaps=heaps,
        report=size,
    )


def _share(ledger: Ledger) -> float:
    stages = ledger.read.stages(ledger.read.search(NAME))
    return sum(one.finished for one in stages) / sum(one.trials for one in stages)


@contextmanager
def _shown(url: str) -> Iterator[tuple[Chromium, str]]:
    """The dashboard in a process of its own, and a browser that was never there."""
    command = (sys.executable, "-c", "from search.cli import main; main()", "dashboard")
    process = subprocess.Popen(
        [*command, "--storage", url, "--port", "0"],
        cwd=ROOT,
        env=environment() | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith("dashboard: "):
            raise NotMeasuredError("the dashboard did not start")
        with tempfile.TemporaryDirectory() as folder, closing(Chromium(Path(folder))) as browser:
            yield browser, f"{line.split()[1]}klayer/search/{NAME}"
    finally:
        process.terminate()
        process.communicate()


def _opened(url: str, times: int) -> list[tuple[float, float, float]]:
    """Seconds until the page says how the search stands, shows a picture, and has all of them."""
    found = []
    with _shown(url) as (browser, address):
        for _ in range(times):
            browser.open("about:blank")
            began = time.perf_counter()
            browser.driver.get(address)
            browser.until(lambda: browser.text("#standing"))
            frame = time.perf_counter() - began
            browser.until(lambda: browser.run(FIRST_DRAWN))
            sight = time.perf_counter() - began
            browser.until(lambda: browser.run(DRAWN))
            found.append((frame, sight, time.perf_counter() - began))
    return found


def _while_it_goes_on(url: str, going: Iterator[object]) -> tuple[list[float], list[float]]:
    """Seconds of each answer, and MB of the page's heap, while trials come in."""
    heaps: list[float] = []
    with _shown(url) as (browser, address):
        browser.driver.get(address)
        browser.until(lambda: browser.run(DRAWN))
        time.sleep(3)
        browser.run(
            "performance.setResourceTimingBufferSize(100000); performance.clearResourceTimings();"
        )
        for _ in range(REFRESHES):
            before = time.monotonic()
            for _, _ in zip(range(3), going, strict=False):
                pass
            time.sleep(max(0.0, before + 2.0 - time.monotonic()))
            browser.run("window.gc();")
            heaps.append(browser.run("return performance.memory.usedJSHeapSize / 1e6"))
        took = browser.run(
            "return performance.getEntriesByType('resource')"
            ".filter(one => one.name.includes('_dash-update-component'))"
            ".map(one => one.duration / 1000)"
        )
    if len(took) < REFRESHES:
        raise NotMeasuredError(f"the page asked {len(took)} times, in {REFRESHES} refreshes")
    return sorted(took), heaps


def page(found: dict[str, Measured], trials: int) -> str:
    """What was measured, as Markdown."""
    rows = []
    for name, one in found.items():
        middle = statistics.median(one.refreshes)
        late = one.refreshes[int(0.95 * (len(one.refreshes) - 1))]
        rows.append(
            (
                name,
                f"{one.frame:.2f} s",
                f"{one.sight:.2f} s",
                f"{one.pictures:.2f} s",
                f"{one.cold:.2f} s",
                f"{middle:.2f} s / {late:.2f} s",
                f"{one.heaps[0]:.0f} MB / {one.heaps[-1]:.0f} MB",
                f"{one.report:.1f} MB",
            )
        )
    columns = (
        "database",
        f"page says how it stands (goal {FIRST_GOAL:g} s)",
        "its first picture drawn",
        "all pictures drawn",
        f"page says how it stands, cold (goal {FIRST_GOAL:g} s)",
        f"an answer while it goes on, median / 95 % (goal {REFRESH_GOAL:g} s)",
        f"page's heap, before / after {REFRESHES} refreshes",
        f"report (goal {REPORT_GOAL:g} MB)",
    )
    about = (
        f"A search of {trials:,} trials of {EPOCHS} epochs each. Cold is a browser that was never "
        "there, behind a server that has read nothing yet; else medians of 5 further visits. "
        "Browser and server share the machine."
    )
    return f"{about}\n\n{report.Table(columns, rows).text()}"


if __name__ == "__main__":
    main()
