"""The rows and columns of the table of all trials."""

import json

from dash._utils import to_json

from search.views.dashboard.pages import trials_grid
from tests.search.views.plots.made import HOSTILE, build


def test_each_trial_is_a_row_with_its_parameters() -> None:
    data = build((16, 8, 8), more={"activation": ["relu", "elu"]})
    rows = trials_grid.rows(data)
    assert len(rows) == len(data.trials)
    trial, row = data.trials[0], rows[0]
    assert row["link"] == "/klayer/trial/digits/coarse/0"
    assert (row["trial"], row["state"]) == ("coarse #0", trial.state)
    assert row["p:activation"] == trial.parameters["activation"]
    pruned = next(t for t in data.trials if t.state == "pruned")
    told = rows[data.trials.index(pruned)]
    assert (told["steps"], told["value"]) == (3, float(f"{100 * (pruned.value or 0):.6g}"))
    diverged = next(t for t in data.trials if t.state == "diverged")
    told = rows[data.trials.index(diverged)]
    assert (told["value"], told["steps"], told["reason"]) == (None, None, diverged.reason)
    assert isinstance(row["seed"], str)
    json.dumps(rows, allow_nan=False)


def test_columns_are_of_numbers_or_of_texts() -> None:
    data = build((16, 8, 8), more={"activation": ["relu", "elu"]})
    columns = {one["field"]: one for one in trials_grid.columns(data)}
    assert set(trials_grid.rows(data)[0]) - {"id", "link"} == set(columns)
    assert columns["p:learning_rate"]["filter"] == "agNumberColumnFilter"
    assert "filter" not in columns["p:activation"]
    assert columns["value"]["headerName"] == "validation accuracy (%)"
    assert columns["steps"]["headerName"] == "epochs"


def test_before_a_trial_the_ranges_of_the_study_are_columns() -> None:
    fields = [one["field"] for one in trials_grid.columns(build(planned=0, finished=False))]
    assert fields[4:6] == ["p:learning_rate", "p:weight_decay"]


def test_names_of_others_are_data() -> None:
    hostile = build((16, 8, 8), more={HOSTILE: [HOSTILE, "b"]})
    text = to_json(trials_grid.table(hostile))
    assert "dangerously" not in text
    functions = [
        one["valueFormatter"]["function"]
        for one in trials_grid.columns(hostile)
        if "valueFormatter" in one
    ]
    assert functions
    assert not [one for one in functions if HOSTILE in one or "onerror" in one]


def test_large_numbers_are_written_whole() -> None:
    (function,) = {
        one["valueFormatter"]["function"]
        for one in trials_grid.columns(build())
        if one["field"] == "p:learning_rate"
    }
    assert "params.value >= 10000 ? d3.format(',.0f')(params.value) : d3.format('.4~g')" in function
