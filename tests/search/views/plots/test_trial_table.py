"""All trials as a table."""

from search.views.plots.data import SearchData
from search.views.plots.trial_table import trial_table


def test_every_searched_trial_has_a_row_and_no_other(wide: SearchData) -> None:
    table = trial_table(wide)
    assert len(table.rows) == 200
    assert {row[0] for row in table.rows} == {"coarse", "fine", "finest"}
    assert table.columns[-1] == "activation"
    first = wide.trials[0]
    by_name = dict(zip(table.columns, table.rows[0], strict=True))
    assert by_name["learning_rate"] == first.parameters["learning_rate"]
    assert by_name["validation accuracy (%)"] == 100 * (first.value or 0)
    diverged = next(row for row in table.rows if row[2] == "diverged")
    assert diverged[3] is None
