"""What networks said of test rows, as a matrix of classes or as values beside true ones."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as oracle

from search.objectives.network.portrait import Portrait, from_bytes, to_bytes
from search.objectives.network.views.predictions import (
    KEY,
    confusion,
    predictions_of,
    values,
)

NAMES = ("a", "<b>b</b>", "never")


def drawn_labels() -> tuple[np.ndarray, np.ndarray]:
    """Classes as they are and as they were predicted; the third is never either."""
    draw = np.random.default_rng(1)
    true = draw.integers(0, 2, 200)
    return true, np.where(draw.random(200) < 0.8, true, 1 - true)


def portrait() -> Portrait:
    return Portrait(np.zeros((1, 3), np.int64), np.zeros((1, 4)), None, NAMES)


def test_classes_are_scored_as_scikit_learn_scores_them() -> None:
    true, predicted = drawn_labels()
    counts = oracle.confusion_matrix(true, predicted, labels=[0, 1, 2])
    plot = confusion(counts, NAMES)
    cells = plot.figure.data[0].customdata
    assert [[cell[2] for cell in row] for row in cells] == counts.tolist()
    assert list(cells[0][1][:2]) == ["a", "&lt;b&gt;b&lt;/b&gt;"]
    shares = plot.figure.data[0].z
    assert shares[:2].sum(axis=1) == pytest.approx([100, 100])
    assert shares[2].tolist() == [0, 0, 0]
    scores = oracle.precision_recall_fscore_support(
        true, predicted, labels=[0, 1, 2], zero_division=0
    )
    for place, (name, rows, *found) in enumerate(plot.table.rows):
        assert (name, rows) == (NAMES[place], scores[3][place])
        assert found == pytest.approx([one[place] for one in scores[:3]])
    assert plot.listed
    right = int((true == predicted).sum())
    assert plot.caption.startswith(f"{right} of 200 test rows were predicted right")
    assert plot.figure.layout.xaxis.ticktext == ("a", "&lt;b&gt;b&lt;/b&gt;", "never")


def test_many_and_long_names_leave_room_for_the_matrix() -> None:
    """Names that begin alike stay classes of their own."""
    names = tuple(f"a name that somebody has made very long, {place}" for place in range(100))
    plot = confusion(np.eye(100, dtype=np.int64), names)
    axis = plot.figure.layout.xaxis
    assert axis.tickvals == tuple(range(0, 100, 3))
    assert {len(text) for text in axis.ticktext} == {14}
    assert plot.figure.data[0].z.shape == (100, 100)
    assert plot.figure.data[0].text is None
    assert [row[0] for row in plot.table.rows] == list(names)


def test_values_stand_beside_true_ones_with_what_is_left() -> None:
    true = np.array([1.0, 2.0, 4.0])
    predicted = np.array([1.5, 2.0, 3.0])
    plot = values(np.stack([true, predicted], axis=1), "price <i>")
    assert [list(trace.y) for trace in plot.figure.data[:2]] == [[1.5, 2, 3], [0.5, 0, -1]]
    assert plot.table.rows == [(1.0, 1.5, 0.5), (2.0, 2.0, 0.0), (4.0, 3.0, -1.0)]
    assert "have a mean of -0.1667 and a standard deviation of 0.6236" in plot.caption
    assert plot.figure.layout.xaxis2.title.text == "true price &lt;i&gt;"


def test_several_targets_have_a_plot_each_and_their_errors_in_their_units() -> None:
    names = ("<b>price</b>", *(f"target {place}" for place in range(1, 10)))
    pairs = np.arange(24.0).reshape(3, 4, 2) ** 1.1
    kept = replace(portrait(), classes=(), pairs=pairs, target=names[0], targets=names)
    errors = np.array([12_345.6, 0.0123, *range(8)])
    plot = predictions_of(from_bytes(to_bytes(replace(kept, errors=errors))))
    assert [list(trace.x) for trace in plot.figure.data[::2]] == pairs[:, :, 0].tolist()
    assert [list(trace.y) for trace in plot.figure.data[::2]] == pairs[:, :, 1].tolist()
    assert [trace.xaxis for trace in plot.figure.data[1::2]] == ["x", "x2", "x3"]
    assert plot.figure.layout.xaxis.title.text == "true &lt;b&gt;price&lt;/b&gt;"
    assert plot.figure.layout.xaxis3.title.text == "true target 2"
    assert plot.table.rows[4] == ("target 1", *pairs[1, 0], pairs[1, 0, 1] - pairs[1, 0, 0])
    assert "The first 3 of 10 targets are shown. RMSE, each in its own unit: " in plot.caption
    assert "price</b> 12,346, target 1 0.0123, " in plot.caption
    assert plot.caption.endswith("target 7 5 and 2 more.")
    assert "RMSE" not in predictions_of(from_bytes(to_bytes(kept))).caption
    for wrong in ({"errors": np.ones(3)}, {"targets": names[:2]}):
        with pytest.raises(Exception, match=r" of (its|other) targets"):
            from_bytes(to_bytes(replace(kept, **wrong)))


def test_a_portrait_of_the_first_target_alone_is_still_drawn() -> None:
    kept = replace(portrait(), classes=(), pairs=np.ones((4, 2)), target="a", targets=("a", "b"))
    plot = predictions_of(from_bytes(to_bytes(replace(kept, errors=np.array([1.0, 2.0])))))
    assert plot.table.columns == ("true", "predicted", "residual")
    assert plot.caption.endswith(
        "This is the first target of 2. RMSE, each in its own unit: a 1, b 2."
    )


def test_a_portrait_keeps_them_without_any_pickle() -> None:
    counts = np.arange(9).reshape(3, 3)
    matrix = from_bytes(to_bytes(replace(portrait(), confusion=counts)))
    assert matrix.confusion is not None
    assert matrix.confusion.tolist() == counts.tolist()
    pairs = from_bytes(to_bytes(replace(portrait(), pairs=np.ones((1, 4, 2)), target="price")))
    assert (pairs.confusion, pairs.target) == (None, "price")
    assert predictions_of(matrix).table.columns[0] == "class"
    assert predictions_of(pairs).table.columns[0] == "true"


@pytest.mark.parametrize(
    "said",
    [
        {"confusion": np.zeros((2, 2), np.int64)},
        {"pairs": np.zeros((1, 4, 3))},
        {"pairs": np.zeros((2, 4, 2))},
    ],
)
def test_what_does_not_fit_is_damage(said: dict[str, np.ndarray]) -> None:
    with pytest.raises(Exception, match="portrait of a trained network is damaged"):
        from_bytes(to_bytes(replace(portrait(), **said)))


def test_where_nothing_was_kept_that_is_said() -> None:
    for given in (None, portrait()):
        plot = predictions_of(given)
        assert (plot.key, plot.empty) == (KEY, True)
