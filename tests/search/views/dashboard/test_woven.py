"""What is woven into Optuna's dashboard, in the form that it reads."""

import json

import plotly.graph_objects as go
from optuna_dashboard._custom_plot_data import get_plotly_graph_objects, is_valid_graph_object_id
from optuna_dashboard._note import get_note_from_system_attrs

from search.views.dashboard.woven import Woven, WovenAttributes, link, plain

FIGURE = go.Figure(go.Scatter(x=[1, 2], y=[3, 4]))
WOVEN = Woven("# a stage " + "long " * 1000, {"zoom": FIGURE, "curves": FIGURE})


def test_optuna_s_dashboard_reads_our_note_and_our_figures() -> None:
    found = WovenAttributes({"other": 1}, lambda: WOVEN)
    assert get_note_from_system_attrs(found, None) == {"version": 1, "body": WOVEN.note}
    figures = get_plotly_graph_objects(found)
    assert {name: json.loads(text) for name, text in figures.items()} == {
        "zoom": json.loads(FIGURE.to_json()),
        "curves": json.loads(FIGURE.to_json()),
    }
    assert all(is_valid_graph_object_id(name) for name in figures)
    assert found["other"] == 1
    assert len(found) == len(list(found)) == 5


def test_a_note_that_somebody_wrote_goes_before_ours() -> None:
    stored = {"dashboard:note_ver": 3, "dashboard:note_str:0": "mine"}
    found = WovenAttributes(stored, lambda: WOVEN)
    assert get_note_from_system_attrs(found, None) == {"version": 3, "body": "mine"}
    assert set(get_plotly_graph_objects(found)) == {"zoom", "curves"}


def test_the_note_that_klayer_stores_does_not_go_before_what_is_woven() -> None:
    note = {"dashboard:note_ver": 1, "dashboard:note_str:0": "ours", "klayer:note": "ours"}
    found = WovenAttributes(note, lambda: WOVEN)
    assert get_note_from_system_attrs(found, None) == {"version": 1, "body": WOVEN.note}
    edited = WovenAttributes(note | {"dashboard:note_str:0": "mine"}, lambda: WOVEN)
    assert get_note_from_system_attrs(edited, None) == {"version": 1, "body": "mine"}


def test_the_figure_that_klayer_stores_does_not_go_before_what_is_woven() -> None:
    stored = {"dashboard:plot_data:zoom:0": "{}", "dashboard:plot_data:mine:0": "{}"}
    found = get_plotly_graph_objects(WovenAttributes(stored, lambda: WOVEN))
    assert json.loads(found.pop("zoom")) == json.loads(FIGURE.to_json())
    assert set(found) == {"curves", "mine"}


def test_the_list_of_all_studies_asks_for_nothing_that_is_woven() -> None:
    asked: list[int] = []

    def weave() -> Woven:
        asked.append(1)
        return WOVEN

    found = WovenAttributes({"a": 1}, weave)
    assert found.get("preference:is_preferential", False) is False
    assert (found["a"], asked) == (1, [])
    for _ in range(3):
        assert "dashboard:note_ver" in found
        assert len(found.items()) == 5
    assert asked == [1]


def test_a_study_that_is_none_of_ours_stays_as_it_is() -> None:
    assert dict(WovenAttributes({"a": 1}, lambda: None)) == {"a": 1}


def test_texts_of_others_are_plain_in_a_note() -> None:
    hostile = (
        "<img src=x onerror=alert(1)>\n# big\n[a](javascript:alert(1)) `c` ![p](http://e) | _x_"
    )
    shown = plain(hostile)
    assert "\n" not in shown
    for sign in "<>[]()!`#_|:":
        assert f"\\{sign}" in shown
        assert sign not in shown.replace(f"\\{sign}", "")


def test_addresses_in_texts_of_others_become_no_links_by_themselves() -> None:
    for address in ("http://a.example", "HTTPS://a.example", "www.a.example", "a@b.example"):
        shown = plain(f"see {address}")
        assert "\u2060" in shown
        assert shown.replace("\u2060", "").replace("\\", "") == f"see {address}"


def test_a_link_leads_to_this_server_whatever_the_name() -> None:
    name = "a/b) [x](javascript:alert(1)"
    assert link(name, "klayer", "search", name) == (
        f"[{plain(name)}](/klayer/search/a%2Fb%29%20%5Bx%5D%28javascript%3Aalert%281%29)"
    )
