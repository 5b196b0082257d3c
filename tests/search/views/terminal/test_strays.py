"""What others did to an Optuna study stands under its stage, with what puts it right."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from search.ledger.records import Strays
from search.views.terminal.strays import stray_lines

STAGE: Any = SimpleNamespace(step=SimpleNamespace(name="coarse"))
GONE = Strays("coarse", "s/1-coarse", missing=True)


def test_a_study_that_was_left_alone_has_no_line() -> None:
    assert stray_lines([], STAGE) == []
    assert stray_lines([replace(GONE, stage="fine")], STAGE) == []


def test_each_kind_has_a_line() -> None:
    assert stray_lines([GONE], STAGE) == [
        "Optuna's study s/1-coarse is gone, or is another's; `klayer run` writes it anew where it "
        "is gone"
    ]
    both = Strays("coarse", "s/1-coarse", False, (32,), tuple(range(7)))
    assert stray_lines([both], STAGE) == [
        "Optuna's study s/1-coarse has 1 trial that others added, which count nowhere: #32",
        "Optuna's study s/1-coarse has 7 trials that others changed, which `klayer run` puts "
        "right: #0, #1, #2, #3, #4 and 2 more",
    ]
