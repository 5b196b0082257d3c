"""An objective is opened with the data that its search was recorded with, and closed again."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from search.errors import DataError
from search.ledger.ledger import Ledger
from search.ledger.opening import card_of, open_recorded
from search.objectives.network.trainer import NetworkTrainer
from search.study.file import Study
from search.study.reading import load


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The fingerprints of the trainers that were closed."""
    names: list[str] = []
    real: Callable[[Any], None] = NetworkTrainer.close

    def close(trainer: NetworkTrainer) -> None:
        names.append(trainer.card.fingerprint)
        real(trainer)

    monkeypatch.setattr(NetworkTrainer, "close", close)
    return names


@pytest.fixture
def study() -> Study:
    return load("digits")


def test_to_see_the_data_leaves_nothing_open(study: Study, closed: list[str]) -> None:
    card = card_of(study, None)
    assert (card.source, card.rows) == ("digits", 1_200)
    assert closed == [card.fingerprint]


def test_a_card_follows_from_what_the_study_says_of_its_data() -> None:
    one, same, other = (
        card_of(load("digits", said), None)
        for said in ([], ["training.momentum=0.1"], ["data.validation=100"])
    )
    assert one == same
    assert other != one
    assert (other.rows, other.held_out) == (1_400, 100)


def test_a_search_is_opened_with_its_own_data(
    ledger: Ledger, study: Study, closed: list[str]
) -> None:
    card = card_of(study, None)
    search = ledger.record(study, "", card, {})
    closed.clear()
    trainer = open_recorded(search, None)
    assert trainer.card == card
    assert closed == []
    trainer.close()


def test_other_data_are_one_message_and_are_not_left_open(
    ledger: Ledger, study: Study, closed: list[str], tmp_path: Path
) -> None:
    search = ledger.record(study, "", replace(card_of(study, None), fingerprint="feed" * 16), {})
    closed.clear()
    told = r"digits: .* other data \(fingerprint feedfeedfeed, digits has .*KLAYER_DATA"
    with pytest.raises(DataError, match=told):
        open_recorded(search, tmp_path)
    assert len(closed) == 1
