"""Which pictures show a search."""

from dataclasses import replace

import pytest

from search.objectives.network.portrait import to_bytes
from search.reproduce.pictures import curves_wanted, drawn_of
from search.views.plots.data import SearchData
from tests.search.views.plots.made import build, curve, portrait

WIDTH = {"width_1": {"low": 20, "high": 60, "step": 20, "log": False}}


@pytest.fixture
def data() -> SearchData:
    """A small search: its final trained otherwise, two networks of it portrayed."""
    made = build((3, 3, 3))
    finals = made.of_stage("final")
    curves = {trial.id: curve(0.5, 4) for trial in made.trials}
    kept = {finals[0].id: to_bytes(portrait()), finals[1].id: to_bytes(portrait(layers=2))}
    return replace(made, curves=curves, attachments=kept)


def test_curves_boxes_and_each_network_of_the_final(data: SearchData) -> None:
    names = [one.name for one in drawn_of(data)]
    assert names == [
        "zoom",
        "curves-accuracy",
        "final-curves-accuracy",  # trained on the validation images too
        "curves-loss",
        "final-curves-loss",
        "curves-cost",
        "final-curves-cost",
        "weights-1",
        "gradients-1",
        "gradients-2",  # two layers have no weights that are images
    ]


def test_the_curves_that_are_needed_are_those_of_all_trainings_and_of_the_final(
    data: SearchData,
) -> None:
    stages = {stage for stage, _ in curves_wanted(data)}
    assert stages == {"coarse", "fine", "finest", "final"}
    assert len(curves_wanted(data)) == 9 + 3


def test_of_many_trainings_the_best_are_shown_and_the_finals_besides() -> None:
    made = build((60, 20, 20))
    finals = made.of_stage("final")
    large = replace(made, curves={**made.curves, **{one.id: curve(0.5, 4) for one in finals}})
    drawn = {one.name: one.picture for one in drawn_of(large)}
    assert "final-curves-loss" in drawn
    assert drawn["final-curves-loss"].title == "Learning curves: loss: the final"
    assert "that halving dropped" in drawn["curves-loss"].caption
    assert "of 3 trainings" in drawn["final-curves-loss"].caption


def test_all_of_some_dozen_trainings_are_shown_in_parts() -> None:
    made = build()
    whole = replace(made, curves={one.id: curve(0.5, 4) for one in made.trials})
    drawn = {one.name: one.picture for one in drawn_of(whole)}
    titles = [drawn[name].title for name in ("curves-loss", "curves-loss-2")]
    assert titles == [
        "Learning curves: loss: 1 to 18 of 32",
        "Learning curves: loss: 19 to 32 of 32",
    ]
    shown = {row[0] for name in ("curves-loss", "curves-loss-2") for row in drawn[name].table.rows}
    assert len(shown) == 32


def test_widths_are_shown_where_they_are_searched() -> None:
    assert "widths" in [one.name for one in drawn_of(build((4, 4, 4), more=WIDTH))]


def test_networks_are_named_by_what_sets_them_apart(data: SearchData) -> None:
    titles = [one.picture.title for one in drawn_of(data) if one.name.startswith("gradients")]
    assert len(set(titles)) == 2
    assert all(title.startswith("Gradients of each layer: η ") for title in titles)
