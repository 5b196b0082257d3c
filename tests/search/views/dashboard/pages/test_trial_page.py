"""The page of a trial leads to those beside it, and says its rank."""

import json

from plotly.utils import PlotlyJSONEncoder

from search.ledger.records import TrialWork
from search.views.dashboard.pages.trial_page import page
from search.views.plots.standing import comparable
from tests.search.views.plots.made import build

WORK = TrialWork(0, (0, 1), 1, 0, "host/1/0", 1.0, 2.0)


def test_a_trial_leads_to_its_neighbours_by_number_and_by_rank() -> None:
    data = build()
    best, second, *_ = data.ranking.ranked(comparable(data))
    text = json.dumps(page(data, second, WORK), cls=PlotlyJSONEncoder)
    assert f'"better: {best.stage} #{best.number}"' in text
    assert '"poorer: ' in text
    assert f'"\\u2192 #{second.number + 1}"' in text or f'"\\u2190 #{second.number - 1}"' in text
    assert '"Rank"' in text
    first = json.dumps(page(data, best, WORK), cls=PlotlyJSONEncoder)
    assert '"better: ' not in first
    diverged = next(trial for trial in data.trials if trial.state == "diverged")
    assert '"Rank"' not in json.dumps(page(data, diverged, WORK), cls=PlotlyJSONEncoder)
