"""What the page of a search says first, and of its data; the rest is tried in a browser."""

import json
from dataclasses import replace

from plotly.utils import PlotlyJSONEncoder

from search.ledger.records import Training
from search.objective.data_card import DataCard
from search.study.reading import load
from search.views.dashboard.pages.search_page import Told, known, shown, standing
from search.views.plots.data import SearchData
from search.views.plots.standing import best
from search.views.reading.overview import overview
from tests.search.views.plots.made import build

CARD = DataCard(
    "cars.csv",
    "ab12",
    1_000,
    200,
    classes=("<b>no</b>", "yes", *map(str, range(90))),
    class_rows=((900, 180), (10, 2), *[(1, 1)] * 90),
)


def test_the_data_have_a_table_and_their_classes_another() -> None:
    text = json.dumps(known(CARD), cls=PlotlyJSONEncoder)
    for one in ("cars.csv", "1,000 for training, 200 for validation", "<b>no</b>", "90.0 %"):
        assert f'"{one}"' in text  # a text of its own, which the page escapes
    assert '"80 more"' in text
    assert "dangerously" not in text
    without = json.dumps(known(DataCard("own", "ab12", 5, 5)), cls=PlotlyJSONEncoder)
    assert "Classes" not in without


def standing_of(data: SearchData, told: Told) -> str:
    one = overview(data.search, data.stages, best(data), (), data.time)
    return json.dumps(standing(data, one, told), cls=PlotlyJSONEncoder)


def test_the_first_screen_answers_the_questions_and_shows_what_is_trained() -> None:
    data = build(planned=1, finished=False)
    held = [Training("fine", n, "host/1/0", data.time - 75, 3 * n, 10.0, 0.5) for n in range(14)]
    text = standing_of(data, Told([("Does it improve", "<b>hardly</b>")], held, " --storage x"))
    assert '"Does it improve"' in text
    assert '"<b>hardly</b>"' in text  # a text of its own, which the page escapes
    assert '"What is best"' in text
    found = best(data)
    assert found is not None
    whole = data.score.text(found.value).replace(" ", "\\u00a0")  # on one line, on any screen
    assert f", single {whole} at learning_rate" in text
    assert '"3 of 10"' in text
    assert '"50.00 %"' in text
    assert '"1:15"' in text
    assert '"Trained now, and 2 more"' in text
    assert all(part in text for part in ("klayer worker digits ", '"--storage"', " x is one"))
    assert "Trained now" not in standing_of(data, Told([], [], ""))


def test_only_plots_that_have_something_to_show_take_space() -> None:
    none = build(planned=0, finished=False)
    assert shown(none) == []
    begun = shown(build(planned=1, finished=False))
    assert {"zoom", "best", "parallel", "importance"} <= set(begun)
    assert not {"seeds", "test", "widths", "weights"} & set(begun)
    ended = shown(build())
    assert {"seeds", "test", "predictions"} <= set(ended)
    assert not {"widths", "weights"} & set(ended)
    flat = build()
    study = load("digits", ["network.widths=[]"])
    assert "weights" in shown(replace(flat, search=replace(flat.search, study=study)))
    wide = build(more={"width_1": {"low": 10, "high": 200, "log": False, "step": 1}})
    assert "widths" in shown(wide)
