"""What a training learns from: rows, and what each counts for."""

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from search.objectives.network.folds import fold_of, folds_of, stacked
from search.study.file import study_of
from search.study.recorded import recorded_form, recorded_study
from tests.search.objectives.network.trainings import (
    TRIALS,
    section_and_data,
    study_with,
    trained,
)


def test_rows_have_no_weights_unless_they_are_asked_for() -> None:
    section, data = section_and_data(study_with())
    rows = data.prepared
    fold = fold_of(section, rows)
    assert fold.weights is None
    assert fold.validation_weights is None
    assert np.shares_memory(fold.x, rows.training.x)
    np.testing.assert_array_equal(fold.validation_targets, rows.validation.y)


@pytest.mark.parametrize("whole", [False, True])
def test_balanced_weights_are_of_the_rows_that_are_learned(whole: bool) -> None:
    section, data = section_and_data(study_with("training.class_weights='balanced'"))
    rows = data.prepared
    fold = fold_of(section, rows, whole=whole)
    learned = rows.both.y if whole else rows.training.y
    expected = compute_class_weight("balanced", classes=np.arange(10), y=learned)
    assert fold.weights is not None
    assert fold.validation_weights is not None
    np.testing.assert_allclose(fold.weights, expected[learned])
    held_out = rows.validation.y[: 0 if whole else None]
    np.testing.assert_allclose(fold.validation_weights, expected[held_out])
    assert len(fold.validation_x) == len(held_out)


def test_listed_weights_are_by_the_names_of_classes_and_1_elsewhere() -> None:
    section, data = section_and_data(study_with("training.class_weights={'3' = 2.5, '0' = 0}"))
    fold = fold_of(section, data.prepared)
    expected = np.array([0, 1, 1, 2.5, 1, 1, 1, 1, 1, 1])
    assert fold.weights is not None
    np.testing.assert_array_equal(fold.weights, expected[fold.targets.astype(int)])


def test_weights_change_what_is_learned_and_no_score() -> None:
    short = "training.schedule.epochs=1"
    plain = trained(study_with(short), TRIALS[:1])[0][0]
    ones = trained(study_with(short, "training.class_weights={'3' = 1}"), TRIALS[:1])[0][0]
    assert ones == plain
    other = trained(study_with(short, "training.class_weights={'3' = 0}"), TRIALS[:1])[0][0]
    assert other.metrics["train_loss"] < plain.metrics["train_loss"]
    assert other.value != plain.value


@pytest.mark.parametrize("weights", ["'balanced'", "{'3' = 2.5}"])
def test_weights_are_written_with_the_study(weights: str) -> None:
    study = study_with(f"training.class_weights={weights}", "final.training.class_weights={'1'=2}")
    assert study_of(study.canonical()) == study
    assert recorded_study(recorded_form(study)) == study
    assert "class_weights" not in str(study_with().canonical())


def test_folds_are_one_stack_where_rows_are_few_and_short_and_equally_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    section, data = section_and_data(study_with("data.folds=4"))
    folds = folds_of(section, data)
    assert [len(fold.data.x) for fold in folds] == [1125] * 4
    assert stacked(folds, 100) == [[0, 1, 2, 3]]
    assert stacked(folds, 1000) == [[0], [1], [2], [3]]
    section, data = section_and_data(study_with("data.folds=7"))
    sizes = [len(fold.data.x) for fold in folds_of(section, data)]
    assert sorted(map(len, stacked(folds_of(section, data), 100))) == [2, 5]
    assert sorted(sizes) == [1285] * 2 + [1286] * 5
    monkeypatch.setattr("search.objectives.network.folds.STACKED_ROWS", 1)
    assert len(stacked(folds_of(section, data), 100)) == 7
