"""A data card is recorded as JSON and read back."""

import json

import pytest

from search.objective.data_card import DataCard

WHOLE = DataCard("digits", "ab12", 1200, 300, 64, (1, 8, 8), "classification", ("0", "1"))


@pytest.mark.parametrize("card", [WHOLE, DataCard("own", "cd34")])
def test_it_is_read_back_exactly(card: DataCard) -> None:
    assert DataCard.of(json.loads(json.dumps(card.plain()))) == card


def test_what_was_recorded_with_less_is_read_too() -> None:
    assert DataCard.of({"source": "own", "fingerprint": "cd34"}) == DataCard("own", "cd34")
