"""What searches of one family have on real images after equal times: klayer beside Optuna 5.

    python -m benchmarks.equal_time FOLDER --results FILE --output docs/search-quality.md
    python -m benchmarks.equal_time --minutes 0.3 --seeds 1  # on digits: figures mean nothing

FOLDER holds CIFAR-10. Contender after contender searches for some minutes in two processes, seed
by seed; a seed splits the rows, alike for all. What each found is appended to a file as soon as it
is there, so that an interrupted run goes on where it stood; a contender that fails is left out.
"""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import kept, machine, report
from benchmarks.equal_time_family import NAME, study_text
from benchmarks.equal_time_tables import KLAYER, PEERS, Result, page
from benchmarks.real_images import folder_of
from benchmarks.service import finish, start, storage
from benchmarks.setting import say
from benchmarks.timing import NotMeasuredError, output
from model.data import cifar10, digits, prepared
from model.data.source import Source
from model.errors import DataFileError

TARGET = "bench-equal"  # of make
MINUTES, SEEDS, WORKERS = 10.0, 5, 2
CONTENDERS = (KLAYER, *PEERS)
SLACK = 300  # seconds beyond its time that a contender may take to end
AGAIN = 2  # times its search that the incumbents of klayer may take to be trained again


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is not there yet, print, and write to a page."""
    given = _arguments(arguments)
    report.ready("benchmarks.equal_time", given.output, TARGET)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that children are ended
    try:
        data = folder_of(given.folder)
    except DataFileError as error:
        sys.exit(f"benchmarks.equal_time: {error}")
    results, failed = kept.read(Result, given.results), False
    there = {(one.contender, one.seed) for one in results if one.minutes == given.minutes}
    for seed in range(1, given.seeds + 1):
        missing = [one for one in given.only or CONTENDERS if (one, seed) not in there]
        for result in searched(missing, seed, given.minutes, data):
            failed |= isinstance(result, str)
            if isinstance(result, str):
                say(f"failed: {result}")
                continue
            results.append(result)
            kept.keep(given.results, [result])
            say(f"{len(result.ended)} trainings; {result.note}")
    chosen = [one for one in results if one.minutes == given.minutes]
    if chosen:
        report.publish(
            page(chosen, machine.description(), real=data is not None), given.output, TARGET
        )
    if failed or not chosen:
        sys.exit("benchmarks.equal_time: not all was measured")


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.equal_time")
    parser.add_argument("folder", nargs="?", help="holds CIFAR-10; without it digits, to try it")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of each (%(default)g)")
    parser.add_argument(
        "--seeds",
        type=int,
        default=SEEDS,
        help="searches of each (%(default)s), 0 to tell what is there",
    )
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, metavar="CONTENDER")
    parser.add_argument("--results", type=Path, help="file of results, to go on with")
    parser.add_argument("--output", type=Path, help="page to write the tables into")
    given = parser.parse_args(arguments)
    if given.seeds < 0:
        parser.error(f"--seeds must be 0 or more, not {given.seeds}")
    if given.output and not given.folder:
        parser.error("--output: figures of digits mean nothing; give the folder of CIFAR-10")
    if not 0 < given.minutes <= 1_000:
        parser.error(f"--minutes must be above 0 and at most 1000, not {given.minutes:g}")
    return given


@dataclass(frozen=True)
class Setting:
    """One seed as all contenders get it.

    Attributes:
        seed: Of the split and of the draws.
        minutes: How long each searches.
        folder: For all that is made.
        data: The folder of the images; None for digits.
        source: Where they are read from.
        images: The standardised images, in the cache that klayer is given.
    """

    seed: int
    minutes: float
    folder: Path
    data: Path | None
    source: Source
    images: prepared.Prepared


def searched(
    contenders: Sequence[str], seed: int, minutes: float, data: Path | None
) -> Iterator[Result | str]:
    """What each contender found; in place of it, why one failed."""
    if not contenders:
        return
    with tempfile.TemporaryDirectory(prefix="equal-time-") as name:
        folder, source = Path(name), digits.source() if data is None else cifar10.source(data)
        images = prepared.prepare(
            source,
            folder / "cache" / "klayer" / "prepared",
            validation=300 if data is None else 5_000,
            seed=seed,
        )
        test = prepared.test_set(images, source)
        np.save(folder / "test_x.npy", np.concatenate(list(test.blocks())))
        np.save(folder / "test_y.npy", test.targets)
        setting = Setting(seed, minutes, folder, data, source, images)
        for contender in contenders:
            say(f"{contender}, seed {seed}")
            try:
                told = ours(setting) if contender == KLAYER else peer(contender, setting)
            except (NotMeasuredError, RuntimeError, OSError, ValueError) as error:
                yield f"{contender}, seed {seed}: {error}"
            else:
                yield Result(contender=contender, seed=seed, minutes=minutes, **told)


def ours(setting: Setting) -> dict[str, Any]:
    """`klayer run` with a study file, and its incumbents once more."""
    folder, database = setting.folder, setting.folder / "klayer.db"
    held_out = len(setting.images.validation)
    text = study_text(setting.source.name, held_out, setting.seed, setting.minutes)
    (folder / f"{NAME}.toml").write_text(text, "utf-8")
    began = time.time()
    command = ["run", f"{NAME}.toml", "--workers", str(WORKERS), *storage(database)]
    finish(start(command, folder, setting.data), 60 * setting.minutes + SLACK)
    say("its incumbents once more")
    command = ["benchmarks.equal_time_klayer", str(database), str(folder / "cache"), str(began)]
    return _told(
        [*command, *([] if setting.data is None else [str(setting.data)])],
        AGAIN * 60 * setting.minutes + SLACK,
        machine.klayer_kernels(),
    )


def peer(contender: str, setting: Setting) -> dict[str, Any]:
    """Optuna with PyTorch, for the same time."""
    began = time.time()
    job = {
        "contender": contender,
        "seed": setting.seed,
        "folder": str(setting.images.folder),
        "tests": str(setting.folder),
        "training": len(setting.images.training),
        "workers": WORKERS,
        "storage": str(setting.folder / f"{contender}.db"),
        "began": began,
        "until": began + 60 * setting.minutes,
    }
    seconds = 60 * setting.minutes + SLACK
    return _told(["benchmarks.equal_time_peers", json.dumps(job)], seconds)


def _told(command: Sequence[str], most_seconds: float, kernels: str = "") -> dict[str, Any]:
    told: dict[str, Any] = json.loads(
        output([sys.executable, "-m", *command], most_seconds, kernels)
    )
    return told


if __name__ == "__main__":
    main()
