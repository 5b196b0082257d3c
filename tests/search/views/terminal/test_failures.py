"""Reasons of failed trials are told once each, the most frequent first."""

from typing import Any

from search.views.terminal.failures import failures


def test_each_reason_is_told_once_and_few_are(trial: Any) -> None:
    def failed(number: int, reason: str, **more: Any) -> Any:
        return trial(number=number, value=None, state="failed", reason=reason, **more)

    trials = [
        trial(number=0),
        failed(1, "no score"),
        *(failed(number, "exit status 1\nTraceback:\nMemoryError") for number in (2, 5, 7)),
        *(failed(number, f"fault {number}") for number in (8, 9)),
        failed(4, "too long", stage="fine"),
        trial(number=3, value=None, state="diverged", reason="diverged in epoch 1"),
    ]
    assert failures(trials) == {
        "coarse": [
            "failed: #2 and 2 others: exit status 1 (MemoryError)",
            "failed: #1: no score",
            "failed: #8: fault 8",
            "failed: 1 trial for other reasons",
        ],
        "fine": ["failed: #4: too long"],
    }


def test_trials_that_differ_in_what_they_printed_alone_are_told_together(trial: Any) -> None:
    printed = ["epoch 3", "epoch 5", "KeyError: 'x'", "KeyError: 'x'", "epoch 7"]
    trials = [
        trial(number=number, value=None, state="failed", reason=f"exit status 1\n{line}")
        for number, line in enumerate(printed)
    ]
    assert failures(trials) == {
        "coarse": [
            "failed: #0 and 2 others: exit status 1 (epoch 3)",
            "failed: #2 and 1 other: exit status 1 (KeyError: 'x')",
        ]
    }
