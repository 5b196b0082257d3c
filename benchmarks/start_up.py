"""Part 7: from a command to its first answer."""

import time
from pathlib import Path

from benchmarks.report import Section, Table
from benchmarks.rounds import Spread, counted
from benchmarks.service import finish, has_epochs, start, storage
from benchmarks.setting import Setting, say

HELP, FIRST = "klayer --help", "klayer run digits, to the first recorded epoch"
WHOLE = "klayer run digits, to its end"
POLL_SECONDS = 0.01


def run(setting: Setting) -> Section:
    """Medians of several starts, one worker a core."""
    folder = setting.folder / "start-up"
    folder.mkdir()
    found: list[tuple[float, float]] = []

    def seconds(label: str) -> float:
        if label == HELP:
            began = time.perf_counter()
            finish(start(["--help"], folder))
            return time.perf_counter() - began
        if label == FIRST:
            found.append(_digits(folder / f"{len(found)}.db", setting))
            return found[-1][0]
        return found[-1][1]

    finish(start(["--help"], folder))  # its files are in the page cache from now on
    rounds = setting.rounds if setting.quick else max(setting.rounds, 5)
    gathered: dict[str, list[float]] = {HELP: [], FIRST: [], WHOLE: []}
    for number in range(rounds):
        say(f"round {number + 1}/{rounds}: start-up")
        for label, figures in gathered.items():
            figures.append(seconds(label))
    spreads = {label: Spread.of(figures) for label, figures in gathered.items()}
    return Section(
        "7. Start-up",
        [Table(["", "seconds"], [[label, one.text(2)] for label, one in spreads.items()])],
        {"help": spreads[HELP].median, "first epoch": spreads[FIRST].median},
        [f"{counted(rounds)}; the embedded digits, {setting.processes} workers."],
    )


def _digits(database: Path, setting: Setting) -> tuple[float, float]:
    """Seconds to the first epoch in the database, and to the end."""
    began = time.perf_counter()
    options = ["--workers", str(setting.processes), *storage(database)]
    child = start(["run", "digits", *options], database.parent)
    while not has_epochs(database) and child.poll() is None:
        time.sleep(POLL_SECONDS)
    first = time.perf_counter() - began
    finish(child)
    return first, time.perf_counter() - began
