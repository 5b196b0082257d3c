"""Part 4: experiment C4 whole, `klayer run` beside Optuna + PyTorch, from command to result."""

import json
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.overhead import Breakdown, breakdown
from benchmarks.peer_plan import EPOCHS
from benchmarks.real_images import STUDY, Experiment, experiment
from benchmarks.report import Section, Table
from benchmarks.rounds import Spread, counted, ratio, take_turns
from benchmarks.service import cohorts, exported, finish, start, storage
from benchmarks.setting import Setting, say
from benchmarks.timing import output

OURS, PEER = "klayer run", "Optuna + PyTorch"
MOST_ROUNDS = 2  # of some three minutes each
MOST_SECONDS = 1_800  # of one contender, which takes about two minutes


@dataclass(frozen=True)
class Searched:
    """One run of the 40 trainings.

    Attributes:
        epochs: That the 40 trials were trained in all.
        search: Seconds from the command to the last search stage's end.
        whole: Seconds from the command to its end.
        values: Stage, λ and value of each of the 40 trials.
        parts: Where the time of klayer's workers went, up to the last search stage's end.
        whole_parts: Likewise, up to the command's end.
    """

    epochs: int
    search: float
    whole: float
    values: Sequence[dict[str, Any]]
    parts: Breakdown | None = None
    whole_parts: Breakdown | None = None


def run(setting: Setting) -> Section:
    """Both contenders in turn; and klayer's own estimate."""
    wanted = experiment(setting.folder, setting.data, quick=setting.quick)
    estimate = _estimate(setting, wanted)
    count = {OURS: 0, PEER: 0}

    def once(label: str) -> Searched:
        count[label] += 1
        database = setting.folder / f"c4-{'klayer' if label == OURS else 'peer'}-{count[label]}.db"
        return (_ours if label == OURS else _peer)(setting, wanted, database)

    measured = take_turns([OURS, PEER], min(setting.rounds, MOST_ROUNDS), once, say)
    ours, peer = measured.of(OURS), measured.figures.get(PEER, [])
    figures = _overheads(ours) | _estimate_error(ours, estimate)
    times = [
        [f"{OURS}, the 40 trainings", _seconds([one.search for one in ours]), _rate(ours), "1"],
        [
            f"{OURS}, whole: finalists, final and test too",
            _seconds([one.whole for one in ours]),
            "",
            "",
        ],
    ]
    if peer:
        times_ours = ratio([one.search for one in peer], [one.search for one in ours])
        figures["C4"] = times_ours.median
        times.append(
            [
                f"{PEER}, the 40 trainings",
                _seconds([one.search for one in peer]),
                _rate(peer),
                times_ours.text(2),
            ]
        )
    else:
        times.append([PEER, f"does not run here: {measured.reasons[PEER]}", "", ""])
    columns = ["", "seconds", "epochs a second", "times klayer's"]
    tables = [Table(columns, times), _where(ours), _plan(ours, estimate)]
    found = {OURS: ours[0]} | ({PEER: peer[0]} if peer else {})
    tables.append(_values(found))
    return Section(
        f"4. Experiment C4 whole, {setting.processes} workers",
        tables,
        figures,
        [_about(wanted, measured.rounds)],
    )


def _ours(setting: Setting, wanted: Experiment, database: Path) -> Searched:
    began = time.time()
    command = ["run", STUDY, "--workers", str(setting.processes), *wanted.options]
    finish(start([*command, *storage(database)], setting.folder, wanted.data), MOST_SECONDS)
    ended = time.time()
    found = cohorts(database)
    searching = [one for one in found if one.kind == "search"]
    last = max(one.finished for one in searching)
    stages = {one.stage for one in searching}
    trials = exported(STUDY, database, setting.folder)["trials"]
    trials = [one for one in trials if one["stage"] in stages]
    values = [{"stage": one["stage"], "value": one["value"], **one["parameters"]} for one in trials]
    workers = setting.processes
    return Searched(
        sum(len(one["reports"]) for one in trials),
        last - began,
        ended - began,
        values,
        breakdown(searching, workers, began, last),
        breakdown(found, workers, began, ended),
    )


def _peer(setting: Setting, wanted: Experiment, database: Path) -> Searched:
    command = [sys.executable, "-m", "benchmarks.optuna_pytorch", str(wanted.prepared)]
    command += ["--training", str(wanted.training), "--workers", str(setting.processes)]
    began = time.time()
    out = output([*command, "--storage", str(database)], MOST_SECONDS)
    seconds = time.time() - began
    values = json.loads(out)
    return Searched(EPOCHS * len(values), seconds, seconds, values)


def _estimate(setting: Setting, wanted: Experiment) -> dict[str, Any]:
    """What `klayer plan` says."""
    command = ["plan", STUDY, "--workers", str(setting.processes), *wanted.options, "--json"]
    told: dict[str, Any] = json.loads(finish(start(command, setting.folder, wanted.data)))
    return told


def _overheads(ours: Sequence[Searched]) -> dict[str, float]:
    search = [one.parts.overhead for one in ours if one.parts]
    whole = [one.whole_parts.overhead for one in ours if one.whole_parts]
    return {
        "overhead of the 40 trainings": statistics.median(search),
        "overhead of the whole": statistics.median(whole),
    }


def _estimate_error(ours: Sequence[Searched], estimate: dict[str, Any]) -> dict[str, float]:
    truth = statistics.median(one.whole for one in ours)
    return {"estimate": abs(estimate["seconds"] / truth - 1)}


def _where(ours: Sequence[Searched]) -> Table:
    rows = []
    for title, some in (
        ("the 40 trainings", [one.parts for one in ours if one.parts]),
        ("whole", [one.whole_parts for one in ours if one.whole_parts]),
    ):
        kinds = some[0].shares()
        rows += [[title, name, _percent([p.shares()[name] for p in some])] for name in kinds]
    return Table(
        ["up to", "what", "share of the workers' time"],
        rows,
        "Where the time of klayer's workers goes, between the command and the end:",
    )


def _plan(ours: Sequence[Searched], estimate: dict[str, Any]) -> Table:
    truth = Spread.of([one.whole for one in ours])
    off = estimate["seconds"] / truth.median - 1
    stages = [f"{stage['name']} {stage['seconds']:.0f}" for stage in estimate["stages"]]
    row = [f"{estimate['seconds']:.0f} ({', '.join(stages)})", truth.text(0), f"{100 * off:+.0f} %"]
    return Table(["`klayer plan` says, seconds", "it took", "difference"], [row])


def _values(runs: Mapping[str, Searched]) -> Table:
    rows = []
    for name, run_of in runs.items():
        for stage in dict.fromkeys(one["stage"] for one in run_of.values):
            some = [one for one in run_of.values if one["stage"] == stage and one["value"]]
            best = max(some, key=lambda one: float(one["value"]))
            middle = statistics.median(one["value"] for one in some)
            found = [_percent([best["value"]], 2), f"{best['weight_decay']:.1e}"]
            rows.append([name, stage, str(len(some)), *found, _percent([middle], 2)])
    columns = ["", "stage", "trials", "best value", "at λ", "median value"]
    return Table(columns, rows, "What each found, in its first run:")


def _about(wanted: Experiment, rounds: int) -> str:
    images = "real images" if wanted.real else "stand-in images: values mean nothing"
    return (
        f"{counted(rounds)}; {images}, standardised beforehand, the same arrays for both. "
        "The peer draws, trains and stores 40 values; klayer also keeps every epoch's figures of "
        "every trial, and can be stopped and resumed. The peer has neither finalists nor a final."
    )


def _seconds(figures: Sequence[float]) -> str:
    return Spread.of(figures).text(1)


def _rate(runs: Sequence[Searched]) -> str:
    """Epochs of all workers a second, from the command to the last search stage's end."""
    return Spread.of([one.epochs / one.search for one in runs]).text(2)


def _percent(shares: Sequence[float], digits: int = 1) -> str:
    return f"{100 * statistics.median(shares):.{digits}f} %"
