"""scikit-learn's contenders: the rows they are given, and what they find on easy tables."""

import csv
from pathlib import Path

import numpy as np
import pytest

from benchmarks import own_data_peers
from benchmarks.own_data_peers import Rows, _Halved, networks, rows_of, space_of, trees
from model.data import table
from model.data.own_table import OwnTable, Parts
from model.data.table_options import TableOptions

TARGET = TableOptions(target=("y",))


def write(path: Path, *, regression: bool, rows: int = 60) -> Path:
    """An easy table: a number with a missing value, and a category, which decide the target."""
    draw = np.random.default_rng(0)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "y"])
        for number in range(rows):
            a, b = draw.normal(), "uv"[number % 2]
            value = 3 * a + 10 * (b == "v")
            y = round(value, 4) if regression else ("no", "yes")[value > 5]
            writer.writerow(["" if number == 7 else round(a, 4), b, y])
    return path


@pytest.fixture(params=[False, True], ids=["classification", "regression"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return write(tmp_path / "easy.csv", regression=request.param)


@pytest.mark.parametrize("seed", [1, 2])
def test_rows_are_those_of_a_study_with_that_seed(path: Path, seed: int) -> None:
    own = OwnTable(path, TARGET, Parts(), seed)
    rows = rows_of(table.read(path, TARGET), seed)
    fold = own.fold()
    test = own.source(fold.classes).test().y
    assert np.array_equal(rows.y[0], fold.raw.y if rows.classifies else fold.raw.y[:, 0])
    assert np.array_equal(rows.y[1], test if rows.classifies else test[:, 0])
    assert rows.categories == (1,)
    assert (rows.x[0].shape, rows.x[1].shape) == ((48, 2), (12, 2))


@pytest.fixture
def rows(path: Path) -> Rows:
    return rows_of(table.read(path, TARGET), 1)


def test_trees_learn_an_easy_table(rows: Rows) -> None:
    found = trees(rows, 1)
    # As good as the commonest class, or the mean, at least.
    plain = 0.5 if rows.classifies else -float(rows.y[1].std())
    assert (found.score if rows.classifies else -found.score) > plain


def test_trees_of_very_many_numbers_have_the_first_rows(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_data_peers, "MOST_NUMBERS", 80)
    assert trees(rows, 1).note == "of 40 rows"


def test_networks_are_searched_and_trained_on_all_rows(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_data_peers, "FIRST_CANDIDATES", 3)
    monkeypatch.setattr(own_data_peers, "JOBS", 1)
    found = networks(rows, 1, seconds=0.0, most_epochs=40)
    assert found.note.startswith("3 candidates in 1 searches, the best on 48 rows; ")
    assert "hidden_layer_sizes (" in found.note
    assert found.seconds > 0
    assert found.score > 0.6 if rows.classifies else found.score < 2 * rows.y[1].std()


def test_searches_follow_one_another_until_the_time_is_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A clock that goes on by a second for each candidate on all rows, and a ninth on a ninth."""
    clock, asked = [0.0], []

    def halved(rows: Rows, *given: object) -> _Halved:
        *_, count, most = given
        assert isinstance(count, int)
        assert isinstance(most, int)
        asked.append((most, count))
        clock[0] += count * most / 9_000
        # The searches on fewer rows look better, and are not believed.
        return _Halved(1 / most, {"network__batch_size": count}, 0.01, most)

    monkeypatch.setattr(own_data_peers, "_halved", halved)
    monkeypatch.setattr(own_data_peers, "_fit", lambda *_: None)
    monkeypatch.setattr(own_data_peers, "_scored", lambda *_: 0.5)
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    x, y = np.zeros((9_000, 1), object), np.zeros(9_000, int)
    rows = Rows("classification", (), (x, x), (y, y))
    found = networks(rows, 1, seconds=40.0)
    assert asked == [(1_000, 6), (3_000, 12), (9_000, 24), (9_000, 11)]
    assert found.note == "53 candidates in 4 searches, the best on 9000 rows; batch_size 24"
    assert found.seconds < 40
    asked.clear()
    networks(rows, 1, seconds=4.0)
    assert asked == [(1_000, 6), (3_000, 9)]


@pytest.mark.parametrize(
    ("count", "most", "first"), [(6, 792, 264), (12, 792, 264), (12, 9_000, 1_000), (3, 60, 60)]
)
def test_the_last_round_of_a_search_has_all_rows(count: int, most: int, first: int) -> None:
    y = np.arange(most) % 11
    assert own_data_peers.first_rows(Rows("classification", (), (y, y), (y, y)), count, most) == (
        first
    )


@pytest.mark.parametrize(("rows", "batches"), [(60, [8, 16, 32]), (40_000, [128, 256, 512])])
def test_batches_are_as_large_as_klayer_s_or_larger(rows: int, batches: list[int]) -> None:
    y = np.zeros(rows)
    space = space_of(Rows("regression", (), (y, y), (y, y)))
    assert space["network__regressor__batch_size"] == batches


def test_widths_are_those_of_klayer_s_study() -> None:
    draw = np.random.RandomState(0)
    drawn = [own_data_peers.Widths().rvs(draw) for _ in range(50)]
    assert all(16 <= first <= 256 and second == 64 for first, second in drawn)
    assert len(set(drawn)) > 20
