"""Made-up searches as values, such as plots are drawn from."""

import math
import random
from dataclasses import replace
from typing import Any

import numpy as np

from search.ledger.records import RecordedTrial, Search, StageState, Stint
from search.objective.data_card import DataCard
from search.objective.report import Report
from search.objectives.network.portrait import Portrait, to_bytes
from search.plan.plan import steps
from search.study.ranges import recorded_box
from search.study.reading import load
from search.views.plots.data import Band, SearchData

HOSTILE = '<img src=x onerror=alert(1)><a href="javascript:alert(2)">%{x}%{hostile}</a>'


def curve(value: float, epochs: int, rate: float = 0.1) -> tuple[Report, ...]:
    """A curve that comes near a value."""
    reports = []
    for epoch in range(1, epochs + 1):
        share = value * (1 - math.exp(-epoch / 3))
        loss = 2.3 * (1 - share) + 0.01
        metrics = {
            "learning_rate": rate * 0.9**epoch,
            "train_cost": loss,
            "train_loss": loss * 0.9,
            "train_accuracy": share,
            "validation_cost": loss * 1.2,
            "validation_loss": loss * 1.1,
            "validation_accuracy": share * 0.97,
        }
        reports.append(Report(epoch, metrics))
    return tuple(reports)


def _ranges(stage: int) -> dict[str, Any]:
    narrow = 0.6 * stage
    return {
        "learning_rate": {"low": 10 ** (-4 + narrow), "high": 10 ** (0 - narrow / 2), "log": True},
        "weight_decay": {"low": 10 ** (-6 + narrow), "high": 10 ** (-1 - narrow), "log": True},
    }


def _drawn(box: dict[str, Any], source: random.Random) -> dict[str, Any]:
    point: dict[str, Any] = {}
    for name, extent in box.items():
        if isinstance(extent, list):
            point[name] = source.choice(extent)
        elif extent.get("log"):
            low, high = math.log10(extent["low"]), math.log10(extent["high"])
            point[name] = 10 ** source.uniform(low, high)
        else:
            point[name] = source.randint(extent["low"], extent["high"])
    return point


def _worth(point: dict[str, Any], source: random.Random) -> float:
    rate = math.log10(point.get("learning_rate", 0.03))
    decay = math.log10(point.get("weight_decay", 1e-4))
    fine = 0.97 - 0.09 * (rate + 1.5) ** 2 - 0.02 * (decay + 4) ** 2
    fine += 0.0004 * point.get("width_1", 0) - 0.000002 * point.get("width_1", 0) ** 2
    return min(max(fine + source.gauss(0, 0.01), 0.1), 0.99)


def build(
    counts: tuple[int, ...] = (16, 8, 8),
    *,
    more: dict[str, Any] | None = None,
    only: dict[str, Any] | None = None,
    epochs: int = 10,
    shown: int = 5,
    planned: int = 3,
    finished: bool = True,
) -> SearchData:
    """A made-up search of the study `digits`.

    Args:
        counts: How many trials its three stages have.
        more: Further ranges of each box.
        only: The ranges of each box, instead.
        epochs: How many each trial has.
        shown: How many trials have their curves.
        planned: How many stages are planned.
        finished: Whether there are finalists and a test report.
    """
    study = load("digits")
    source = random.Random(7)
    stages, trials = [], []
    for place, step in enumerate(steps(study)):
        stages.append(
            StageState(step, "unplanned", "", (), 8, 0, 0, 0, 0, 0, 0, 80, epochs, None, None, None)
        )
        if step.kind != "search" or place >= planned:
            continue
        box = only or (_ranges(place) | (more or {}))
        for number in range(counts[place]):
            point = _drawn(box, source)
            value: float | None = _worth(point, source)
            state, reason, after = "complete", None, None
            if source.random() < 0.08:
                value, state, reason = None, "diverged", "the cost was infinite in epoch 2"
            elif place == 0 and source.random() < 0.3:
                state, after, value = "pruned", 3, (value or 0) * 0.6
            key = len(trials) + 1
            trials.append(
                RecordedTrial(
                    stage=step.name,
                    number=number,
                    parameters=point,
                    value=value,
                    box=recorded_box(box),
                    pruned_after=after,
                    id=key,
                    state=state,
                    seed=1,
                    order_seed=2,
                    reason=reason,
                    finished_at=60.0 * key,
                )
            )
        stages[-1] = replace(
            stages[-1],
            state="finished",
            explanation="from the best of coarse:\nlearning_rate moved to its best half decade",
            boxes=(box,),
            trials=counts[place],
            finished=counts[place],
        )
    result = None
    if finished:
        result = _end(trials, source)
    best = sorted(trials, key=lambda t: -(t.value or 0) + (t.state == "pruned"))[:shown]
    dropped = [trial for trial in trials if trial.state == "pruned"][:shown]
    final = next((trial.id for trial in trials if trial.stage == "final"), None)
    return SearchData(
        search=Search(
            1,
            study,
            "0" * 64,
            DataCard("digits", "f" * 64),
            {},
            0.0,
            1e5 if finished else None,
            result,
        ),
        stages=tuple(stages),
        trials=tuple(trials),
        time=1e5,
        curves={t.id: curve(t.value or 0.5, t.pruned_after or epochs) for t in [*best, *dropped]},
        bands={
            stage.step.name: Band(_counts(epochs, 20 + 10 * place))
            for place, stage in enumerate(stages[:planned])
        },
        importances={
            stage.step.name: {"learning_rate": 0.7 - 0.1 * place, "weight_decay": 0.3 + 0.1 * place}
            for place, stage in enumerate(stages[:planned])
        },
        stints=[
            Stint(f"host/{n % 2}", t.stage, (t.number, t.number + 3), 60.0 * n, 60.0 * n + 55, 9)
            for n, t in enumerate(trials[::4])
        ],
        attachments={} if final is None else {final: to_bytes(portrait())},
    )


def portrait(*names: str, layers: int = 1) -> Portrait:
    """Of a network of one layer, for images of 8 x 8 pixels; of more it has no images."""
    source = np.random.default_rng(5)
    classes = names or tuple(str(digit) for digit in range(10))
    counts, edges = zip(
        *(np.histogram(source.normal(0, 0.1**place, 640), 60) for place in range(layers)),
        strict=True,
    )
    images = source.normal(0, 0.1, (len(classes), 8, 8)).astype(np.float32)
    confusion = 40 * np.eye(len(classes), dtype=np.int64) + source.integers(
        0, 4, (len(classes), len(classes))
    )
    shown = images if layers == 1 else None
    return Portrait(np.stack(counts), np.stack(edges), shown, classes, confusion)


def _counts(epochs: int, trials: int) -> np.ndarray:
    source = np.random.default_rng(3)
    rows = [
        np.histogram(
            np.clip(source.normal(0.9 * (1 - np.exp(-e / 3)), 0.06, trials), 0, 1), 200, (0, 1)
        )[0]
        for e in range(1, epochs + 1)
    ]
    return np.stack(rows)


def _end(trials: list[RecordedTrial], source: random.Random) -> dict[str, Any]:
    """Finalists and final behind the trials; gives the test report."""
    best = sorted(
        (t for t in trials if t.state == "complete" and t.stage != "coarse"),
        key=lambda t: -(t.value or 0),
    )[:3]
    for number in range(6):
        one = best[number % 3]
        value = (one.value or 0) - 0.01 + source.gauss(0, 0.004) + (0.01 if number % 3 == 1 else 0)
        key = len(trials) + 1
        trials.append(
            replace(one, id=key, stage="finalists", number=number, value=value, seed=number // 3)
        )
    for number, place in enumerate((1, 0, 2)):
        key = len(trials) + 1
        trials.append(replace(best[place], id=key, stage="final", number=number, value=0.9999))
    return {
        "accuracies": [0.9663, 0.9596, None],
        "snapshot_ensemble": 0.9630,
        "finalist_ensemble": 0.9697,
        "rows": 297,
        "fingerprint": "f" * 64,
    }
