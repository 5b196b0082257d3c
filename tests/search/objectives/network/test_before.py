"""Searches give what they gave before networks came behind the port of objectives.

`before/` has the trials of four finished searches, one a line, as the commands of that time
exported them: the shipped `digits`, one that halves, one whose samplers learn, and one two thirds
of whose trials diverge. `curve` is the SHA-256 of all metrics of all epochs, float64 each, in the
order of `METRICS`, NaN where there was no finite number.
"""

import hashlib
import json
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from search.ledger.ledger import Ledger
from search.ledger.opening import card_of
from search.ledger.records import Search
from search.objective.report import Report
from search.objectives.network.metrics import metrics_of
from search.runtime.environment import environment, kernels
from search.study.hashing import fingerprint
from search.study.reading import load
from tests.search.workers.serving import work

METRICS = metrics_of("classification", "accuracy")

BEFORE = Path(__file__).with_name("before")
PLANNED = ("stage", "number", "seed", "order_seed")
# One of 300 images counts 0.003: rounding moves a trial by a few, never from poor to good.
LOOSE = 0.03


def curve_of(reports: Iterable[Report]) -> str:
    """The hash of a curve."""
    digest = hashlib.sha256()
    for report in reports:
        values = report.finite()
        row = (values[metric.name] for metric in METRICS)
        digest.update(
            struct.pack(f"<{len(METRICS)}d", *(float("nan") if v is None else v for v in row))
        )
    return digest.hexdigest()


def found(ledger: Ledger, search: Search) -> list[dict[str, Any]]:
    """The trials of a search, in the form of the files in `before`."""
    curves = ledger.read.curves(search)
    return [
        {
            "stage": one.stage,
            "number": one.number,
            "state": one.state,
            "value": one.value,
            "parameters": dict(one.parameters),
            "seed": one.seed,
            "order_seed": one.order_seed,
            "reason": one.reason,
            "pruned_after": one.pruned_after,
            "steps": len(curves.get(one.id, ())),
            "curve": curve_of(curves.get(one.id, ())),
        }
        for one in ledger.read.trials(search)
    ]


@pytest.mark.parametrize("name", ["digits", "halved", "learning", "diverging"])
def test_a_search_gives_what_it_gave_before(name: str, ledger: Ledger) -> None:
    before = json.loads((BEFORE / f"{name}.json").read_text("utf-8"))
    own = BEFORE / f"{name}.toml"
    study = load(str(own) if own.exists() else name)
    card, here = card_of(study, None), environment()
    assert fingerprint(study.canonical()) == before["study_hash"]
    assert card.fingerprint == before["data_fingerprint"]
    search = ledger.record(study, "", card, here)
    work(ledger, search)
    trials = found(ledger, search)
    planned = [[one[key] for key in PLANNED] for one in trials]
    assert planned == [[one[key] for key in PLANNED] for one in before["trials"]]
    alike = (here["packages"]["numpy"], kernels(here)) == (before["numpy"], before["kernels"])
    if alike:
        assert trials == before["trials"]
        assert ledger.read.again(search).result == before["test"]
    else:  # other sums end in other bits, by which later stages zoom and learn
        first = study.stages[0]
        learned = first.generation or first.trials
        for now, then in list(zip(trials, before["trials"], strict=True))[:learned]:
            assert now["parameters"] == then["parameters"]
            if first.halving is None:
                assert now["state"] == then["state"]
                assert now["value"] == pytest.approx(then["value"], abs=LOOSE)
