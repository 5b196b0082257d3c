"""Prepare a CSV file several times as large as the memory that the process may take.

    python -m benchmarks.large_table --gigabytes 2 --limit-megabytes 400

The limit is RLIMIT_DATA: heap and all other private memory that can be written, which is what a
process takes for itself; pages of mapped files, which the system takes back as it needs, are not in
it. The peak that is printed is that of RssAnon, sampled, which is the resident part of the same.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

NUMBERS, CATEGORIES = 50, 10
BLOCK_ROWS = 10_000
SAMPLE_SECONDS = 0.02


def write(path: Path, size: int) -> int:
    """Write a table of at least `size` bytes; how many rows it has.

    Rows repeat after `BLOCK_ROWS` but for one number of each. A tenth of one column is missing.
    """
    draw = np.random.default_rng(0)
    numbers = draw.normal(size=(BLOCK_ROWS, NUMBERS)).round(5).astype(str)
    numbers[draw.random(BLOCK_ROWS) < 0.1, 0] = ""
    categories = draw.integers(0, 8, (BLOCK_ROWS, CATEGORIES)).astype(str)
    labels = np.where(draw.random(BLOCK_ROWS) < 0.5, "yes", "no")
    ends = [
        ",".join([*row, *(f"kind {one}" for one in kinds), label])
        for row, kinds, label in zip(numbers, categories, labels, strict=True)
    ]
    names = [f"n{i}" for i in range(NUMBERS)], [f"c{i}" for i in range(CATEGORIES)]
    rows = 0
    with path.open("w", encoding="ascii") as file:
        file.write(",".join(["first", *names[0], *names[1], "label"]) + "\n")
        while file.tell() < size:
            firsts = draw.normal(size=BLOCK_ROWS).tolist()
            file.writelines(f"{first:.6f},{end}\n" for first, end in zip(firsts, ends, strict=True))
            rows += BLOCK_ROWS
    return rows


def prepare(path: Path, cache: Path, limit: int) -> str:
    """Prepare the table within the limit, in bytes; the peak, as it is to be told."""
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    from model.data import prepared
    from model.data.own_table import OwnTable, Parts
    from model.data.table_options import TableOptions

    peak, is_done = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not is_done.wait(SAMPLE_SECONDS):
            peak = max(peak, _of_status("RssAnon"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        own = OwnTable(path, TableOptions(("label",)), Parts(), 1, cache)
        ready = prepared.keep(own.fold(), cache)
    finally:
        is_done.set()
        watcher.join()
    shape = ready.both.x.shape
    return (
        f"peak {peak / 1e6:,.0f} MB, {_of_status('VmHWM') / 1e6:,.0f} MB with pages of files; "
        f"{shape[0]:,} rows of {shape[1]:,} inputs to train on and to choose by"
    )


def _of_status(key: str) -> int:
    """Bytes that /proc/self/status has under a key."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    (line,) = (line for line in lines if line.startswith(f"{key}:"))
    return 1024 * int(line.split()[1])


def main(arguments: list[str] | None = None) -> None:
    """Write a table, and prepare it in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large_table")
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--limit-megabytes", type=float, default=400.0)
    parser.add_argument("--folder", type=Path, help="for the table and what is made of it")
    parser.add_argument("--prepare", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    limit = int(given.limit_megabytes * 1e6)
    if given.prepare is not None:
        sys.stdout.write(prepare(given.prepare, given.folder, limit) + "\n")
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as place:
        table = Path(place) / "large.csv"
        rows = write(table, int(given.gigabytes * 1e9))
        command = [sys.executable, "-m", "benchmarks.large_table", "--prepare", str(table)]
        command += ["--folder", place, "--limit-megabytes", str(given.limit_megabytes)]
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - began
        size = table.stat().st_size
    if done.returncode:
        raise SystemExit(f"the table could not be prepared:\n{done.stderr}")
    sys.stdout.write(
        f"{size / 1e6:,.0f} MB, {rows:,} rows; limit {limit / 1e6:,.0f} MB, "
        f"{size / limit:.1f} times less; {done.stdout.strip()}; {seconds:,.0f} s\n"
    )


if __name__ == "__main__":
    main()
