"""What is said of an evaluation, and of how values are measured."""

import pytest

from search.objectives.network.findings import findings, measured, scores_in
from search.objectives.network.metrics import metric_of

TEST = metric_of("accuracy", "test")

RESULT = {
    "accuracies": [0.9, 0.95],
    "snapshot_ensemble": 0.91,
    "finalist_ensemble": 0.92,
    "rows": 1_297,
}


def test_the_winner_is_first_and_votes_go_with_it() -> None:
    first, *others = findings(RESULT, TEST, "images")
    assert (first.key, first.label, first.metric_text) == (
        "test_accuracy",
        "Test accuracy",
        "90.00 %",
    )
    assert (first.note, first.within) == ("1,297 images, read once", False)
    assert [(one.label, one.metric_text, one.within) for one in others] == [
        ("of its snapshots voting", "91.00 %", True),
        ("of 2 finalists voting", "92.00 %", True),
    ]


def test_an_earlier_record_called_its_rows_images() -> None:
    earlier = {("images" if key == "rows" else key): value for key, value in RESULT.items()}
    assert findings(earlier, TEST, "rows") == findings(RESULT, TEST, "rows")


def test_who_did_not_vote_is_left_out_and_who_diverged_has_a_dash() -> None:
    alone = RESULT | {
        "accuracies": [None],
        "snapshot_ensemble": None,
        "finalist_ensemble": None,
    }
    (only,) = findings(alone, TEST, "images")
    assert only.metric_text == "–"


def test_other_scores_are_told_in_their_own_words_and_unit() -> None:
    told = {
        "scores": [2.5, None],
        "snapshot_ensemble": None,
        "finalist_ensemble": 2.25,
        "rows": 9,
    }
    winner, together = findings(told, metric_of("rmse", "test"), "rows")
    assert (winner.label, winner.metric_text) == ("Test RMSE", "2.5")
    assert winner.note == "9 rows, read once"
    assert together.metric_text == "2.25"
    assert scores_in(told) == [2.5, None]


def test_before_it_is_said_what_is_to_come() -> None:
    (only,) = findings({}, TEST, "images")
    assert (only.metric_text, only.note) == ("–", "read once, at the very end")


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("last_epoch", "after 10 epochs"),
        ("best_epoch", "the best of 10 epochs"),
        ("snapshot_ensemble", "snapshots of 10 epochs voting"),
    ],
)
def test_how_a_value_is_measured(rule: str, text: str) -> None:
    assert measured(rule, 10) == text
