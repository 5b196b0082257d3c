"""Results of before are read as the box says, and each fault is told with its line."""

from pathlib import Path
from typing import Any

import pytest

from search.study.file import FaultyStudyError, Study, study_of
from search.study.recorded import recorded_form, recorded_study
from search.study.results import OF_EXPORTS, VALUE
from search.views.terminal.export import TRIAL_COLUMNS

BOX: dict[str, Any] = {
    "learning_rate": {"low": 1e-4, "high": 1.0},
    "batch_size": [50, 100],
    "activation": ["relu", "elu"],
    "elu_alpha": {"low": 0.5, "high": 2.0, "when": {"activation": "elu"}},
}
HEAD = "learning_rate,batch_size,activation,elu_alpha,value\n"
ROWS = "0.1,50,relu,,0.9\n0.01,100,elu,1.5,0.8\n"


def study_with(folder: Path, text: str | None = None, **stage: Any) -> Study:
    if text is not None:
        (folder / "past.csv").write_text(text, "utf-8")
    whole = {"name": "past", "sampler": "results", "results": "past.csv", "box": BOX} | stage
    zoomed = {"name": "fine", "trials": 8, "zoom": {"rule": "quantile", "quantile": 0.5}}
    return study_of({"name": "own", "stages": [whole, zoomed]}, folder)


def faults(folder: Path, text: str | None = None, **stage: Any) -> list[str]:
    with pytest.raises(FaultyStudyError) as caught:
        study_with(folder, text, **stage)
    return str(caught.value).splitlines()


def test_points_and_values_are_read_as_the_box_says(tmp_path: Path) -> None:
    past = study_with(tmp_path, HEAD + ROWS).stages[0]
    first, second = past.results
    assert first == {"learning_rate": 0.1, "batch_size": 50, "activation": "relu", "value": 0.9}
    assert second["elu_alpha"] == 1.5
    assert [type(one) for one in first.values()] == [float, int, str, float]
    assert (past.trials, past.source) == (2, "past.csv")


def test_a_record_needs_the_file_no_more(tmp_path: Path) -> None:
    study = study_with(tmp_path, HEAD + ROWS)
    (tmp_path / "past.csv").unlink()
    assert recorded_study(recorded_form(study)) == study
    again = study_of(study.canonical())
    assert again.canonical() == study.canonical()


def test_of_an_export_the_trials_that_were_trained_to_their_end_count(tmp_path: Path) -> None:
    assert {*TRIAL_COLUMNS, "steps"} == {*OF_EXPORTS, VALUE}
    head = "stage,number,state,value,seed,reason,pruned_after,learning_rate,steps\n"
    rows = [
        "coarse,0,complete,0.9,1,,,0.1,10",
        "coarse,1,pruned,0.2,2,,2,0.2,2",
        "coarse,2,diverged,,3,not finite,,0.9,1",
        "coarse,3,skipped,,4,,,0.3,0",
        "fine,0,complete,0.9,5,,,0.1,10",
        "finalists,0,complete,0.7,6,,,0.1,10",
        "final,0,complete,0.6,7,,,0.1,10",
    ]
    box = {"learning_rate": BOX["learning_rate"]}
    past = study_with(tmp_path, head + "\n".join(rows), box=box).stages[0]
    assert past.results == ({"learning_rate": 0.1, "value": 0.9},) * 2
    again = head + rows[0] + "\n" + rows[0]
    said = "stages.past.results: past.csv, line 3: found past.csv, line 2 once more; leave one"
    assert faults(tmp_path, again, box=box)[0].startswith(said)


def test_tables_of_the_study_file_serve_as_well(tmp_path: Path) -> None:
    given = [{"momentum": 0.5, "value": 0.9}, {"momentum": 0.7, "value": 0.8}]
    box = {"momentum": {"low": 0.1, "high": 0.9}}
    past = study_with(tmp_path, results=given, box=box).stages[0]
    assert [dict(one) for one in past.results] == given
    assert past.source == ""
    given[1]["momentum"] = 1.5
    (said,) = faults(tmp_path, results=given, box=box)
    assert said == "stages.past.results.2: momentum: found 1.5; give a number from 0.1 to 0.9"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            HEAD + "2,50,relu,,0.9\n",
            'line 2: learning_rate: found "2"; give a number from 0.0001 to 1',
        ),
        (HEAD + "0.1,60,relu,,0.9\n", 'line 2: batch_size: found "60"; give one of 50, 100'),
        (
            HEAD + "0.1,50,relu,,nan\n",
            'line 2: value: found "nan"; give the score, a finite number',
        ),
        (HEAD + "0.1,50,relu,,\n", "line 2: value: missing; give the score"),
        (HEAD + "0.1,50,elu,,0.9\n", "line 2: elu_alpha: missing; give a number from 0.5 to 2"),
        (HEAD + "0.1,50,relu,1,0.9\n", "line 2: elu_alpha: found, but it is there only where"),
        (HEAD + ROWS + "0.1,50,relu,,0.9\n", "line 4: found past.csv, line 2 once more; leave"),
        (HEAD + "0.1,50\n", "line 2: found 2 cells; give 5, one a column"),
        ("learning_rat,value\n0.1,0.9\n", 'found "learning_rat", which the box of the stage lacks'),
        ("value,value\n0.1,0.9\n", 'found the column "value" twice; give it once'),
        (HEAD, "found no result in past.csv; give rows with a value"),
        ('learning_rate,value\n"0.1,0.9', "which is no CSV file in UTF-8"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    found = faults(tmp_path, text)
    assert len(found) == 1
    assert found[0].startswith("stages.past.results: ")
    assert said in found[0]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    (said,) = faults(tmp_path)
    assert said.startswith('stages.past.results: found "past.csv", which cannot be read: No such')


def test_no_more_than_ten_faults_are_told(tmp_path: Path) -> None:
    assert len(faults(tmp_path, HEAD + "0.1,50,relu,,x\n" * 50)) == 10
