"""The figure of a search's boxes, as a plain optuna-dashboard reads it."""

import json
from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
from optuna.storages import RDBStorage
from optuna_dashboard._custom_plot_data import get_plotly_graph_objects, is_valid_graph_object_id

from search.ledger.ledger import Ledger
from search.ledger.optuna_boxes import BOXES, KEY, LETTERS, figure
from search.ledger.records import CohortClaim, PlanningClaim, Search, TrialResult
from tests.search.ledger.conftest import Alter

OpenNext = Callable[..., PlanningClaim]
ClaimNext = Callable[..., CohortClaim]
Outcomes = Callable[[CohortClaim], list[TrialResult]]

BOX = {
    "width": {"low": 8, "high": 64, "step": 8},
    "activation": ["relu", "elu"],
    "rate": {"low": 0.01, "high": 1.0, "log": True},
}


def drawn(optuna_storage: RDBStorage, study: str) -> Any:
    """The one figure that a study has."""
    study_id = optuna_storage.get_study_id_from_name(study)
    found = get_plotly_graph_objects(optuna_storage.get_study_system_attrs(study_id))
    assert all(is_valid_graph_object_id(name) for name in found)
    (text,) = found.values()
    assert len(text) < 10_000
    return go.Figure(json.loads(text))


def test_each_stage_has_the_boxes_up_to_its_own(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    outcomes: Outcomes,
    optuna_storage: RDBStorage,
    alter: Alter,
) -> None:
    first = open_next()
    claim = claim_next("one")
    ledger.hand_in(claim, outcomes(claim))
    second = open_next()
    names = [f"{search.study.name}/{n}-{c.stage.name}" for n, c in ((1, first), (2, second))]
    seen = [[trace.name for trace in drawn(optuna_storage, name).data] for name in names]
    stages = [f"1 {first.stage.name}", f"2 {second.stage.name}"]
    assert seen == [stages[:1], stages]
    alter(f"DELETE FROM study_system_attributes WHERE key = '{KEY}'")
    ledger.take_up(search)
    assert [trace.name for trace in drawn(optuna_storage, names[1]).data] == stages


def test_boxes_are_rectangles_over_the_two_ranges_that_people_look_at_first() -> None:
    told = [("1 a", "as the file says", [BOX]), ("2 b", "<b>&", [BOX, BOX])]
    made = go.Figure(json.loads(figure(told, ("rate", "other")) or ""))
    assert (made.layout.xaxis.title.text, made.layout.xaxis.type) == ("rate", "log")
    assert made.layout.yaxis.to_plotly_json() == {"title": {"text": "width"}}
    one, other = made.data
    assert list(one.x) == [0.01, 1.0, 1.0, 0.01, 0.01, None]
    assert list(one.y) == [8, 8, 64, 64, 8, None]
    assert list(other.x) == list(one.x) * 2
    assert (one.text, other.text) == ("1 a<br>as the file says", "2 b<br>&lt;b&gt;&amp;")


def test_it_is_small_whatever_a_search_has() -> None:
    many = [(f"{n} stage", "why " * LETTERS, [BOX] * 5 * BOXES) for n in range(12)]
    assert len(figure(many, ()) or "") < 40_000


def test_one_range_has_no_figure() -> None:
    only = {"rate": BOX["rate"], "activation": ["relu", "elu"]}
    assert figure([("1 a", "", [only])], ()) is None
    assert figure([], ()) is None
