"""What the page says of searches for equal times: tables and sentences, all from the figures."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.report import Table

KLAYER = "klayer"
PEERS = ("TPE", "Hyperband", "random")
MOMENTS = (0.1, 0.2, 0.3, 0.5, 1.0)  # of the time
SHARES = (0.1, 0.25, 0.5, 1.0)  # of the epochs
GOAL = 0.3  # of the time, in which klayer is to have what the best peer has at its end
NONE = "–"
_SURE = 2.0  # standard errors from which a difference is called one
_FEW = 5  # seeds, of fewer of which an error is itself uncertain


@dataclass(frozen=True)
class Result:
    """One search.

    Attributes:
        contender: Which one.
        seed: Of its split and its draws.
        minutes: How long it searched.
        ended: Of each training, in order, the seconds from the command's start to its end, and its
            epochs.
        incumbents: From so many seconds on, the value of the best trial and its accuracy on the
            test rows; klayer's winner, which was trained anew and tested, has no value.
        note: What else is to be said.
    """

    contender: str
    seed: int
    minutes: float
    ended: Sequence[tuple[float, int]]
    incumbents: Sequence[tuple[float, float | None, float]]
    note: str = ""

    @property
    def end(self) -> float:
        """When its time is over, in seconds."""
        return 60 * self.minutes

    @property
    def epochs(self) -> int:
        """Of the trainings that ended in time."""
        return sum(epochs for seconds, epochs in self.ended if seconds <= self.end)

    @property
    def trainings(self) -> int:
        """How many ended in time."""
        return sum(seconds <= self.end for seconds, _ in self.ended)

    def test_at(self, seconds: float) -> float | None:
        """The test accuracy of the incumbent at a moment; None where there is none yet."""
        before = [test for since, _, test in self.incumbents if since <= min(seconds, self.end)]
        return before[-1] if before else None

    def test_after(self, epochs: float) -> float | None:
        """Likewise when all trainings that had ended came to so many epochs at most."""
        done, moment = 0, -1.0
        for seconds, some in self.ended:
            done += some
            if done > epochs:
                # Trainings of one cohort end at once, and count from then on together.
                return self.test_at(min(moment, seconds - 1e-3))
            moment = seconds
        return self.test_at(self.end)

    def reaches(self, accuracy: float) -> float | None:
        """The first minute at which the incumbent has a test accuracy; None if it never has."""
        every = (since for since, _, test in self.incumbents if test >= accuracy)
        first = next(every, None)
        return None if first is None or first > self.end else first / 60


def page(results: Sequence[Result], system: Sequence[str], *, real: bool) -> str:
    """All that stands between the page's markers."""
    minutes = results[0].minutes
    names = [one for one in (KLAYER, *PEERS) if any(r.contender == one for r in results)]
    together = sorted(
        set.intersection(*({r.seed for r in results if r.contender == one} for one in names))
    )
    moments = [minutes * share for share in MOMENTS]
    images = "CIFAR-10" if real else "digits, to try the harness: the figures mean nothing"
    parts = [
        f"Measured {time.strftime('%Y-%m-%d')}, {minutes:g} minutes a search, 2 processes each; "
        f"{images}.",
        "\n".join(f"- {line}" for line in system),
        _table(
            f"Test accuracy of the incumbent after so many minutes, in per cent: {_MEANS}",
            results,
            names,
            [(f"{one:g} min", _test_at(60 * one)) for one in moments],
        ).text(),
        _work(results, names).text(),
    ]
    paired = [one for one in results if one.seed in together]
    if paired:
        least = {s: min(r.epochs for r in paired if r.seed == s) for s in together}
        slowest = min(names, key=lambda name: _mean_epochs(paired, name))
        caption = (
            f"Likewise at equal epochs, of {_seeds(len(together))}: all of them are those that the "
            f"slowest had trained in its time ({statistics.fmean(least.values()):.0f} on average; "
            f"mostly {slowest})."
        )
        columns = [(f"{share:.0%} of epochs", _test_after(share, least)) for share in SHARES]
        parts.append(_table(caption, paired, names, columns).text())
        parts += _follows(paired, names, least)
    notes = [f"- {one.contender}, seed {one.seed}: {one.note}." for one in results if one.note]
    return "\n\n".join([*parts, "\n".join(notes)])


_MEANS = (
    "mean over seeds ± its standard error. An incumbent is the trial that the search has for its "
    "best."
)


def _test_at(seconds: float) -> Callable[[Result], float | None]:
    return lambda one: one.test_at(seconds)


def _test_after(share: float, least: dict[int, int]) -> Callable[[Result], float | None]:
    return lambda one: one.test_after(share * least[one.seed])


def _table(
    caption: str,
    results: Sequence[Result],
    names: Sequence[str],
    columns: Sequence[tuple[str, Callable[[Result], float | None]]],
) -> Table:
    rows = []
    for name in names:
        mine = [one for one in results if one.contender == name]
        cells = [_cell([figure(one) for one in mine]) for _, figure in columns]
        rows.append([name, str(len(mine)), *cells])
    return Table(["", "seeds", *(title for title, _ in columns)], rows, caption)


def _cell(found: Sequence[float | None]) -> str:
    """Mean ± standard error in per cent; of how many, where not all have one."""
    there = [100 * one for one in found if one is not None]
    if not there:
        return NONE
    text = f"{statistics.fmean(there):.2f}"
    if len(there) > 1:
        text += f" ± {_error(there):.2f}"
    return text if len(there) == len(found) else f"{text} ({len(there)} of {len(found)})"


def _error(values: Sequence[float]) -> float:
    return statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0


def _work(results: Sequence[Result], names: Sequence[str]) -> Table:
    rows = []
    for name in names:
        mine = [one for one in results if one.contender == name]
        trainings = statistics.fmean(one.trainings for one in mine)
        epochs, minutes = _mean_epochs(mine, name), mine[0].minutes
        rows.append([name, f"{trainings:.0f}", f"{epochs:.0f}", f"{epochs / minutes:.1f}"])
    caption = "What ended in that time; of klayer with its race over fresh seeds and its final:"
    return Table(["", "trainings", "epochs", "epochs a minute"], rows, caption)


def _mean_epochs(results: Sequence[Result], name: str) -> float:
    return statistics.fmean(one.epochs for one in results if one.contender == name)


def _follows(results: Sequence[Result], names: Sequence[str], least: dict[int, int]) -> list[str]:
    """What follows for klayer beside its peers, of seeds that all have."""
    peers = [name for name in names if name != KLAYER]
    if KLAYER not in names or not peers:
        return []
    end = results[0].end
    at_end, at_epochs = _test_at(end), _test_after(1.0, least)
    best = max(peers, key=lambda name: statistics.fmean(_figures(results, name, at_end) or [0.0]))
    told = [
        _difference(results, best, at_end, f"After {results[0].minutes:g} minutes"),
        _difference(results, best, at_epochs, "At equal epochs"),
        f"klayer trains {_mean_epochs(results, KLAYER) / max(_mean_epochs(results, best), 1):.2f} "
        f"times as many epochs in that time as {best}.",
        _reached(results, peers),
    ]
    return ["\n".join(f"- {one}" for one in told)]


def _figures(
    results: Sequence[Result], name: str, figure: Callable[[Result], float | None]
) -> list[float]:
    found = (figure(one) for one in results if one.contender == name)
    return [one for one in found if one is not None]


def _difference(
    results: Sequence[Result],
    best: str,
    figure: Callable[[Result], float | None],
    when: str,
) -> str:
    """How far klayer is ahead of the peer that is the best after all the time, seed by seed."""
    by = {(one.contender, one.seed): figure(one) for one in results}
    pairs = [
        100 * (ours - theirs)
        for (name, seed), ours in by.items()
        if name == KLAYER and ours is not None and (theirs := by.get((best, seed))) is not None
    ]
    if not pairs:
        return f"{when}: klayer and {best} have no seed in common with an incumbent."
    mean, error = statistics.fmean(pairs), _error(pairs)
    side = "ahead of" if mean > 0 else "behind"
    text = (
        f"{when} klayer is {abs(mean):.2f} points {side} {best}, the best peer after all the time"
    )
    if len(pairs) < 2:
        return f"{text}: one seed, from which nothing follows."
    sure = "more" if abs(mean) > _SURE * error else "not more"
    few = ", which so few seeds hardly tell" if len(pairs) < _FEW else ""
    error_text = f"{sure} than {_SURE:g} standard errors{few}"
    return f"{text}, ± {error:.2f} over {len(pairs)} seeds: {error_text}."


def _reached(results: Sequence[Result], peers: Sequence[str]) -> str:
    """When klayer first has what the best peer of a seed has at the end; median over seeds."""
    end, minutes = results[0].end, results[0].minutes
    found: list[float | None] = []
    for ours in (one for one in results if one.contender == KLAYER):
        last = [
            one.test_at(end) or 0.0
            for one in results
            if one.seed == ours.seed and one.contender in peers
        ]
        found.append(ours.reaches(max(last)))
    median = statistics.median([float("inf") if one is None else one for one in found])
    each = ", ".join("never" if one is None else f"{one:.1f}" for one in found)
    when = f"after {median:.1f} minutes"
    said = f"klayer first has {when}" if median <= minutes else "klayer does not reach in its time"
    goal = GOAL * minutes
    met = "met" if median <= goal else "missed"
    return (
        f"What the best peer of a seed has after {minutes:g} minutes {said} "
        f"(median of {_seeds(len(found))}: {each}). The goal of {goal:g} is {met}."
    )


def _seeds(count: int) -> str:
    return "1 seed" if count == 1 else f"{count} seeds"
