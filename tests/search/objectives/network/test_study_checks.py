"""What a network's stages must agree on with it; `bad_files.txt` has every message."""

import json
from pathlib import Path
from typing import Any

import pytest

from search.errors import KlayerError, StudyFileError
from search.space.space import Condition
from search.study.file import study_of
from search.study.lineage import reach
from search.study.overrides import overridden
from search.study.reading import document, load
from search.study.recorded import recorded_form, recorded_study
from tests.model.data.tables import HEADER, write_table
from tests.search.objectives.network.own_tables import ROWS, laid_out, study_in
from tests.search.study.written import NEAR, RATES, boxed, faults, study

CYCLES = {"kind": "cycles", "cycles": 1, "half_cycle_epochs": 1}
FOUR_CYCLES = {"kind": "cycles", "cycles": 4, "half_cycle_epochs": 2}
FOUR_CYCLES_IN_STEPS = {"kind": "cycles", "cycles": 4, "half_cycle_steps": 24}


def test_a_floor_is_checked_against_the_lowest_peak_of_each_box() -> None:
    training = {"schedule": CYCLES, "learning_rate_min": 1e-3}
    apart = boxed(learning_rate={"low": 2e-3, "high": 1.0})
    assert study(apart, training=training)
    assert faults(boxed(learning_rate=RATES), training=training) == [
        "stages.first: found learning_rate_min = 0.001 with learning_rate = 0.001; "
        "give a floor below the peak"
    ]
    floors = boxed(learning_rate=RATES, learning_rate_min={"low": 1e-6, "high": 2e-3})
    assert "learning_rate_min = 0.002" in faults(floors, training={"schedule": CYCLES})[0]


def test_boxes_and_points_are_checked_one_by_one() -> None:
    low = {"learning_rate": [1e-3], "learning_rate_min": [1e-4]}
    high = {"learning_rate": [1e-1], "learning_rate_min": [1e-2]}
    training = {"schedule": CYCLES}
    assert study({"trials": 2, "boxes": [low, high]}, training=training)
    points = [{name: values[0] for name, values in box.items()} for box in (low, high)]
    assert study({"sampler": "points", "points": points}, training=training)
    turned = [{"learning_rate": 1e-3, "learning_rate_min": 1e-2}]
    assert len(faults({"sampler": "points", "points": turned}, training=training)) == 1


def test_one_slip_in_training_is_told_once_for_all_stages() -> None:
    training = {"schedule": CYCLES, "learning_rate_min": 0.5}
    stages = (boxed("a", weight_decay=RATES), boxed("b", weight_decay=RATES))
    assert faults(*stages, training=training) == [
        "training.learning_rate_min: found learning_rate_min = 0.5 with learning_rate = 0.01; "
        "give a floor below the peak"
    ]


def test_finalists_of_a_schedule_of_their_own_are_checked() -> None:
    said = faults(
        boxed(learning_rate=RATES), final={"training": {"schedule": CYCLES, "learning_rate_min": 1}}
    )
    assert said[0].startswith("final: found learning_rate_min = 1 with learning_rate = 0.001")


def test_batches_may_differ_where_cycles_are_counted_in_epochs() -> None:
    halving = {"keep": 0.5, "at": [1], "unit": "cycles"}
    batches = boxed(batch_size=[50, 100]) | {"halving": halving}
    assert study(batches, training={"schedule": FOUR_CYCLES})
    with pytest.raises(StudyFileError, match="different points of the η cycle"):
        study(batches, training={"schedule": FOUR_CYCLES_IN_STEPS})


def test_a_batch_size_that_a_zoom_carries_counts_as_searched() -> None:
    fine = {"trials": 2, "zoom": {"rule": "quantile", "quantile": 0.5}}
    halving = {"keep": 0.5, "at": [1], "unit": "cycles"}
    stages = boxed(batch_size=[50, 100]), fine | {"halving": halving}
    with pytest.raises(StudyFileError, match="different points of the η cycle"):
        study(*stages, training={"schedule": FOUR_CYCLES_IN_STEPS})


def test_a_layer_that_the_network_does_not_have_is_named() -> None:
    wide = {"low": 5, "high": 9}
    assert faults(boxed(width_2=wide), network={"widths": [30]}) == [
        "stages.first.box.width_2: found width_2, but the network has 1 hidden layer; give width_1"
    ]
    (none,) = faults(boxed(width_1=wide), network={"widths": []})
    assert "no hidden layer; leave it out" in none


WIDTH = {"low": 8, "high": 64}
WIDTHS = {"width_1": WIDTH, "width_2": WIDTH}


def test_layers_bring_the_conditions_of_the_widths_along() -> None:
    made = study(boxed(layers=[1, 2, 3], **WIDTHS), boxed("second", layers={"low": 2, "high": 3}))
    (box,) = made.stages[0].boxes
    assert dict(box.conditions) == {
        "width_1": Condition({"layers": (2, 3)}),
        "width_2": Condition({"layers": (3,)}),
    }
    assert made.canonical()["stages"][0]["boxes"][0]["width_2"]["when"] == {"layers": [3]}
    assert study_of(made.canonical()) == made
    narrower = WIDTH | {"when": {"layers": 4, "activation": "elu"}}
    (box,) = (
        study(
            boxed(layers=[2, 3, 4], activation=["elu", "relu"], width_2=narrower),
            network={"widths": [9, 9, 9]},
        )
        .stages[0]
        .boxes
    )
    assert box.conditions["width_2"] == Condition({"layers": (4,), "activation": ("elu",)})


ZOOMED = {"name": "fine", "trials": 2, "zoom": NEAR}


@pytest.mark.parametrize(
    ("stages", "network", "message"),
    [
        (
            (boxed(layers=[2, 3], **WIDTHS, width_4=WIDTH),),
            {},
            "first.box.width_4: found width_4, but a network of 3 layers has 2 hidden layers; give "
            "width_1 or width_2",
        ),
        (
            (boxed(layers=[1], width_1=WIDTH),),
            {},
            "first.box.width_1: found width_1, but a network of 1 layer has no hidden layer; leave "
            "it out",
        ),
        (
            (boxed(layers=[2, 4], **WIDTHS),),
            {},
            "first.box.layers: found up to 4, but hidden layer 3 may have no width; give width_3 a "
            "range, or network.widths 3 of them",
        ),
        (
            (boxed(layers=[2, 3], width_1=WIDTH, width_2=WIDTH | {"when": {"layers": [2, 3]}}),),
            {},
            "first.box.width_2.when.layers: found 2, with which there is no width_2; give 3, or "
            "leave it out",
        ),
        (
            (
                boxed(
                    layers=[2, 3],
                    shuffle=[True, False],
                    width_1=WIDTH,
                    width_2=WIDTH | {"when": {"shuffle": True}},
                ),
            ),
            {"widths": []},
            "first.box.layers: found up to 3, but hidden layer 2 may have no width; give width_2 a "
            "range, or network.widths 2 of them",
        ),
        (
            (boxed(layers=[0, 2], **WIDTHS),),
            {},
            "first.box.layers.1: found 0; give a whole number, 1 or more and at most 101",
        ),
        (
            (boxed(layers=[1], dropout=[0.1, 0.2]),),
            {},
            "first.box.dropout: searched, but the network has no hidden layer; leave it out",
        ),
        (
            (boxed(layers=[2, 3], **WIDTHS), ZOOMED | {"box": {"width_2": WIDTH}}),
            {},
            "fine.box.width_2: found beside a zoom that searches layers; give layers and all "
            "widths in this box",
        ),
        (
            (boxed(layers=[2, 3], **WIDTHS), ZOOMED | {"box": {"layers": [3, 4]}}),
            {"widths": [9, 9, 9]},
            "fine.box.layers: found beside width_1 of first, which did not search all of these; "
            "give no others, or leave out the zoom",
        ),
        (
            (
                {
                    "sampler": "points",
                    "points": [
                        {"layers": 2, "width_1": 8},
                        {"layers": 1},
                        {"layers": 3, "width_1": 8},
                        {"layers": 2},
                    ],
                },
            ),
            {},
            "1.points.4: width_1 is missing; points have it where layers is 2 or 3, and nowhere "
            "else",
        ),
        (
            (
                {
                    "sampler": "points",
                    "points": [{"layers": 2, "width_1": 8}, {"layers": 1, "width_1": 8}],
                },
            ),
            {},
            "1.points.2: found width_1; points have it where layers is 2, and nowhere else",
        ),
    ],
)
def test_layers_and_widths_that_do_not_fit_are_named(
    stages: tuple[dict[str, Any], ...], network: dict[str, Any], message: str
) -> None:
    assert faults(*stages, network=network) == [f"stages.{message}"]


@pytest.mark.parametrize(
    ("ranges", "network", "can"),
    [
        ({"momentum": [0.5]}, {"widths": [20, 20]}, True),
        ({"momentum": [0.5]}, {"widths": [20, 10, 5]}, False),
        ({"momentum": [0.5]}, {"widths": [20]}, False),
        ({"width_2": {"low": 20, "high": 30}}, {"widths": [20, 10]}, True),
        ({"width_2": {"low": 21, "high": 30}}, {"widths": [20, 20]}, False),
        ({"layers": [2, 3], "width_2": [9, 20]}, {"widths": [20]}, True),
        ({"layers": [1, 2]}, {"widths": [20, 20]}, False),
        ({"momentum": [0.5]}, {"widths": [20], "bottleneck": 20}, True),
        ({"bottleneck": [10, 30]}, {"widths": [31]}, False),
    ],
)
def test_skips_need_hidden_layers_of_one_width(
    ranges: dict[str, Any], network: dict[str, Any], can: bool
) -> None:
    why = "but no hidden layer can have as many units as the one before it; leave it out"
    searched = boxed(skip=[True, False], **ranges)
    if can:
        assert study(boxed(**ranges), network=network | {"skip": True})
        assert study(searched, network=network)
        return
    said = faults(boxed(**ranges), network=network | {"skip": True})
    assert said == [f"network.skip: found true, {why}"]
    assert faults(searched, network=network) == [f"stages.first.box.skip: searched, {why}"]


def test_a_study_without_later_keys_is_recorded_as_before_there_were_any() -> None:
    plain = study(boxed(momentum=[0.5]))
    later = study(boxed(momentum=[0.5]), network={"skip": True, "bottleneck": 7})
    assert not {"skip", "bottleneck"} & set(plain.canonical()["network"])
    assert plain.objective.recorded()["network"] == plain.canonical()["network"]
    assert later.canonical()["network"]["skip"] is True
    assert later.canonical()["network"]["bottleneck"] == 7
    for one in (plain, later):
        back = recorded_study(json.loads(json.dumps(recorded_form(one))))
        assert back.objective.network == one.objective.network


def test_a_zoom_carries_layers_and_widths_and_may_leave_layers_out() -> None:
    first = boxed(layers=[2, 3], **WIDTHS)
    made = study(first, ZOOMED, ZOOMED | {"name": "finest", "box": {"layers": [2]}})
    boxes = reach(made.stages)
    assert boxes["fine"] == boxes["first"]
    assert set(boxes["finest"].ranges) == {"layers", "width_1"}
    assert study(boxed(layers=[1, 2]) | {"training": {"batch_size": 1}})
    batch_norm = {"batch_norm": "before"}
    single = {"training": {"batch_size": 1}}
    assert study(boxed(layers=[1]) | single, network=batch_norm)
    assert len(faults(boxed(layers=[1, 2]) | single, network=batch_norm | {"widths": [5]})) == 1


def test_a_batch_size_that_no_trial_uses_is_not_held_against_the_images() -> None:
    few = {"source": "digits", "validation": 1_470}
    searched = {"trials": 2, "box": {"batch_size": {"low": 4, "high": 16}}}
    made = study(searched, data=few).objective
    assert made.facts.rows == 30 < made.training.batch_size
    with pytest.raises(Exception, match="found 100; there are 30 training images: give 30 or"):
        study(boxed(learning_rate=RATES), data=few)


NORMALISED = {"batch_norm": "before"}
SINGLE = "found 1, of which batch normalisation leaves nothing; give 2 or more"


@pytest.mark.parametrize(
    ("stage", "training", "where"),
    [
        (boxed(learning_rate=RATES), {"batch_size": 1}, "training.batch_size"),
        (
            boxed(learning_rate=RATES) | {"training": {"batch_size": 1}},
            {},
            "stages.first.training.batch_size",
        ),
        (boxed(batch_size=[1, 32]), {}, "stages.first.box.batch_size"),
        (boxed(batch_size={"low": 1, "high": 32}), {}, "stages.first.box.batch_size"),
        (
            {"name": "first", "sampler": "points", "points": [{"batch_size": 1}]},
            {},
            "stages.first.points",
        ),
    ],
)
def test_batches_of_one_row_are_refused_with_batch_normalisation(
    stage: dict[str, Any], training: dict[str, Any], where: str
) -> None:
    assert faults(stage, training=training, network=NORMALISED) == [f"{where}: {SINGLE}"]
    assert study(stage, training=training)
    assert study(stage, training=training, network=NORMALISED | {"widths": []})


def test_so_are_those_of_finalists_and_of_a_searched_normalisation() -> None:
    final = {"training": {"batch_size": 1}}
    (found,) = faults(boxed(learning_rate=RATES), final=final, network=NORMALISED)
    assert found == f"final.training.batch_size: {SINGLE}"
    both = boxed(batch_size=[1, 32], batch_norm=["none", "after"])
    assert faults(both) == [f"stages.first.box.batch_size: {SINGLE}"]
    points = [{"batch_size": 1, "batch_norm": "none"}, {"batch_size": 2, "batch_norm": "after"}]
    assert study({"name": "x", "sampler": "points", "points": points}, network=NORMALISED)


def test_batches_of_one_row_may_be_searched_where_nothing_is_normalised() -> None:
    sizes = {"values": [1, 32], "when": {"batch_norm": "none"}}
    assert study(boxed(batch_size=sizes, batch_norm=["none", "after"]))
    zoom = {"trials": 2, "zoom": NEAR}
    stages = boxed(batch_size={"low": 2, "high": 32}), zoom
    assert study(*stages, network=NORMALISED)


# --- the task of a table --------------------------------------------------------------------------


def told(folder: Path, targets: tuple[str, ...], score: str = "", *changes: str) -> list[str]:
    """The faults of a study of a table, in which a kind is one of three."""
    file = laid_out(folder, targets, score)
    if targets == ("kind",):
        kinds = [[*row, "abc"[place % 3]] for place, row in enumerate(ROWS)]
        write_table(folder / "cars.csv", kinds, (*HEADER, "kind"))
    changed, _ = overridden(document(str(file)), changes)
    with pytest.raises(StudyFileError) as caught:
        study_of({"name": "cars", **changed}, folder)
    return str(caught.value).split("\n")


@pytest.mark.parametrize("score", ["rmse", "mae", "r2"])
def test_classes_have_no_score_of_values(tmp_path: Path, score: str) -> None:
    assert told(tmp_path, ("label",), score) == [
        f'objective.score: found "{score}"; the target is for classification: give accuracy or '
        "balanced_accuracy or macro_f1 or roc_auc or log_loss"
    ]


@pytest.mark.parametrize(
    "score", ["accuracy", "balanced_accuracy", "macro_f1", "roc_auc", "log_loss"]
)
def test_values_have_no_score_of_classes(tmp_path: Path, score: str) -> None:
    assert told(tmp_path, ("price",), score) == [
        f'objective.score: found "{score}"; the target is for regression: give rmse or mae or r2'
    ]


def test_an_area_under_a_curve_is_of_two_classes(tmp_path: Path) -> None:
    assert study_in(tmp_path, ("label",), "roc_auc").objective.scored_by == "roc_auc"
    (fault,) = told(tmp_path, ("kind",), "roc_auc")
    assert fault.startswith('objective.score: found "roc_auc", which is of 2 classes; there are 3')


@pytest.mark.parametrize(
    ("targets", "losses"),
    [(("label",), ("squared_error", "huber")), (("price",), ("cross_entropy", "hinge"))],
)
def test_a_loss_of_the_other_task_is_refused_wherever_it_stands(
    tmp_path: Path, targets: tuple[str, ...], losses: tuple[str, str]
) -> None:
    task, right = ("classification", "cross_entropy or hinge")
    if targets == ("price",):
        task, right = ("regression", "squared_error or huber")
    reason = f"the target is for {task}: give {right}"
    for loss in losses:
        assert told(tmp_path, targets, "", f"network.loss='{loss}'") == [
            f'network.loss: found "{loss}"; {reason}'
        ]
    searched = f"stages.coarse.box.loss={list(losses)}"
    assert told(tmp_path, targets, "", searched) == [
        f'stages.coarse.box.loss: found "{loss}"; {reason}' for loss in losses
    ]


def test_losses_of_a_task_may_be_searched(tmp_path: Path) -> None:
    searched = "stages.coarse.box.loss=['squared_error', 'huber']"
    found = study_in(tmp_path, ("price",), "", [searched])
    assert "loss" in found.stages[0].boxes[0].ranges


def test_a_batch_of_more_rows_than_there_are_is_refused(tmp_path: Path) -> None:
    rows = study_in(tmp_path).objective.facts.rows
    assert told(tmp_path, ("label",), "", f"training.batch_size={rows + 1}") == [
        f"training.batch_size: found {rows + 1}; there are {rows} training rows: give {rows} or "
        "fewer"
    ]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("even", 'found "even"; give "balanced", or a table of weights by the names of classes'),
        (
            {},
            'found an empty table; give "balanced", or a table of weights by the names of classes',
        ),
        (
            [1.0, 2.0],
            'found a list; give "balanced", or a table of weights by the names of classes',
        ),
        (
            {"10": 2.0},
            'found "10"; the classes are "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"',
        ),
        ({str(label): 0 for label in range(10)}, "found 0 for every class; give one of them more"),
        ({"3": -1.0}, "class_weights.3: found -1.0; give a number from 0"),
        ({"3": "much"}, 'class_weights.3: found "much"; give a number from 0'),
    ],
)
def test_weights_of_classes_that_cannot_be_are_refused(weights: object, message: str) -> None:
    (text,) = faults(boxed(learning_rate=RATES), training={"class_weights": weights})
    assert text.startswith("training.class_weights")
    assert message in text


def test_a_stages_own_weights_are_checked_too() -> None:
    own = boxed(learning_rate=RATES) | {"training": {"class_weights": {"zero": 1}}}
    (text,) = faults(own, training={"class_weights": "balanced"})
    assert text.startswith('stages.first.training.class_weights: found "zero"; the classes are')


def test_classes_of_a_table_are_known_by_their_names(tmp_path: Path) -> None:
    weights = "training.class_weights={yes=2, maybe=1}"
    with pytest.raises(StudyFileError) as caught:
        study_in(tmp_path, overrides=(weights,))
    assert 'class_weights: found "maybe"; the classes are "no", "yes"' in str(caught.value)


def test_a_regression_has_no_class_weights(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError) as caught:
        study_in(tmp_path, ("price",), overrides=("training.class_weights='balanced'",))
    assert "class_weights: found, but the target is for regression; leave it out" in str(
        caught.value
    )


BOXED = boxed(learning_rate=RATES)
IN_STEPS = {"kind": "cycles", "cycles": 1, "half_cycle_steps": 24}


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"data": {"folds": 1}}, "data.folds: found 1; give 2 or more"),
        ({"data": {"repeats": 0}}, "data.repeats: found 0; give 1 or more"),
        (
            {"training": {"repeats": 2}},
            "training.repeats: found 2; give data.repeats for all trials, or "
            "stages.training.repeats for those of a stage",
        ),
        (
            {"final": {"training": {"repeats": 2}}},
            "final.training.repeats: found 2; leave it out: final.seeds says how often finalists "
            "are trained again",
        ),
        (
            {"data": {"folds": 5, "validation": 300}},
            "data.validation: found beside folds, each of which is held out in turn; leave it out, "
            "or leave out folds",
        ),
        (
            {"data": {"folds": 5}, "final": {"train_on": "training"}},
            'final.train_on: found "training" with folds, each of which has another training part; '
            'give "training+validation"',
        ),
        (
            {"data": {"folds": 5}, "training": {"schedule": IN_STEPS}},
            "training.schedule.half_cycle_steps: found with folds, which may have other numbers of "
            "updates in an epoch; give half_cycle_epochs",
        ),
        (
            {"data": {"folds": 5}, "training": {"batch_size": 1201}},
            "training.batch_size: found 1,201; there are 1,200 training images: "
            "give 1,200 or fewer",
        ),
    ],
)
def test_folds_that_cannot_be_are_refused_in_one_message(
    tables: dict[str, Any], message: str
) -> None:
    assert faults(BOXED, **tables) == [message]


@pytest.mark.parametrize(("key", "column"), [("time", "price"), ("part_column", "label")])
def test_folds_go_with_no_other_way_to_hold_rows_out(tmp_path: Path, key: str, column: str) -> None:
    file = laid_out(tmp_path)
    text = file.read_text().replace('group = "patient"', f'{key} = "{column}"\nfolds = 3')
    file.write_text(text)
    with pytest.raises(StudyFileError) as caught:
        load(str(file))
    assert f"data.folds: found beside {key}, which says the one part" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_folds_that_the_rows_do_not_allow_are_refused(tmp_path: Path) -> None:
    with pytest.raises(KlayerError, match="folds need 99 groups or more beside the test, not"):
        study_in(tmp_path, overrides=("data.folds=99",))


def test_with_folds_the_last_training_is_on_all_rows_but_the_test() -> None:
    found = study(BOXED, data={"folds": 5})
    assert found.objective.train_on == found.final.train_on == "training+validation"
    assert study_of(found.canonical()) == found
    assert found.canonical()["data"] == {"source": "digits", "folds": 5}
    assert (found.objective.facts.rows, found.objective.facts.held_out) == (1200, 300)
    assert study(BOXED).canonical()["data"] == {"source": "digits", "validation": 300}
    assert study(BOXED, data={"repeats": 2}).objective.train_on == "training"
