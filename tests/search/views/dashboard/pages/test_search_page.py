"""What the page of a search says of its data; all else of it is tried in a browser."""

import json

from plotly.utils import PlotlyJSONEncoder

from search.objective.data_card import DataCard
from search.views.dashboard.pages.search_page import known

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
    for shown in ("cars.csv", "1,000 for training, 200 for validation", "<b>no</b>", "90.0 %"):
        assert f'"{shown}"' in text  # a text of its own, which the page escapes
    assert '"80 more"' in text
    assert "dangerously" not in text
    without = json.dumps(known(DataCard("own", "ab12", 5, 5)), cls=PlotlyJSONEncoder)
    assert "Classes" not in without
