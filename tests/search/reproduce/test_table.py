"""The tables as cells, and as Markdown."""

from search.reproduce.gradients import CheckRow
from search.reproduce.measures import Measured
from search.reproduce.rows import Row
from search.reproduce.table import Cells, checks_table, results_table
from tests.search.reproduce.conftest import Rowed
from tests.search.reproduce.test_gradients import CHECK


def test_a_result_is_a_row(published: Rowed) -> None:
    row = Row(published(remark="Read so."), (Measured(52.0, 10),), 65.0, comparable=True)
    table = results_table([row])
    assert dict(zip(table.columns, table.rows[0], strict=True)) == {
        "id": "E3",
        "setting": "one",
        "figure": "test accuracy",
        "published": "50.00",
        "ours": "52.00",
        "difference": "+2.00",
        "epochs": "10",
        "time": "1:05",
        "remark": "Read so.",
    }


def test_a_row_that_is_not_run_is_left_with_dashes(published: Rowed) -> None:
    (cells,) = results_table([Row(published(), (), None, comparable=True)]).rows
    assert cells[3:8] == ("50.00", "–", "–", "–", "–")


def test_theirs_and_ours_of_a_check_stand_side_by_side() -> None:
    table = checks_table([CheckRow(CHECK, {"weights": 1e-5, "bias": 1e-4})])
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert (row["W published"], row["W ours"]) == ("5.0e-04", "1.0e-05")
    assert (row["γ published"], row["γ ours"]) == ("4.9e-04", "–")
    assert row["all at most theirs"] == "no"
    assert row["difference"] == "forward, ε 0.0001"
    finer = CHECK.model_copy(update={"step": 1e-8, "smallest": 1e-2})
    assert checks_table([CheckRow(finer, None)]).rows[0][2] == "forward, step 1e-08, ε 0.01"


def test_what_would_end_a_cell_is_escaped() -> None:
    text = Cells(("a", "b"), [("x|y", "<b>")]).markdown()
    assert text == "| a | b |\n| --- | --- |\n| x\\|y | &lt;b> |"
