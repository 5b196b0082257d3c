"""Settings that nothing reads are refused where they are written, and defaults never."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from search.errors import StudyFileError
from search.study.file import study_of
from search.study.reading import changed
from tests.search.objectives.network.own_tables import study_in
from tests.search.study.written import NEAR, RATES, boxed, faults, study

SHARES = {"low": 0.5, "high": 0.9}


BOXED = boxed(weight_decay=RATES)


@pytest.mark.parametrize(
    ("table", "said", "found", "reader"),
    [
        ("training", {"optimizer": "adam", "momentum": 0.9}, "0.9", '"sgd" or "nesterov"'),
        ("training", {"optimizer": "adamw", "momentum": 0.9}, "0.9", '"sgd" or "nesterov"'),
        ("training", {"beta_1": 0.5}, "0.5", '"adam" or "adamw"'),
        ("training", {"optimizer": "nesterov", "beta_2": 0.9}, "0.9", '"adam" or "adamw"'),
        ("training", {"epsilon": 1e-6}, "1e-06", '"adam" or "adamw"'),
        ("training", {"learning_rate_min": 1e-4}, "0.0001", '"cosine", "one_cycle" or "cycles"'),
        ("network", {"elu_alpha": 0.5}, "0.5", 'activation = "elu"'),
        ("network", {"init_sigma": 0.1}, "0.1", 'initialization = "normal"'),
        ("network", {"batch_norm_affine": False}, "false", 'batch_norm = "before" or "after"'),
    ],
)
def test_a_key_that_nothing_reads_is_refused_with_what_reads_it(
    table: str, said: dict[str, Any], found: str, reader: str
) -> None:
    (line,) = faults(BOXED, **{table: said})
    assert line.startswith(f"{table}.{[*said][-1]}: found {found}, but only ")
    assert f"{reader} reads it; leave it out, or give " in line
    default = line.partition("or give ")[2].removesuffix(", its default")
    given = [*said][-1]
    assert study(BOXED, **{table: said | {given: json.loads(default)}})


def test_a_default_is_never_refused_even_if_it_is_written() -> None:
    written = {"momentum": 0.0, "beta_1": 0.9, "learning_rate_min": 1e-5}
    made = study(BOXED, training=written)
    assert study_of(made.canonical()) == made


def test_training_may_say_what_one_of_its_stages_or_the_final_reads() -> None:
    other = boxed("second", weight_decay=RATES) | {"training": {"optimizer": "adamw"}}
    assert study(BOXED, other, training={"momentum": 0.9, "beta_1": 0.5})
    assert study(BOXED, final={"training": {"optimizer": "adam"}}, training={"beta_1": 0.5})
    searched = boxed(optimizer=["adam", "adamw"]), boxed("second", optimizer=["sgd", "adam"])
    assert study(*searched, training={"momentum": 0.9})
    assert len(faults(searched[0], training={"momentum": 0.9})) == 1


@pytest.mark.parametrize(
    ("stage", "final", "where"),
    [({"training": {"beta_1": 0.5}}, {}, "stages.first"), ({}, {"beta_1": 0.5}, "final")],
)
def test_what_a_part_says_for_itself_it_must_read_itself(
    stage: dict[str, Any], final: dict[str, Any], where: str
) -> None:
    other = boxed("second", weight_decay=RATES) | {"training": {"optimizer": "adamw"}}
    (line,) = faults(BOXED | stage, other, final={"training": final})
    assert line.startswith(f"{where}.training.beta_1: found 0.5, but only")


def test_what_is_searched_beside_its_setting_says_when_it_is_read() -> None:
    both = ["nesterov", "adamw"]
    assert faults(boxed(optimizer=both, momentum=SHARES)) == [
        'stages.first.box.momentum: searched also where optimizer = "adamw", which does not read '
        'it; give it when = {optimizer = "nesterov"}'
    ]
    three = ["sgd", "nesterov", "adamw"]
    assert faults(boxed(optimizer=three, momentum=SHARES | {"when": {"optimizer": three}})) == [
        'stages.first.box.momentum: searched also where optimizer = "adamw", which does not read '
        'it; give it when = {optimizer = ["sgd", "nesterov"]}'
    ]
    told = SHARES | {"when": {"optimizer": "nesterov"}}
    assert study(boxed(optimizer=both, momentum=told)).stages[0].trials == 4
    assert study(boxed(init_sigma=RATES), network={"initialization": "normal"})
    assert len(faults(boxed(activation=["relu", "elu"], negative_slope=SHARES))) == 1


def test_a_carried_setting_counts_as_searched() -> None:
    first = boxed(activation=["elu", "relu"])
    second = {"trials": 2, "zoom": NEAR, "box": {"elu_alpha": RATES}}
    assert study(first, second).stages[1].trials == 2


def test_points_have_one_list_of_names_whether_they_read_them_or_not() -> None:
    points = [{"optimizer": one, "momentum": 0.9} for one in ("sgd", "adam")]
    assert study({"sampler": "points", "points": points})
    assert len(faults({"sampler": "points", "points": points[1:]})) == 1


def test_a_recorded_search_that_a_rule_would_refuse_can_be_changed() -> None:
    said = {"optimizer": "adamw", "weight_decay": 0.1, "learning_rate": 0.02}
    made = study(BOXED | {"training": {"learning_rate": 0.01}}, training=said)
    parts = made.stages[0], made.final, made.objective
    odd = [part.training.model_copy(update={"momentum": 0.9}) for part in parts]
    stage = made.stages[0].model_copy(update={"training": odd[0]})
    final = made.final.model_copy(update={"training": odd[1]})
    objective = replace(made.objective, training=odd[2])
    old = made.model_copy(update={"stages": (stage,), "final": final, "objective": objective})
    with pytest.raises(StudyFileError, match=r"^x: training.momentum: found 0.9") as caught:
        changed(old, "x", ["seed=2"])
    assert "\n" not in str(caught.value)
    mended = changed(old, "x", ["training.momentum=0", "training.weight_decay=0.3"])
    training = mended.stages[0].training
    assert (training.momentum, training.weight_decay) == (0, 0.3)
    assert (training.learning_rate, mended.final.training.learning_rate) == (0.01, 0.02)


def test_smoothed_labels_beside_a_searched_loss_that_reads_them() -> None:
    both = boxed(loss=["hinge", "cross_entropy"])
    said = {"network": {"loss": "hinge"}, "training": {"label_smoothing": 0.1}}
    assert study(both, **said)


def test_a_regression_smooths_no_labels(tmp_path: Path) -> None:
    found = 'training.label_smoothing: found 0.1, but only loss = "cross_entropy" reads it'
    with pytest.raises(StudyFileError, match=found):
        study_in(tmp_path, ("price",), overrides=("training.label_smoothing=0.1",))


def test_no_layer_has_no_dropout() -> None:
    none = {"widths": []}
    text = "but the network has no hidden layer; leave it out"
    found = f"training.dropout: found, {text}"
    assert faults(BOXED, network=none, training={"dropout": 0.1}) == [found]
    found = f"stages.first.box.dropout: searched, {text}"
    assert faults(boxed(dropout=[0.1, 0.2]), network=none) == [found]


# --- patience -------------------------------------------------------------------------------------


def scheduled(epochs: int, kind: str = "cosine", **keys: Any) -> dict[str, Any]:
    return {"schedule": {"kind": kind, "epochs": epochs, **keys}}


@pytest.mark.parametrize(("patience", "refused"), [(8, False), (9, True), (40, True)])
def test_patience_that_can_end_no_trial_is_refused(patience: int, refused: bool) -> None:
    training = scheduled(10) | {"patience": patience}
    if not refused:
        assert study(BOXED, training=training)
        return
    assert faults(BOXED, training=training) == [
        f"training.patience: found {patience} with 10 epochs, ahead of whose last it ends no "
        "trial; give 8 or fewer, or leave it out"
    ]
    longer = boxed("second", weight_decay=RATES) | {"training": scheduled(50)}
    assert study(BOXED, longer, training=training)


def test_patience_does_not_end_trials_while_the_learning_rate_is_high() -> None:
    assert faults(BOXED, training=scheduled(30, "one_cycle") | {"patience": 5}) == [
        'training.patience: found 5 with kind "one_cycle", of which trials get better as η falls '
        "from its peak, not before; leave it out, or give a schedule whose η only falls"
    ]
    own = BOXED | {"training": scheduled(30, "one_cycle")}
    (line,) = faults(own, training=scheduled(20) | {"patience": 5})
    assert line.startswith("stages.first.training.patience: found 5")


def test_patience_of_the_final_is_read_by_finalists_alone() -> None:
    training = {"training": {"patience": 5}}
    base = scheduled(20)
    assert study(BOXED, training=base, final=training | {"seeds": 2})
    assert faults(BOXED, training=base, final=training | {"seeds": 0}) == [
        "final.training.patience: found 5, but the last training is never ended early, and no "
        "finalist is trained before it; leave it out"
    ]
    cycles = {"training": scheduled(20, "one_cycle"), "seeds": 0}  # which takes it over in vain
    assert study(BOXED, training=base | {"patience": 5}, final=cycles)


@pytest.mark.parametrize("length", [{"half_cycle_epochs": 2}, {"half_cycle_steps": 24}])
def test_of_several_cycles_patience_is_one_or_more(length: dict[str, int]) -> None:
    training = {"schedule": {"kind": "cycles", "cycles": 3, **length}}  # of 4 epochs, 12 updates
    assert study(BOXED, training=training | {"patience": 4})
    (line,) = faults(BOXED, training=training | {"patience": 3})
    assert line.endswith("from its peak, not before; give 4 or more, the epochs of a cycle")
