"""What the ledger's benchmark found, as tables, and the figures that its goals are held against."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.goals import Goal
from benchmarks.ledger_pool import Tally
from benchmarks.report import Section, Table
from benchmarks.rounds import Spread, ratio

STACK, SINGLE, PEER = "klayer, cohorts of 8", "klayer, cohorts of 1", "Optuna"
OURS = (STACK, SINGLE)
CONTENDERS = (*OURS, PEER)
GOAL_WORKERS = 8
RECORDED = 10  # epochs of each trial, in the cells that record any

Cell = tuple[str, int, int]  # contender, trials in the search, workers


@dataclass
class Found:
    """All that was measured on one database.

    Attributes:
        name: Of the database.
        about: Its version and settings.
        trials: How many there are in the searches, in rising order.
        workers: How many worked at once, in rising order.
        cells: The tally of each round.
        recorded: Likewise, of the cells that record epochs.
        alone: The tally of one worker that worked for a while, by contender.
        prepared: What preparing took, by contender and trials.
        reasons: Why a cell could not be measured.
    """

    name: str
    about: str
    trials: Sequence[int]
    workers: Sequence[int]
    cells: dict[Cell, list[Tally]] = field(default_factory=dict)
    recorded: dict[Cell, list[Tally]] = field(default_factory=dict)
    alone: dict[str, Tally] = field(default_factory=dict)
    prepared: dict[tuple[str, int], Mapping[str, float]] = field(default_factory=dict)
    reasons: dict[Cell, str] = field(default_factory=dict)

    def times(self, cell: Cell, of: str) -> Spread | None:
        """How many times another contender's rate a cell's is, round by round."""
        mine, other = self.cells.get(cell), self.cells.get((of, *cell[1:]))
        return _ratio(mine, other, lambda tally: tally.rate)

    def growth(self, cell: Cell) -> Spread | None:
        """How many times as long a claim takes as among the fewest trials, round by round."""
        contender, _, workers = cell
        first = self.cells.get((contender, self.trials[0], workers))
        return _ratio(self.cells.get(cell), first, lambda tally: tally.claim(0.5))


def sections(found: Sequence[Found], rounds: str) -> list[Section]:
    """All that was found, as a page shows it."""
    return [
        Section(
            "1. Trials a second",
            [_rates(one) for one in found],
            notes=[
                f"{rounds}, in which the three take turns. A trial is claimed and handed in, "
                "without any epoch. A cohort of 8 is what the stages of real searches mostly have.",
                *_notes(found),
            ],
        ),
        Section(
            "2. Milliseconds of a claim, the median and the 99th of 100",
            [_claims(one) for one in found],
        ),
        Section("3. Beginning", [_opening(one) for one in found]),
        Section(
            f"4. With {RECORDED} epochs of each trial recorded", [_recorded(one) for one in found]
        ),
        Section(
            "5. A worker's own memory",
            [_memory(one) for one in found],
            notes=[
                "Resident anonymous pages. These workers' process has not made the trials, as the "
                "others' has, but only taken up the search, as a worker does that joins it."
            ],
        ),
    ]


def goals(found: Sequence[Found]) -> list[Goal]:
    """What is asked on each database."""
    asked = []
    for one in found:
        most, fewest = one.trials[-1], one.trials[0]
        at = f"{one.name}, {GOAL_WORKERS} workers"
        asked += [
            *(
                Goal(f"{at}: {label}, times Optuna's trials", f"{one.name}: {label}", 5.0)
                for label in OURS
            ),
            Goal(
                f"{at}: a claim among {most:,} trials, times one among {fewest:,}",
                f"{one.name}: growth",
                2.0,
                at_least=False,
            ),
            Goal(
                f"{one.name}: a worker's memory, MB more every 1,000 trials",
                f"{one.name}: memory",
                0.1,
                at_least=False,
            ),
        ]
    return asked


def figures(found: Sequence[Found]) -> dict[str, float]:
    """What the goals are held against; of several searches or cohorts, the worst."""
    known: dict[str, float] = {}
    for one in found:
        for label in OURS:
            beside = [one.times((label, trials, GOAL_WORKERS), PEER) for trials in one.trials]
            known |= _worst(f"{one.name}: {label}", min, beside)
        grown = [one.growth((label, one.trials[-1], GOAL_WORKERS)) for label in OURS]
        known |= _worst(f"{one.name}: growth", max, grown)
        slopes = [slope(one.alone[label].memory) for label in OURS if label in one.alone]
        if slopes:
            known[f"{one.name}: memory"] = max(slopes)
    return known


def slope(memory: Sequence[tuple[int, float]]) -> float:
    """Megabytes that a worker's memory grows by every 1,000 trials, in the later half of them.

    0 where it did too little to tell. The caches of the database's driver are full by then.
    """
    later = [one for one in memory if one[0] >= memory[-1][0] / 2]
    trials, sizes = [one[0] for one in later], [one[1] for one in later]
    if len(set(trials)) < 2:
        return 0.0
    return 1_000 * statistics.linear_regression(trials, sizes).slope


def _worst(
    name: str, choose: Callable[[list[float]], float], spreads: Sequence[Spread | None]
) -> dict[str, float]:
    medians = [one.median for one in spreads if one is not None]
    return {name: choose(medians)} if medians else {}


def _ratio(
    above: Sequence[Tally] | None, below: Sequence[Tally] | None, of: Callable[[Tally], float]
) -> Spread | None:
    if not above or not below or len(above) != len(below):
        return None
    figures = [of(one) for one in above], [of(one) for one in below]
    return ratio(*figures) if all(one > 0 for one in figures[1]) else None


def _rates(one: Found) -> Table:
    rows = []
    for trials in one.trials:
        for workers in one.workers:
            cells = [(label, trials, workers) for label in CONTENDERS]
            beside = [one.times(cell, PEER) for cell in cells[:-1]]
            rows.append(
                [
                    f"{trials:,}",
                    str(workers),
                    *(_rate(one.cells.get(cell)) for cell in cells),
                    *(times.text(1) if times else "" for times in beside),
                ]
            )
    titles = ["trials in the search", "workers", *CONTENDERS]
    return Table([*titles, "times Optuna's: of 8", "of 1"], rows, f"{one.name} {one.about}:")


def _rate(tallies: Sequence[Tally] | None) -> str:
    if not tallies:
        return "–"
    spread = Spread.of([tally.rate for tally in tallies])
    return spread.text(0 if spread.median >= 10 else 1)


def _claims(one: Found) -> Table:
    rows = []
    for trials in one.trials:
        for workers in one.workers:
            row = [f"{trials:,}", str(workers)]
            for label in CONTENDERS:
                row += _claim(one.cells.get((label, trials, workers)))
                times = one.growth((label, trials, workers))
                row.append(f"{times.median:.1f}" if times else "")
            rows.append(row)
    titles = ["trials in the search", "workers"]
    for label in CONTENDERS:
        titles += [label, "99th", f"times that at {one.trials[0]:,}"]
    return Table(titles, rows, f"{one.name}:")


def _claim(tallies: Sequence[Tally] | None) -> list[str]:
    some = [tally for tally in tallies or () if tally.claims]
    if not some:
        return ["–", "–"]
    shares = (statistics.median(tally.claim(share) for tally in some) for share in (0.5, 0.99))
    return [f"{1_000 * seconds:.1f}" for seconds in shares]


def _opening(one: Found) -> Table:
    rows = []
    for trials in one.trials:
        row = [f"{trials:,}"]
        for label in OURS:
            took = one.prepared.get((label, trials), {})
            row += [_seconds(took.get("plan")), _seconds(took.get("open"))]
        took = one.prepared.get((PEER, trials), {})
        size = took.get("memory")
        rows.append([*row, _seconds(took.get("first look")), f"{size:.0f}" if size else ""])
    titles = ["trials in the search"]
    for label in OURS:
        titles += [f"{label}: to plan them", "to open the stage"]
    titles += ["Optuna: first look of a process", "and what it keeps of it, MB"]
    return Table(titles, rows, f"{one.name}, seconds:")


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _recorded(one: Found) -> Table:
    rows = []
    for cell, tallies in one.recorded.items():
        label, trials, workers = cell
        times = _ratio(tallies, one.recorded.get((PEER, trials, workers)), lambda tally: tally.rate)
        beside = times.text(1) if times and label != PEER else ""
        rows.append([label, f"{trials:,}", str(workers), _rate(tallies), beside])
    titles = ["", "trials in the search", "workers", "trials a second", "times Optuna's"]
    return Table(titles, rows, f"{one.name}:")


def _memory(one: Found) -> Table:
    rows = []
    for label, tally in one.alone.items():
        done, last = tally.memory[-1]
        grown = f"{slope(tally.memory):+.2f}"
        rows.append([label, f"{tally.memory[0][1]:.0f}", f"{last:.0f}", f"{done:,}", grown])
    titles = ["", "at first, MB", "at last, MB", "trials done between", "MB every 1,000 trials"]
    return Table(titles, rows, f"{one.name}, one worker, {one.trials[-1]:,} trials in the search:")


def _notes(found: Sequence[Found]) -> list[str]:
    """What could not be measured, and what the databases failed."""
    notes = []
    for one in found:
        for (label, trials, workers), reason in one.reasons.items():
            which = f"{one.name}, {label}, {trials:,} trials, {workers} workers"
            notes.append(f"{which}: not measured: {reason}.")
        failed = {
            cell: sum(tally.failures for tally in tallies)
            for cell, tallies in (one.cells | one.recorded).items()
        }
        notes += [
            f"{one.name}, {label}, {trials:,} trials, {workers} workers: the database failed "
            f"{count} trials (such as “database is locked”); they do not count."
            for (label, trials, workers), count in failed.items()
            if count
        ]
    return notes
