"""The rows and documents of an export."""

import csv
import io
import json
import math
from dataclasses import replace
from typing import Any

import pytest

from search.objective.metric import Metric
from search.objective.report import Report
from search.study.reading import load
from search.views.terminal.export import as_json, metric_columns, write_csv, write_json
from tests.search.views.timed import Timed

OBJECTIVE = load("digits").objective


def curve(*losses: float) -> tuple[Report, ...]:
    """A curve whose training losses are these; η halves with each epoch."""
    return tuple(
        Report(place, {"learning_rate": 0.1 / 2**place, "train_loss": loss})
        for place, loss in enumerate(losses, start=1)
    )


def rows(text: str) -> list[dict[str, str]]:
    """A CSV file as a reader gets it."""
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def trials(trial: Any) -> list[Any]:
    """One trial that is complete, one that has diverged, one that waits; of other parameters."""
    return [
        trial(),
        trial(id=2, number=1, value=None, state="diverged", reason='cost, "nan"'),
        trial(
            id=3, stage="fine", value=None, state="waiting", parameters={"activation": "[/], \n"}
        ),
    ]


def test_csv_has_a_row_a_trial(trials: list[Any]) -> None:
    file = io.StringIO()
    write_csv(OBJECTIVE, trials, {1: curve(2.0, 1.0), 2: curve(math.inf)}, file)
    first, second, third = rows(file.getvalue())
    assert first == {
        "stage": "coarse",
        "number": "0",
        "state": "complete",
        "value": "0.5",
        "seed": "11",
        "reason": "",
        "learning_rate": "0.1",
        "activation": "",
        "steps": "2",
        "pruned_after": "",
    }
    assert (second["value"], second["reason"], second["steps"]) == ("", 'cost, "nan"', "1")
    assert (third["learning_rate"], third["activation"], third["steps"]) == ("", "[/], \n", "0")


def test_csv_of_steps_has_a_row_a_step(trials: list[Any]) -> None:
    file = io.StringIO()
    write_csv(OBJECTIVE, trials, {1: curve(2.0, 1.0), 2: curve(math.inf)}, file, steps=True)
    found = rows(file.getvalue())
    assert [(row["number"], row["step"], row["train_loss"]) for row in found] == [
        ("0", "1", "2.0"),
        ("0", "2", "1.0"),
        ("1", "1", ""),
    ]


def test_csv_of_steps_keeps_parameters_that_are_called_as_a_metric(trials: list[Any]) -> None:
    file = io.StringIO()
    write_csv(OBJECTIVE, trials, {1: curve(2.0, 1.0)}, file, steps=True)
    header, first, _ = csv.reader(io.StringIO(file.getvalue()))
    assert len(set(header)) == len(header)
    assert (first[header.index("learning_rate")], first[header.index("epoch_learning_rate")]) == (
        "0.1",
        "0.05",
    )


def test_a_parameter_that_is_called_as_a_column_keeps_its_own(trial: Any) -> None:
    named = trial(parameters={"number": 7, "steps": 9, "rate": 0.5}, number=3, value=0.25)
    file = io.StringIO()
    write_csv(OBJECTIVE, [named], {named.id: curve(0.4, 0.3)}, file)
    (row,) = rows(file.getvalue())
    assert (row["number"], row["parameter_number"]) == ("3", "7")
    assert (row["steps"], row["parameter_steps"], row["rate"]) == ("2", "9", "0.5")


def test_csv_without_trials_is_a_header() -> None:
    file = io.StringIO()
    write_csv(OBJECTIVE, [], {}, file)
    assert file.getvalue() == "stage,number,state,value,seed,reason,pruned_after,steps\n"


def test_json_holds_everything_and_no_times(search: Any, stage: Any, trials: list[Any]) -> None:
    document = as_json(search, [stage("coarse")], trials, {1: curve(2.0), 2: curve(math.nan)})
    file = io.StringIO()
    write_json(document, file)
    assert file.getvalue().endswith("}\n")
    read = json.loads(file.getvalue())
    assert read["study"] == json.loads(json.dumps(search.study.canonical()))
    assert [trial["parameters"] for trial in read["trials"]] == [
        {"learning_rate": 0.1},
        {"learning_rate": 0.1},
        {"activation": "[/], \n"},
    ]
    assert [len(trial["reports"]) for trial in read["trials"]] == [1, 1, 0]
    assert read["trials"][1]["reports"][0]["train_loss"] is None
    assert "finished_at" not in file.getvalue()


def test_the_columns_of_another_objective_are_its_metrics(trials: list[Any]) -> None:
    timed: Any = Timed()
    assert metric_columns(timed) == {"memory": "memory", "time": "time"}
    taken = replace(timed, metrics=(Metric("state"), Metric("learning_rate")))
    assert metric_columns(taken) == {
        "state": "round_state",
        "learning_rate": "round_learning_rate",
    }
    curves = {1: (Report(2, {"time": 3.5}),)}
    file = io.StringIO()
    write_csv(timed, trials[:1], curves, file, steps=True)
    (row,) = rows(file.getvalue())
    assert (row["step"], row["time"], row["memory"]) == ("2", "3.5", "")
