"""A data card is recorded as JSON and read back."""

import json

import pytest

from search.objective.data_card import DataCard, Quantity

WHOLE = DataCard("digits", "ab12", 1200, 300, 64, (1, 8, 8), "classification", ("0", "1"))


OWN = DataCard(
    "cars.csv",
    "ef56",
    task="regression",
    tested=20,
    split="by chance",
    class_rows=((3, 1), (5, 2)),
    targets=(Quantity("price", -1.5, 300.0, 20.0, 3.5),),
    missing=(("size", 4),),
    missing_columns=1,
)


@pytest.mark.parametrize(
    "card", [WHOLE, OWN, DataCard("own", "cd34"), DataCard("o", "c", missing=())]
)
def test_it_is_read_back_exactly(card: DataCard) -> None:
    assert DataCard.of(json.loads(json.dumps(card.plain()))) == card


def test_what_was_recorded_with_less_is_read_too() -> None:
    fewer = {"source": "digits", "fingerprint": "ab12", "rows": 1200, "held_out": 300}
    fewer |= {"inputs": 64, "shape": [1, 8, 8], "task": "classification", "classes": ["0", "1"]}
    assert DataCard.of(fewer) == WHOLE
    assert DataCard.of({"source": "own", "fingerprint": "cd34"}) == DataCard("own", "cd34")
