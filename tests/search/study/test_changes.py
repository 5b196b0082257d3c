"""What differs between two forms of a study is told once a key, in the file's own words."""

from search.study.changes import differences
from search.study.reading import load


def changed(*overrides: str, study: str = "lambda-coarse-to-fine") -> list[str]:
    return differences(load(study).canonical(), load(study, overrides).canonical())


def test_equal_studies_do_not_differ() -> None:
    assert changed() == []
    assert changed("training.momentum=0") == []


def test_a_change_of_a_stage_is_named_by_the_stage() -> None:
    assert changed("stages.coarse.trials=30") == ["stages.coarse.trials: 20 before, 30 now"]
    assert changed("stages.coarse.box.weight_decay.low=1e-7") == [
        "stages.coarse.boxes.1.weight_decay.low: 1e-06 before, 1e-07 now"
    ]
    assert changed("stages.fine.zoom.decades=2") == [
        "stages.fine.zoom.decades: 1.0 before, 2.0 now"
    ]


def test_a_change_of_training_is_told_once() -> None:
    assert changed("training.batch_size=64") == ["training.batch_size: 100 before, 64 now"]


def test_a_change_of_one_stages_training_is_told_there() -> None:
    assert changed("stages.fine.training.batch_size=64") == [
        "stages.fine.training.batch_size: 100 before, 64 now"
    ]


def test_a_stage_that_keeps_its_own_training_is_not_told_of() -> None:
    own = load("lambda-coarse-to-fine", ["final.training.batch_size=100"]).canonical()
    now = load("lambda-coarse-to-fine", ["final.training.batch_size=100", "training.batch_size=64"])
    assert differences(own, now.canonical()) == ["training.batch_size: 100 before, 64 now"]


def test_keys_that_come_and_go_are_not_set_on_the_other_side() -> None:
    lines = changed('training.schedule={kind="cycles", cycles=2, half_cycle_steps=900}')
    assert lines == [
        "training.schedule.half_cycle_epochs: 2 before, not set now",
        "training.schedule.half_cycle_steps: not set before, 900 now",
    ]


def test_stages_are_added_removed_and_reordered() -> None:
    recorded = load("lambda-coarse-to-fine").canonical()
    shorter = {**recorded, "stages": recorded["stages"][:2]}
    assert differences(recorded, shorter) == ["stages.finest: removed"]
    assert differences(shorter, recorded) == ["stages.finest: added"]
    turned = {**recorded, "stages": recorded["stages"][::-1]}
    assert differences(recorded, turned) == [
        "stages: in the order coarse, fine, finest before, finest, fine, coarse now"
    ]


def test_true_is_not_one() -> None:
    assert differences({"a": True}, {"a": 1}) == ["a: true before, 1 now"]
    assert differences({"a": 1.0}, {"a": 1}) == []


def test_texts_are_shown_as_they_are() -> None:
    assert changed("description=λ²", study="digits") == [
        'description: "Handwritten digits: learning rate and weight decay, coarse to fine, '
        'in seconds" before, "λ²" now'
    ]
