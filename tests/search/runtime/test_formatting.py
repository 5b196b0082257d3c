"""Numbers as people read them."""

import pytest

from search.runtime.formatting import (
    ago,
    brief,
    capital,
    duration,
    harmless,
    in_bytes,
    in_pieces,
    instant,
    number,
    parameters,
    plural,
    plural_of,
    quantity,
    share,
    shortened,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1.0, "0 s ago"),
        (59.9, "59 s ago"),
        (956.0, "15 min ago"),
        (2 * 3600.0, "2 h ago"),
        (50 * 3600.0, "2 days ago"),
    ],
)
def test_how_long_ago(seconds: float, text: str) -> None:
    assert ago(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "1 MB"), (34_567_890, "35 MB"), (996_000_000, "1 GB"), (12_345_678_901, "12 GB")],
)
def test_sizes(count: int, text: str) -> None:
    assert in_bytes(count) == text


@pytest.mark.parametrize(
    ("part", "text"),
    [(0.0, "0 %"), (0.5, "50 %"), (0.125, "12.5 %"), (1 / 3, "33.3333 %"), (1.0, "100 %")],
)
def test_shares(part: float, text: str) -> None:
    assert share(part) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-152.149, "-152.1"),
        (9_999.0, "9999"),
        (34_567.4, "34,567"),
        (-1e6, "-1,000,000"),
        (2.5e13, "2.5e+13"),
        (0.000012345, "1.234e-05"),
    ],
)
def test_quantities(value: float, text: str) -> None:
    assert quantity(value) == text


def test_names_are_cut_and_on_one_line() -> None:
    assert shortened("größe [cm]") == "größe [cm]"
    assert shortened("x" * 40) == "x" * 40
    assert shortened("x" * 41) == "x" * 39 + "…"
    assert shortened("a\tb\x1b[31m\u202e", 20) == "a b [31m "


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0.0 s"),
        (0, "0.0 s"),
        (0.84, "0.8 s"),
        (10, "10 s"),
        (41.7, "42 s"),
        (59.4, "59 s"),
        (59.6, "1:00"),
        (60, "1:00"),
        (200, "3:20"),
        (3599.6, "1:00:00"),
        (3800, "1:03:20"),
        (360_000, "100:00:00"),
    ],
)
def test_duration(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0003149, "0.0003149"),
        (1e-6, "1e-06"),
        (50, "50"),
        (12345, "12345"),
        (25_000.0, "25000"),
        ("relu", "relu"),
        (True, "true"),
        (False, "false"),
    ],
)
def test_a_parameter_has_four_digits_unless_it_is_whole_or_a_word(
    value: object, words: str
) -> None:
    assert number(value) == words


def test_parameters_stand_in_one_line_in_their_order() -> None:
    point = {"weight_decay": 0.00031492, "width_1": 50, "activation": "elu"}
    assert parameters(point) == "weight_decay 0.0003149, width_1 50, activation elu"
    assert parameters({}) == ""


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 trials"), (1, "1 trial"), (2, "2 trials"), (1_255, "1,255 trials")]
)
def test_plural(count: int, words: str) -> None:
    assert plural(count, "trial") == words


@pytest.mark.parametrize(
    ("noun", "words"),
    [
        ("trial", "trials"),
        ("batch", "batches"),
        ("epoch", "epochs"),
        ("pass", "passes"),
        ("query", "queries"),
        ("day", "days"),
    ],
)
def test_plural_of(noun: str, words: str) -> None:
    assert plural_of(noun) == words


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("", ""),
        ("no score", "no score"),
        ("it raised KeyError: 'x'\nTraceback:\nKeyError: 'x'", "it raised KeyError: 'x'"),
        ("exit status 1\n  Killed  ", "exit status 1 (Killed)"),
    ],
)
def test_a_reason_of_many_lines_is_one(reason: str, line: str) -> None:
    assert brief(reason) == line


def test_what_begins_a_sentence_has_a_capital() -> None:
    assert [capital(one) for one in ("loss", "η", "")] == ["Loss", "Η", ""]


def test_what_a_terminal_would_obey_is_replaced() -> None:
    assert harmless("a\tb\nλ é 漢") == "a\tb\nλ é 漢"
    assert harmless("\x1b[31mred\x07\r\x9b2J\x7f\u202e") == "�[31mred���2J��"


def test_an_instant_is_in_utc() -> None:
    assert instant(1_795_000_000) == "2026-11-18 11:06:40 UTC"


def test_numbers_with_a_power_are_pieces_of_their_own() -> None:
    text = "width_1 50 at -4.562e-06, [1e-05, 1e+12] of e-mail 3-4"
    pieces = in_pieces(text)
    assert "".join(pieces) == text
    assert pieces[1::2] == ["-4.562e-06", "1e-05", "1e+12"]
