"""What differs of the study files of searches that are compared; the rest is tried in a browser."""

import json

from plotly.utils import PlotlyJSONEncoder

from search.study.reading import load
from search.views.dashboard.pages.compare_page import differing


def test_a_key_that_differs_is_a_row_with_a_value_a_search() -> None:
    studies = [
        load("digits"),
        load("digits", ["name=other", "training.batch_size=64"]),
        load("digits", ["name=third", "stages.coarse.trials=7"]),
    ]
    table = differing(studies)
    (body,) = (one for one in table.children.children if type(one).__name__ == "Tbody")
    rows = [[cell.children for cell in row.children] for row in body.children]
    said = {row[0].children: row[1:] for row in rows}
    assert said == {
        "training.batch_size": ["100", "64", "as there"],
        "stages.coarse.trials": ["16", "as there", "7"],
    }
    assert "from that of digits" in json.dumps(table, cls=PlotlyJSONEncoder)


def test_files_that_differ_in_their_names_alone_do_not_differ() -> None:
    other = load("digits", ["name=other", "description=<b>another</b>"])
    text = json.dumps(differing([load("digits"), other]), cls=PlotlyJSONEncoder)
    assert "do not differ" in text
