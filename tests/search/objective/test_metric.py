"""A metric writes its values as people read them."""

from dataclasses import replace

import pytest

from search.objective.metric import ABSENT, Metric

SHARE = Metric("validation_accuracy", "maximize", "%", 100.0, decimals=2)
LOSS = Metric("validation_loss")
SECONDS = Metric("latency", unit="s", title="time per request")


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        (SHARE, 0.98, "98.00 %"),
        (SHARE, 0.0, "0.00 %"),
        (LOSS, 0.41324, "0.4132"),
        (LOSS, 11_030.0, "11,030"),
        (LOSS, 12_345_678.0, "12,345,678"),
        (SECONDS, 0.25, "0.25 s"),
        (LOSS, None, ABSENT),
    ],
)
def test_a_value_has_its_digits_and_its_unit(
    metric: Metric, value: float | None, text: str
) -> None:
    assert metric.text(value) == text


def test_a_mean_stands_with_its_deviation_in_the_same_unit() -> None:
    assert SHARE.around(0.9717, 0.0024) == "97.17 % ± 0.24"
    assert SHARE.around(0.9717, None) == "97.17 %"
    assert SHARE.around(None, None) == ABSENT
    assert LOSS.around(0.5, 0.01) == "0.5 ± 0.01"


def test_what_is_drawn_is_what_is_read() -> None:
    assert SHARE.shown(0.98) == 98
    assert (SHARE.number(0.98), LOSS.number(0.41324)) == ("98.00", "0.4132")


def test_names_for_people_follow_from_the_name_unless_given() -> None:
    assert (LOSS.words, LOSS.heading) == ("validation loss", "validation loss")
    assert (SECONDS.words, SECONDS.heading) == ("time per request", "time per request (s)")
    assert (LOSS.shared, replace(LOSS, group="loss").shared) == ("validation_loss", "loss")


def test_less_is_better_unless_said() -> None:
    assert (LOSS.direction, SHARE.direction) == ("minimize", "maximize")
