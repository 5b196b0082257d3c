"""A data card as text: cut where there is much, and safe whatever the data are called."""

from dataclasses import replace

from search.objective.data_card import DataCard, Quantity
from search.views.terminal.card_rows import MOST_CLASSES, card_line, card_rows, class_rows

PLACES = ("Aba", "Bern", "Cork")
CARD = DataCard(
    source="cars.csv",
    fingerprint="ab12",
    rows=1_000,
    held_out=200,
    inputs=1_234,
    task="classification",
    classes=PLACES,
    tested=300,
    split="by chance",
    class_rows=((900, 180), (95, 19), (5, 1)),
    missing=(("size", 120), ("age", 3)),
    missing_columns=2,
)
VALUES = replace(
    CARD,
    task="regression",
    classes=(),
    class_rows=(),
    targets=(
        Quantity("price", -20.5, 1_250_000.0, 98_765.4321, 3.0),
        Quantity("", 0, 1, 0.5, 0.25),
    ),
    missing=(),
    missing_columns=0,
)
HOSTILE = "two\nlines\x1b[31m\u202e" + "x" * 500


def test_all_that_is_known_has_a_row() -> None:
    assert card_rows(CARD) == [
        ("Data", "cars.csv"),
        ("Rows", "1,000 for training, 200 for validation, 300 for the test"),
        ("Split", "by chance"),
        ("Inputs", "1,234"),
        ("Task", "classification"),
        ("Classes", "3"),
        ("Missing values", "size (120), age (3)"),
        ("Fingerprint", "ab12"),
    ]
    whitened = dict(card_rows(replace(CARD, inputs=20, explained=0.9128)))
    assert whitened["Inputs"] == "20 principal components, with 91.3 % of the variance"
    assert class_rows(CARD) == [
        ("Aba", "900", "180", "90.0 %"),
        ("Bern", "95", "19", "9.5 %"),
        ("Cork", "5", "1", "0.5 %"),
    ]
    assert card_line(CARD) == (
        "cars.csv: rows 1,000 for training, 200 for validation, 300 for the test; 1,234 inputs; "
        "3 classes"
    )


def test_targets_are_told_in_their_unit() -> None:
    rows = card_rows(VALUES)
    assert [text for label, text in rows if label == "Target"] == [
        "price: -20.5 to 1,250,000, mean 98,765, standard deviation 3 (training rows)",
        "0 to 1, mean 0.5, standard deviation 0.25 (training rows)",
    ]
    assert ("Missing values", "none") in rows
    assert class_rows(VALUES) == []
    many = dict(card_rows(replace(VALUES, targets=VALUES.targets * 10)))
    assert many["Target"] == "12 more"


def test_what_is_not_known_has_none() -> None:
    assert card_rows(DataCard("own", "cd34")) == [("Data", "own"), ("Fingerprint", "cd34")]
    earlier = replace(CARD, class_rows=(), tested=None)
    assert dict(card_rows(earlier))["Rows"] == "1,000 for training, 200 for validation"
    assert class_rows(earlier)[0] == ("Aba", "", "", "")


def test_very_many_classes_and_columns_are_cut() -> None:
    names = tuple(map(str, range(500)))
    card = replace(CARD, classes=names, class_rows=tuple((2 + place, 1) for place in range(500)))
    rows = class_rows(card)
    assert len(rows) == MOST_CLASSES + 1
    assert rows[-1] == ("488 more", "14 to 501 each", "1 each", "")
    unknown = class_rows(replace(card, class_rows=()))
    assert unknown[-1] == ("488 more", "", "", "")
    one_more = replace(card, classes=names[:13], class_rows=card.class_rows[:13])
    assert [name for name, *_ in class_rows(one_more)] == list(names[:13])
    missing = tuple((f"c{place}", 1) for place in range(100))
    rest = dict(card_rows(replace(CARD, missing=missing, missing_columns=5_000)))
    assert rest["Missing values"].endswith("c7 (1) and 4,992 more columns")


def test_names_are_short_and_on_one_line() -> None:
    card = replace(
        CARD, source=HOSTILE, classes=(HOSTILE, *PLACES[1:]), split=HOSTILE, missing=((HOSTILE, 1),)
    )
    target = replace(VALUES, targets=(replace(VALUES.targets[0], name=HOSTILE),))
    texts = [text for row in (*card_rows(card), *class_rows(card)) for text in row]
    texts += [card_line(card), *(text for _, text in card_rows(target))]
    assert all(text.isprintable() and len(text) < 250 for text in texts)
    assert class_rows(card)[0][0] == "two lines [31m xxxxxxxxxxxxxxxx…"
