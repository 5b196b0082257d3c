"""How good a configuration searches choose, for equal numbers of trainings, on tables of trainings.

    python -m benchmarks.search_quality --results found.jsonl --output docs/search-quality.md
    python -m benchmarks.search_quality --seeds 2

Each training is looked up (`benchmarks.hpo_tables`), so that a search takes a moment, and what it
chooses is judged by the mean over all seeds, which the search is not told. With --results, what was
found is kept, and a run that was interrupted goes on where it stood.
"""

import argparse
import statistics
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from threadpoolctl import threadpool_limits

from benchmarks import hpo_tables, kept, machine, report
from benchmarks.hpo_tables import FAMILIES, HPOBENCH
from benchmarks.search_contenders import AUTO, BUDGETS, CONTENDERS
from benchmarks.setting import say
from search.plan.seeds import derive

TARGET = "bench-search"  # of make
SEEDS = 20
_SURE = 2.0  # standard errors from which a difference is called one


@dataclass(frozen=True)
class Chosen:
    """What one search chose.

    Attributes:
        contender: Which search.
        budget: Trainings, finalists included.
        table: The name of the table.
        seed: Of the search.
        rank: The share of all configurations whose true mean is better, in per cent.
    """

    contender: str
    budget: int
    table: str
    seed: int
    rank: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Search every table with every contender, print, and write to a page."""
    given = _arguments(arguments)
    report.ready("benchmarks.search_quality", given.output, TARGET)
    began = time.monotonic()
    found = kept.read(Chosen, given.results)
    done = {(one.table, one.seed, one.contender) for one in found}
    asked = [
        (family, table, seed, missing)
        for seed in range(given.seeds)
        for family, one in enumerate(FAMILIES)
        for table in one.sets
        if (missing := [name for name in CONTENDERS if (table, seed, name) not in done])
    ]
    with ProcessPoolExecutor(given.processes or machine.cores()) as pool:
        for (_, table, seed, _), some in zip(asked, pool.map(_searched, asked), strict=True):
            found += some
            kept.keep(given.results, some)
            say(f"{table}, seed {seed}: {time.monotonic() - began:.0f} s")
    report.publish(text(found), given.output, TARGET)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.search_quality",
        description="What searches choose for equal numbers of trainings.",
    )
    parser.add_argument("--results", type=Path, metavar="FILE", help="where results are kept")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="searches of each (%(default)s)")
    parser.add_argument("--processes", type=int, help="at once; as many as cores, unless given")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="page whose generated section is rewritten"
    )
    given = parser.parse_args(arguments)
    if given.seeds < 2:
        parser.error(f"--seeds must be 2 or more, not {given.seeds}")
    return given


def _searched(asked: tuple[int, str, int, Sequence[str]]) -> list[Chosen]:
    family, name, seed, contenders = asked
    table = _table(family, name)
    own = derive(seed, name)  # with one seed for all, tables would share points, and luck
    with threadpool_limits(1):
        return [
            Chosen(
                label, budget, name, seed, table.rank(CONTENDERS[label].chosen(table, budget, own))
            )
            for label in contenders
            for budget in BUDGETS
        ]


@cache
def _table(family: int, name: str) -> hpo_tables.Table:
    return hpo_tables.read(FAMILIES[family], name)


def text(found: Sequence[Chosen]) -> str:
    """All that the page is told."""
    seeds = len({one.seed for one in found})
    sets = len({one.table for one in found})
    head = (
        f"Measured {time.strftime('%Y-%m-%d')}: {sets} tables, "
        f"{seeds} searches of each for each number of trainings. The rank of the chosen "
        "configuration's true mean among all, in per cent, 0 being the best: mean over tables and "
        "searches ± its standard error."
    )
    parts = [head, _ranks(found).text()]
    if AUTO in {one.contender for one in found}:
        parts.append(_differences(found).text())
    return "\n\n".join(parts)


def _ranks(found: Sequence[Chosen]) -> report.Table:
    rows = []
    for name in dict.fromkeys(one.contender for one in found):
        mine = [one for one in found if one.contender == name]
        cells = [_cell(*mean_and_error(_by_table(mine, budget))) for budget in BUDGETS]
        small = {k: v for k, v in _by_table(mine, BUDGETS[1]).items() if k in HPOBENCH.sets}
        large = {k: v for k, v in _by_table(mine, BUDGETS[1]).items() if k not in HPOBENCH.sets}
        families = [f"{mean_and_error(some)[0]:.2f}" if some else "" for some in (small, large)]
        rows.append([name, *cells, *families])
    columns = ["trainings", *map(str, BUDGETS), "64: HPOBench", "64: FCNet"]
    return report.Table(columns, rows)


def _differences(found: Sequence[Chosen]) -> report.Table:
    """Each contender less the best of klayer's, table by table."""
    ours = {(one.table, one.budget, one.seed): one.rank for one in found if one.contender == AUTO}
    rows = []
    for name in dict.fromkeys(one.contender for one in found if one.contender != AUTO):
        cells = []
        for budget in BUDGETS:
            pairs: dict[str, list[float]] = {}
            for one in found:
                if one.contender == name and one.budget == budget:
                    less = one.rank - ours[one.table, one.budget, one.seed]
                    pairs.setdefault(one.table, []).append(less)
            mean, error = mean_and_error(pairs)
            better = sum(statistics.fmean(some) > 0 for some in pairs.values())
            mark = "**" if abs(mean) > _SURE * error else ""
            cells.append(f"{mark}{mean:+.2f} ± {error:.2f}{mark} ({better} of {len(pairs)})")
        rows.append([name, *cells])
    caption = (
        f'Less that of "{AUTO}", pair by pair of the same table; bold where that is more than two '
        "standard errors, and in brackets on how many tables it is behind:"
    )
    return report.Table(["trainings", *map(str, BUDGETS)], rows, caption)


def _by_table(found: Sequence[Chosen], budget: int) -> dict[str, list[float]]:
    groups: dict[str, list[float]] = {}
    for one in found:
        if one.budget == budget:
            groups.setdefault(one.table, []).append(one.rank)
    return groups


def mean_and_error(groups: Mapping[str, Sequence[float]]) -> tuple[float, float]:
    """The mean of the tables' means, and its standard error, of the seeds alone."""
    means = [statistics.fmean(some) for some in groups.values()]
    errors = [statistics.variance(some) / len(some) for some in groups.values()]
    return statistics.fmean(means), sum(errors) ** 0.5 / len(means)


def _cell(mean: float, error: float) -> str:
    return f"{mean:.2f} ± {error:.2f}"


if __name__ == "__main__":
    main()
