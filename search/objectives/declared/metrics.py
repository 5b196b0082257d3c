"""`[[metrics]]` of a study file: what trials report, and which of it ranks them."""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from search.objective.metric import Direction, Metric
from search.study.faults import Fault, faulty, shown
from search.study.table import Table

ScoredBy = Literal["last", "best"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]{0,63}")


def _scored(raw: object) -> object:
    if isinstance(raw, bool):
        return "last" if raw else None
    if raw not in (None, "last", "best"):
        raise faulty([Fault((), f'found {shown(raw)}; give true, "last" or "best"')])
    return raw


def _named(raw: object) -> object:
    if raw == "step":
        text = 'found "step", which counts the reports; give another name'
        raise faulty([Fault((), text)])
    if isinstance(raw, str) and not _NAME.fullmatch(raw):
        right = "give a letter, then letters, digits, _, ., / and -, 64 characters at most"
        raise faulty([Fault((), f"found {shown(raw)}; {right}")])
    return raw


class MetricTable(Table):
    """One number that trials report at each step."""

    name: Annotated[str, BeforeValidator(_named)] = Field(
        description="its name, as reports have it"
    )
    direction: Direction = Field(
        description='which of two values is the better one: "minimize" or "maximize"'
    )
    unit: str = Field(
        default="", max_length=20, description='stands behind its values, such as "%" or "s"'
    )
    factor: float = Field(
        default=1.0, gt=0, description="what values are multiplied by before people read them"
    )
    score: Annotated[ScoredBy | None, BeforeValidator(_scored)] = Field(
        default=None,
        description="of one metric: trials are ranked by it, by the value that is reported last "
        '(true or "last") or by the best one (`"best"`); a metric that stands alone is the score',
    )


def metric_faults(tables: Sequence[MetricTable]) -> Iterator[Fault]:
    """What is wrong between the metrics of a study."""
    names = [one.name for one in tables]
    for place, name in enumerate(names):
        if name in names[:place]:
            yield Fault((place, "name"), f"found {shown(name)} twice; name each metric once")
    scores = [place for place, one in enumerate(tables) if one.score is not None]
    for place in scores[1:]:
        found = f"found a second score beside {names[scores[0]]}"
        yield Fault((place, "score"), f"{found}; trials are ranked by one metric: leave one out")
    if not scores and len(tables) > 1:
        found = f"found no score among {', '.join(names)}"
        yield Fault((), f"{found}; give the metric that ranks trials score = true")


def score_of(tables: Sequence[MetricTable]) -> tuple[int, ScoredBy]:
    """The place of the score among the metrics, and which of its values counts."""
    for place, one in enumerate(tables):
        if one.score is not None:
            return place, one.score
    return 0, "last"


def metric_of(table: MetricTable) -> Metric:
    """The metric that a table declares."""
    return Metric(table.name, table.direction, table.unit, table.factor)


def plain(tables: Sequence[MetricTable]) -> list[dict[str, Any]]:
    """Metrics as a study file would write them, with every default."""
    score, by = score_of(tables)
    written = [table.model_dump(mode="json", exclude={"score"}) for table in tables]
    written[score]["score"] = by
    return written
