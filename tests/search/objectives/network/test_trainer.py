"""An open network trains what its study says, and is cheap to send to another process."""

import pickle
from pathlib import Path

from search.objective.port import Trainer
from search.objectives.network import final, trials
from search.objectives.network.trainer import NetworkTrainer
from tests.search.objectives.network.trainings import (
    DECAY,
    ORDER_SEED,
    TRIALS,
    drained,
    section_and_data,
    study_with,
)


def test_it_trains_and_evaluates_as_the_room_does() -> None:
    study = study_with(DECAY)
    section, data = section_and_data(study)
    trainer: Trainer = study.objective.open(study.seed, None)
    assert trainer.card == data.card
    mine = drained(trainer.train(section, TRIALS, ORDER_SEED))
    assert mine == drained(trials.train(study.objective, section, TRIALS, ORDER_SEED, data))
    whole = drained(trainer.evaluate(section, TRIALS, ORDER_SEED))
    other = drained(final.evaluate(study.objective, section, TRIALS, ORDER_SEED, data))
    assert whole[1] == other[1]
    trainer.close()


def test_a_part_of_a_training_is_put_down_and_taken_up() -> None:
    study = study_with(DECAY)
    trainer = study.objective.open(study.seed, None)
    section = study.objective.training
    whole, _ = drained(trainer.train(section, TRIALS, ORDER_SEED))
    first, states = drained(trainer.train(section, TRIALS, ORDER_SEED, until=1))
    rest, _ = drained(trainer.train(section, TRIALS, ORDER_SEED, start=tuple(states.values())))
    assert first + rest == whole


def test_it_travels_as_paths() -> None:
    study = study_with(DECAY)
    trainer = NetworkTrainer.opened(study.objective, study.seed, None)
    sent = pickle.dumps(trainer)
    assert len(sent) < 10_000
    there = pickle.loads(sent)
    assert (there.objective, there.card) == (trainer.objective, trainer.card)
    assert isinstance(there.data.folder, Path | None)
