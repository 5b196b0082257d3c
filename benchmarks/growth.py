"""Part 6: how time grows with members, width, depth, batch size and rows, one table each."""

import statistics
from dataclasses import replace

from benchmarks.problem import Problem
from benchmarks.report import Section, Table
from benchmarks.rounds import Spread, counted, take_turns
from benchmarks.setting import Setting, say
from benchmarks.throughput import klayer

EPOCHS = 2
MOST_ROUNDS = 3
MEMBERS = 8
ROWS = 9_000  # a fifth of the standard problem's, so that the part ends in minutes


def run(setting: Setting) -> Section:
    """Seconds a trial and epoch, and GFLOP/s, each time with one thing changed."""
    standard = setting.problem if setting.quick else Problem(rows=ROWS, validation=1_000)
    tables = [_table(setting, name, cases) for name, cases in _sweeps(standard, setting.quick)]
    about = (
        f"A cohort of {MEMBERS} of {standard.name} unless the first column says otherwise, "
        f"batch {standard.batch_size}, {standard.rows:,} rows; {setting.processes} processes at "
        f"once, one thread each; {counted(min(setting.rounds, MOST_ROUNDS))}. GFLOP/s are of a "
        "process, its evaluation counted as time alone."
    )
    return Section("6. Growth", tables, notes=[about])


Case = tuple[str, int, Problem]


def _sweeps(standard: Problem, quick: bool) -> list[tuple[str, list[Case]]]:
    def some(values: tuple[int, ...]) -> tuple[int, ...]:
        return values[:2] if quick else values

    rows = standard.rows
    return [
        ("members", [(str(m), m, standard) for m in some((1, 2, 4, 8, 16, 32))]),
        (
            "width of both hidden layers",
            [
                (str(w), MEMBERS, replace(standard, widths=(w, w)))
                for w in some((10, 50, 100, 200, 400))
            ],
        ),
        (
            "hidden layers of 50",
            [(str(k), MEMBERS, replace(standard, widths=(50,) * k)) for k in some((1, 2, 4, 8))],
        ),
        (
            "batch size",
            [
                (str(b), MEMBERS, replace(standard, batch_size=b))
                for b in some((10, 50, 100, 200, 1000))
            ],
        ),
        (
            "rows",
            [
                (f"{n:,}", MEMBERS, replace(standard, rows=n))
                for n in (rows // 4, rows // 2, rows, *(() if quick else (5 * rows,)))
            ],
        ),
    ]


def _table(setting: Setting, name: str, cases: list[Case]) -> Table:
    known = {label: (members, problem) for label, members, problem in cases}

    def each(label: str) -> float:
        members, problem = known[label]
        taken = setting.seconds(klayer(members), setting.processes, EPOCHS, problem)
        return statistics.mean(map(statistics.mean, taken)) / members

    rounds = min(setting.rounds, MOST_ROUNDS)
    measured = take_turns(list(known), rounds, each, lambda text: say(f"{name}: {text}"))
    rows = []
    for label, (_, problem) in known.items():
        seconds = Spread.of(measured.of(label))
        rate = problem.epoch_operations / seconds.median / 1e9
        rows.append([label, seconds.text(4), f"{rate:.0f}"])
    return Table([name, "seconds a trial and epoch", "GFLOP/s"], rows)
