"""A final that goes on from where it stood comes to what it comes to undisturbed."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from search.errors import KlayerError
from search.objective.report import Assignment, Report
from search.objectives.network import final
from search.objectives.network.final_checkpoints import packed, unpacked
from tests.search.objectives.network.trainings import (
    CYCLES,
    DECAY,
    DIVERGING,
    ORDER_SEED,
    TRIALS,
    drained,
    evaluated,
    section_and_data,
    study_with,
)

# Epochs are counted with the rows of the last training, of which the last one may be a part.
STEPS = (
    "training.schedule={kind='cycles', cycles=2, half_cycle_steps=40}",
    "final.train_on='training'",
)
LATER = Assignment({"learning_rate": 20.0, "weight_decay": 1e-4}, 8)  # diverges after some epochs
LONGER = ("training.schedule.epochs=8", "network.batch_norm='none'")

# Of another depth of batches, and so of a stack of its own.
APART = Assignment({"learning_rate": 0.05, "weight_decay": 1e-4, "batch_size": 50}, 7)


OTHERS = (
    (DECAY, TRIALS),
    (DECAY, (*TRIALS, APART)),
    (CYCLES, TRIALS),
    (CYCLES, (*TRIALS, DIVERGING)),
)


class Each:
    """Takes down how the trials stand after every epoch, and keeps all of it."""

    def __init__(self) -> None:
        self.states: list[Mapping[int, bytes]] = []

    def due(self) -> bool:
        return True

    def offer(self, states: Callable[[], Mapping[int, bytes]]) -> None:
        self.states.append(states())


def by_step(reports: list[Mapping[int, Report]]) -> dict[tuple[int, int], str]:
    """Every report in full, by trial and step."""
    each = (item for one in reports for item in one.items())
    return {(place, report.step): repr(report) for place, report in each}


@pytest.mark.parametrize(
    ("changes", "given"),
    [
        ((DECAY,), (*TRIALS, DIVERGING)),
        ((CYCLES,), (*TRIALS, APART)),
        *(pytest.param((one,), given, marks=pytest.mark.long) for one, given in OTHERS),
        pytest.param(STEPS, (*TRIALS, APART), marks=pytest.mark.long),
        (LONGER, (*TRIALS, LATER)),
    ],
)
def test_it_goes_on_from_any_epoch_to_the_same_however_often(
    changes: tuple[str, ...], given: tuple[Assignment, ...]
) -> None:
    study = study_with(*changes)
    reports, undisturbed = evaluated(study, given)
    section, data = section_and_data(study)
    saver = Each()
    drained(final.evaluate(study.objective, section, given, ORDER_SEED, data, {}, saver))
    assert len(saver.states) >= 2
    first = saver.states[0]
    twice = Each()  # as it goes on from there
    drained(final.evaluate(study.objective, section, given, ORDER_SEED, data, first, twice))
    for states in (*saver.states, *twice.states):
        job = (study.objective, section, given, ORDER_SEED, data, states, Each())
        again, evaluation = drained(final.evaluate(*job))
        assert len(again) <= len(reports)
        assert by_step(again).items() <= by_step(reports).items()
        assert evaluation.result == undisturbed.result
        assert evaluation.values == undisturbed.values
        assert evaluation.attachments == undisturbed.attachments


def test_what_is_no_checkpoint_is_one_message() -> None:
    for written in (b"", b"no archive", packed(b"state", ())[:-9]):
        with pytest.raises(KlayerError, match="this is no checkpoint of a final"):
            unpacked(written, {}, Any)  # type: ignore[arg-type]
