"""Rows of published figures and gradient checks, read on their own."""

import pytest

from model.gradient_check import SMALLEST
from search.errors import StudyFileError
from search.objectives.network.sections import NetworkSection
from search.reproduce.published import tables_of
from search.reproduce.published_tables import GradientCheck, Published
from search.study.file import study_of

ROW = {"id": "B1", "setting": "with", "measure": "test_accuracy", "value": 49.71}
CHECK = {"id": "B0", "setting": "small", "rows": 3, "published": {"weights": 5e-4}}
BARE = {"name": "own", "stages": [{"trials": 4, "box": {"momentum": [0.0, 0.5]}}]}


def document(row: dict[str, object] | None = None, check: object = None) -> dict[str, object]:
    rows = {} if row is None else {"published": [ROW | row]}
    return BARE | rows | ({} if check is None else {"gradient_checks": [check]})


def message(given: dict[str, object]) -> str:
    with pytest.raises(StudyFileError) as caught:
        tables_of(given, "own.toml")
    return str(caught.value).removeprefix("own.toml: ")


def test_a_row_is_read_with_its_defaults() -> None:
    (row,) = tables_of(document({"point": {"momentum": 0}}), "own.toml").published
    assert row == Published(
        id="B1", setting="with", measure="test_accuracy", point={"momentum": 0.0}, value=49.71
    )
    assert (row.stage, row.rank, row.said, row.remark) == (None, 1, "", "")


def test_rows_and_checks_are_no_part_of_the_study() -> None:
    written = study_of(document({}, CHECK))
    assert written == study_of(BARE)
    assert written.canonical() == study_of(BARE).canonical()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"id": "b1"}, 'id: found "b1"; give a capital letter and a number, such as B1'),
        (
            {"measure": "test_accurracy"},
            'measure: found "test_accurracy", which is no measure; did you mean test_accuracy or '
            "training_accuracy or validation_accuracy?",
        ),
        ({"value": 101}, "value: found 101.0; give an accuracy in percent, 0 to 100"),
        ({"said": "higher"}, 'said: found "higher" beside a value; give one of the two'),
        ({"rank": 2}, "rank: found 2 without a stage; give the stage it counts in"),
        (
            {"stage": "coarse"},
            'stage: found "coarse" with test_accuracy; leave out the stage: only networks of the '
            "final see the test images",
        ),
        (
            {"measure": "training_accuracy", "stage": "coarse"},
            'stage: found "coarse" with training_accuracy; leave out the stage: only curves of the '
            "final are read",
        ),
        (
            {"measure": "momentum", "stage": "coarse", "rank": 2, "point": {"momentum": 0.5}},
            "rank: found 2 beside a point; give one of the two",
        ),
        (
            {"measure": "finalist_ensemble", "point": {"momentum": 0}},
            "point: found beside finalist_ensemble; leave it out: all finalists vote",
        ),
        ({"point": {"momentun": 0}}, "point.momentun: not a hyperparameter that can be searched; "),
    ],
)
def test_a_row_that_says_nothing_that_can_be_compared(row: dict[str, object], said: str) -> None:
    assert message(document(row)).startswith(f"published.1.{said}")


def test_a_row_without_a_figure_asks_for_one() -> None:
    bare = BARE | {"published": [{key: ROW[key] for key in ("id", "setting", "measure")}]}
    assert message(bare) == (
        'published.1.value: missing; give the published figure, or said = "…" where there is none'
    )


def test_the_value_of_a_hyperparameter_is_no_percentage() -> None:
    (row,) = tables_of(document({"measure": "batch_size", "value": 128}), "own.toml").published
    assert row.value == 128


def test_a_check_changes_some_keys_of_the_network() -> None:
    (check,) = tables_of(
        document(check=CHECK | {"network": {"widths": [50]}}), "own.toml"
    ).gradient_checks
    assert isinstance(check, GradientCheck)
    assert (check.inputs, check.difference, check.weight_decay) == (None, "central", 0.0)
    assert (check.step, check.smallest) == (None, SMALLEST)
    network = check.network_of(NetworkSection(activation="elu"))
    assert (network.widths, network.activation) == ((50,), "elu")


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ({"network": {"depth": 3}}, "network.depth: unknown key; "),
        ({"network": {"widths": [0]}}, "network.widths.1: found 0; give 1 or more"),
        ({"published": {}}, "published: found an empty table; give the published errors"),
        ({"published": {"weights": -1}}, "published.weights: found -1.0; give 0 or more"),
        ({"step": 0}, "step: found 0; give more than 0"),
        ({"rows": 0}, "rows: found 0; give 1 or more"),
    ],
)
def test_a_check_that_cannot_be_made(check: dict[str, object], said: str) -> None:
    assert message(document(check=CHECK | check)).startswith(f"gradient_checks.1.{said}")
