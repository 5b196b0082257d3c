"""What the ledger has of the experiments: a row a published figure, and what it stands on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from search.ledger.ledger import Ledger
from search.plan.plan import FINAL
from search.reproduce.experiments import Experiment, order
from search.reproduce.jobs import searches_of
from search.reproduce.measures import measured
from search.reproduce.rows import Row
from search.study.file import Study
from search.views.plots.data import SearchData
from search.views.reading.digest import Digest


@dataclass(frozen=True)
class Finished:
    """A search that is finished.

    Attributes:
        data: The search, with the curves of its final.
        seconds: In which it was trained.
    """

    data: SearchData
    seconds: float


@dataclass(frozen=True)
class Results:
    """The experiments as they stand.

    Attributes:
        rows: One a published figure, in the order of the experiments.
        searches: All that are finished, which the rows stand on.
    """

    rows: tuple[Row, ...]
    searches: tuple[Finished, ...]

    @property
    def seconds(self) -> float:
        """In which all of them were trained."""
        return sum(one.seconds for one in self.searches)


def results(
    ledger: Ledger | None, experiments: Sequence[Experiment], seeds: int, *, rehearsed: bool
) -> Results:
    """Read what is finished of the experiments; rows of the others are empty.

    Args:
        ledger: The database; None where there is none yet.
        experiments: Which.
        seeds: Of each study.
        rehearsed: Whether it is their rehearsals that are read.

    Raises:
        DatabaseFaultError: The database failed.
    """
    rows: list[tuple[tuple[str, int], Row]] = []
    searches: list[Finished] = []
    there = set() if ledger is None else set(ledger.read.names())
    for one in experiments:
        if not one.published:  # only its gradients were asked for
            continue
        studies = searches_of(one.study, one.listed, seeds, rehearsed=rehearsed)
        found = [_finished(ledger, study) for study in studies if ledger and study.name in there]
        done = [each for each in found if each is not None]
        searches += done
        seconds = sum(each.seconds for each in done) if done else None
        rows += [
            (
                order(row.id),
                Row(
                    row,
                    tuple(measured(row, each.data) for each in done),
                    seconds,
                    not rehearsed,
                    seeds,
                ),
            )
            for row in one.published
        ]
    rows.sort(key=lambda pair: pair[0])  # stable: within an experiment as the files have them
    return Results(tuple(row for _, row in rows), tuple(searches))


def _finished(ledger: Ledger, study: Study) -> Finished | None:
    """A search as it ended, or failed; None where it goes on, or is another of that name."""
    search = ledger.read.search(study.name)
    ended = search.finished_at is not None or search.failure is not None
    if not ended or search.study != study:
        return None
    data = Digest(ledger, study.name).outline()
    finals = [trial.id for trial in data.of_stage(FINAL)]
    curves = ledger.read.curves_of(finals)
    return Finished(replace(data, curves=curves), seconds_at_work(ledger.read.spans(search)))


def seconds_at_work(spans: Iterable[tuple[float, float]]) -> float:
    """The time in which at least one worker trained; pauses between runs do not count.

    Args:
        spans: When each cohort was claimed and handed in, in seconds.
    """
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total
