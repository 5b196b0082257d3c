"""Equal studies have equal hashes, however written; any difference gives another."""

from typing import Any

import pytest

from search.study.file import study_of
from search.study.hashing import fingerprint
from search.study.reading import load


def test_the_order_of_keys_does_not_count() -> None:
    one = {"a": 1, "b": {"c": 2, "d": [1, 2]}}
    other = {"b": {"d": [1, 2], "c": 2}, "a": 1}
    assert fingerprint(one) == fingerprint(other)


def test_it_is_what_it_was_in_earlier_versions() -> None:
    # of {"a": [1, true, null], "\u03bb": 0.1}, as sha256sum gives it
    assert fingerprint({"λ": 0.1, "a": [1, True, None]}) == (
        "efbbdd83e6bb1c13214eb0142057949b441e1c4b0d7137d30ecbe30f2b0551ea"
    )


@pytest.mark.parametrize(
    "other",
    [{"a": 2}, {"b": 1}, {"a": "1"}, {"a": True}, {"a": 1.0}, {"a": [1]}, {"a": 1, "b": None}, {}],
)
def test_any_difference_counts(other: dict[str, Any]) -> None:
    assert fingerprint(other) != fingerprint({"a": 1})


def test_the_order_of_a_list_counts() -> None:
    assert fingerprint({"a": [1, 2]}) != fingerprint({"a": [2, 1]})


def test_a_default_written_out_is_the_same_study() -> None:
    plain = load("digits").canonical()
    assert fingerprint(load("digits", ["training.jitter=0.0"]).canonical()) == fingerprint(plain)
    assert fingerprint(load("digits", ["training.jitter=0.1"]).canonical()) != fingerprint(plain)


def test_a_key_that_came_later_counts_where_a_file_has_it() -> None:
    plain = load("digits").canonical()
    assert "dropout" not in plain["training"]
    dropping = load("digits", ["training.dropout=0.5", "final.training={dropout=0.0}"])
    assert fingerprint(dropping.canonical()) != fingerprint(plain)
    again = study_of(dropping.canonical())
    assert again == dropping
    assert (again.stages[0].training.dropout, again.final.training.dropout) == (0.5, 0.0)


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        fingerprint({"a": float("nan")})
