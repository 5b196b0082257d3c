"""Words and numbers as labels."""

from search.runtime.formatting import number
from search.study.reading import load
from search.views.plots.labels import lines, parameters, short, title_of

OBJECTIVE = load("digits").objective


def test_hyperparameters_have_symbols_and_units() -> None:
    assert title_of(OBJECTIVE, "learning_rate") == "learning rate η"
    assert title_of(OBJECTIVE, "width_3") == "width of layer 3 (units)"
    assert title_of(OBJECTIVE, "batch_size") == "batch size"
    assert title_of(OBJECTIVE, "not_known_<b>") == "not known <b>"
    assert short(title_of(OBJECTIVE, "<b>")) == "&lt;b&gt;"


def test_numbers() -> None:
    assert (number(0.000314159), number(50), number("relu")) == ("0.0003142", "50", "relu")
    text = parameters(OBJECTIVE, {"momentum": 0.9, "width_1": 5})
    assert text == "momentum 0.9, width of layer 1 (units) 5"


def test_long_lines_are_broken_and_harmless() -> None:
    text = lines("one two three\nfour <b>five</b>", width=12)
    assert text == "one two<br>three<br>four<br>&lt;b&gt;five&lt;/b&gt;"


def test_long_names_are_cut_before_they_are_escaped() -> None:
    assert short("a" * 40, 5) == "aaaa…"
    assert short("<" * 5, 5) == "&lt;" * 5
