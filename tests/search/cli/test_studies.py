"""Studies before they are searched: listed, planned, their gradients checked."""

import json
from pathlib import Path
from typing import Any


def test_the_shipped_studies_are_listed(klayer_here: Any) -> None:
    status, out, _ = klayer_here("studies")
    listed = json.loads(klayer_here("studies", "--json")[1])
    assert status == 0
    assert {"digits", "lambda-coarse-to-fine"} <= {one["name"] for one in listed}
    assert all(one["name"] in out and one["description"] in out for one in listed)


def test_a_plan_names_every_stage_and_writes_nothing(klayer_here: Any, tmp_path: Path) -> None:
    status, out, err = klayer_here("plan", "digits", "--workers", "2")
    assert (status, err) == (0, "")
    document = json.loads(klayer_here("plan", "digits", "--workers", "2", "--json")[1])
    assert document["workers"] == 2
    assert all(stage["name"] in out for stage in document["stages"])
    assert list(tmp_path.iterdir()) == []


def test_gradients_agree_with_finite_differences(klayer_here: Any) -> None:
    status, out, _ = klayer_here("gradcheck", "digits", "--rows", "4", "--inputs", "8")
    rows = json.loads(
        klayer_here("gradcheck", "digits", "--rows", "4", "--inputs", "8", "--json")[1]
    )
    assert status == 0
    assert all(row["parameter"] in out and row["worst"] < 1e-6 for row in rows)
    assert {row["layer"] for row in rows} == {1, 2, 3}
