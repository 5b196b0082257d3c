"""A batch that is larger than a table is told in rows."""

from pathlib import Path

import pytest

from search.errors import KlayerError
from search.objectives.network.data import open_data
from search.objectives.network.measuring import check_gradients
from search.study.file import study_of


@pytest.mark.parametrize(("rows", "inputs"), [(25, None), (10, 2)])
def test_a_table_has_rows_and_no_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, inputs: int | None
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    lines = "".join(f"{i * i % 17},{'ab'[i % 2]}\n" for i in range(40))
    (tmp_path / "table.csv").write_text(f"x,y\n{lines}", "utf-8")
    document = {
        "name": "own",
        "data": {"source": "table.csv", "target": "y"},
        "training": {"batch_size": 8},
        "stages": [{"trials": 2, "box": {"learning_rate": {"low": 0.05, "high": 0.5}}}],
    }
    study = study_of(document, tmp_path)
    data = open_data(study.objective, study.seed, None)
    with pytest.raises(KlayerError, match=r"there are 24 training rows|has 24 training rows of 1"):
        check_gradients(study.objective, study.seed, data, rows, inputs, "central", None)
