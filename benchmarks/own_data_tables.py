"""What searches on real data sets found beside scikit-learn: tables, ranks, and where they lag."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from benchmarks.report import Table
from search.runtime.formatting import plural

KLAYER = "klayer"  # its finalists, voting
WINNER = "its winner alone"
NETWORKS = "scikit-learn's networks"
TREES = "HistGradientBoosting"
CONTENDERS = (KLAYER, WINNER, NETWORKS, TREES)
LEAST_SPLITS = 3  # for a standard error to say whether a difference is one


@dataclass(frozen=True)
class Result:
    """All contenders on one split of one set.

    Attributes:
        name: Of the set.
        package: On PyPI, that it comes from.
        seed: Of the split.
        task: "classification" or "regression".
        rows: Of the whole set.
        inputs: Its columns without the target.
        classes: How many; 0 of a regression.
        scores: On the test rows, by contender: accuracy, a share, or RMSE in the target's unit.
        seconds: Wall time, by contender.
        notes: What each chose.
    """

    name: str
    package: str
    seed: int
    task: str
    rows: int
    inputs: int
    classes: int
    scores: Mapping[str, float]
    seconds: Mapping[str, float]
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def higher_is_better(self) -> bool:
        """Whether the score is an accuracy."""
        return self.task == "classification"


def ranks(scores: Mapping[str, float], *, higher_is_better: bool) -> dict[str, float]:
    """1 for the best; equal scores share the mean of their places."""
    signed = {name: -score if higher_is_better else score for name, score in scores.items()}
    return {
        name: 1
        + sum(other < one for other in signed.values())
        + (sum(other == one for other in signed.values()) - 1) / 2
        for name, one in signed.items()
    }


def by_set(results: Sequence[Result]) -> list[list[Result]]:
    """The results of each set, in the order in which sets first occur."""
    order = list(dict.fromkeys(result.name for result in results))
    ordered = sorted(results, key=lambda one: (order.index(one.name), one.seed))
    return [list(group) for _, group in groupby(ordered, key=lambda one: one.name)]


def scores_table(results: Sequence[Result]) -> Table:
    """Mean test scores of each set, with their standard errors; the best of a set is bold."""
    rows = []
    for group in by_set(results):
        first = group[0]
        means = {one: statistics.fmean(r.scores[one] for r in group) for one in CONTENDERS}
        places = ranks(means, higher_is_better=first.higher_is_better)
        cells = []
        for one in CONTENDERS:
            told = _mean_and_error([result.scores[one] for result in group], first)
            cells.append(f"**{told}**" if places[one] == min(places.values()) else told)
        seconds = [statistics.fmean(r.seconds[one] for r in group) for one in CONTENDERS]
        kind = f"{first.classes} classes" if first.classes else "RMSE"
        rows.append(
            [
                first.name,
                first.package,
                f"{first.rows:,} × {first.inputs:,}",
                kind,
                str(len(group)),
                *cells,
                f"{' / '.join(f'{one:.0f}' for one in seconds)} s",
            ]
        )
    columns = ["set", "from", "rows × inputs", "task", "splits", *CONTENDERS, "time of each"]
    return Table(columns, rows)


def ranks_table(results: Sequence[Result], ours: str = KLAYER) -> Table:
    """Mean ranks over sets, and how often klayer is ahead of each of the others.

    Args:
        results: Of all splits.
        ours: Whether klayer is ranked by the vote of its finalists or by its winner alone.
    """
    groups = by_set(results)
    ranked = (ours, NETWORKS, TREES)
    places: dict[str, list[float]] = {one: [] for one in ranked}
    wins: dict[str, list[float]] = {one: [] for one in ranked}
    for group in groups:
        better = group[0].higher_is_better
        means = {one: statistics.fmean(r.scores[one] for r in group) for one in ranked}
        for one, place in ranks(means, higher_is_better=better).items():
            places[one].append(place)
            pair = {name: means[name] for name in {ours, one}}
            wins[one].append(2 - ranks(pair, higher_is_better=better)[ours])
    rows = []
    for one in ranked:
        error = statistics.stdev(places[one]) / len(groups) ** 0.5 if len(groups) > 1 else 0.0
        ahead = "" if one == ours else f"{sum(wins[one]):g} of {len(groups)}"
        rows.append([one, f"{statistics.fmean(places[one]):.2f} ± {error:.2f}", ahead])
    return Table(["", "mean rank", f"sets where {ours} is ahead"], rows)


def behind(results: Sequence[Result]) -> list[str]:
    """Sets where klayer's mean is behind that of scikit-learn's networks, a sentence each."""
    said = []
    for group in by_set(results):
        first = group[0]
        sign = 1 if first.higher_is_better else -1
        differences = [sign * (r.scores[KLAYER] - r.scores[NETWORKS]) for r in group]
        mean = statistics.fmean(differences)
        if mean >= 0:
            continue
        unit = 100 if first.higher_is_better else 1
        told = f"{-unit * mean:.3g}{' points' if first.higher_is_better else ''}"
        error = _error(differences)
        about = f"of {plural(len(group), 'split')} alone"
        if error is not None and len(group) >= LEAST_SPLITS:
            within = "within" if -mean < 2 * error else "beyond"
            about = f"{within} two standard errors of the difference ({unit * error:.2g} each)"
        said.append(f"- {first.name}: behind by {told}; {about}.")
    return said


def page(results: Sequence[Result], about: Sequence[str], *, quick: bool = False) -> str:
    """The generated section: versions, tables, and where klayer is behind."""
    sets, splits = len(by_set(results)), len(results)
    parts = [
        f"{plural(sets, 'set')}, {plural(splits, 'split')} in all.",
        "\n".join(f"- {line}" for line in about),
        scores_table(results).text(),
        ranks_table(results).text(),
        ranks_table(results, WINNER).text(),
    ]
    if quick:
        parts.insert(0, "**A quick run to try the harness: its figures mean nothing.**")
    lagging = behind(results)
    if lagging:
        parts += ["Sets where klayer is behind scikit-learn's networks:", "\n".join(lagging)]
    return "\n\n".join(parts)


def _mean_and_error(scores: Sequence[float], of: Result) -> str:
    unit = 100 if of.higher_is_better else 1
    mean, error = unit * statistics.fmean(scores), _error(scores)
    suffix = " %" if of.higher_is_better else ""
    decimals = 2 if of.higher_is_better else max(0, 3 - len(str(int(mean))))
    spread = "" if error is None else f" ± {unit * error:.{decimals}f}"
    return f"{mean:,.{decimals}f}{spread}{suffix}"


def _error(values: Sequence[float]) -> float | None:
    """The standard error of the mean; None of one value."""
    return statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else None
