"""Whole searches of arrays and of images: planned, trained, tested, rebuilt, and predicted from."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from model import network_file
from model.data import splits
from search.errors import DataError
from search.ledger.ledger import Ledger
from search.objectives.network.rebuild import rebuild
from search.study.reading import load
from tests.model.data.arrays import rows_and_labels, write_folder, write_image, write_mnist
from tests.search.objectives.network.own_tables import STUDY, recorded
from tests.search.workers.serving import work

X, Y = rows_and_labels(80, (9, 8), classes=2)
VALUES = X[:, 0, 0] * 1e3
SHORT = ("stages.coarse.trials=2", "stages.fine.trials=1", "network.widths=[]")


@pytest.fixture(autouse=True)
def _database(empty_database: Path, tmp_path: Path) -> None:
    shutil.copy(empty_database, tmp_path / "klayer.db")


def study_file(folder: Path, data: str) -> Path:
    """A study file of the data that a line names."""
    head, rest = STUDY.split("[data]")
    path = folder / "mine.toml"
    path.write_text(
        f"{head.replace('SCORE', '')}[data]\n{data}\n\n[network]{rest.split('[network]')[1]}"
    )
    return path


def searched(folder: Path, data: str) -> tuple[dict[str, Any], Path]:
    """What a short search of the data came to, and its winner's file."""
    study = load(str(study_file(folder, data)), SHORT)
    with Ledger(f"sqlite:///{folder}/klayer.db") as ledger:
        search = recorded(ledger, study)
        work(ledger, search)
        done = rebuild(ledger, "mine", None, folder / "winner.npz", lambda *_: None)
        result = ledger.read.again(search).result
    assert result is not None
    assert done.new == ("new/" if "animals" in data else "new.npy")
    return result, done.file


def predicted(klayer_here: Any, folder: Path, data: str) -> list[list[str]]:
    """The rows that `klayer predict` writes, without the header."""
    status, out, err = klayer_here("predict", "winner.npz", data, "-o", "out.csv", cwd=folder)
    assert (status, err) == (0, "")
    assert out.startswith("out.csv: ")
    with (folder / "out.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def test_a_search_of_arrays_is_tested_as_scikit_learn_would(
    tmp_path: Path, klayer_here: Any
) -> None:
    np.save(tmp_path / "x é.npy", X)
    np.save(tmp_path / "y.npy", Y)
    result, _ = searched(tmp_path, 'source = "x é.npy"\ntarget = "y.npy"\ntest = 20')
    right = splits.split(80, validation=0.2, test=20, seed=1, labels=Y)
    assert right.test is not None
    np.save(tmp_path / "new.npy", X[right.test])
    said = [int(row[0]) for row in predicted(klayer_here, tmp_path, "new.npy")]
    assert result["rows"] == 20
    assert result["accuracies"][0] == metrics.accuracy_score(Y[right.test], said)
    status, _, _ = klayer_here("report", "mine", "--output", "report.html", cwd=tmp_path)
    assert status == 0
    status, _, _ = klayer_here("plot", "mine", "weights", "--output", "w.csv", cwd=tmp_path)
    assert status == 0
    with (tmp_path / "w.csv").open() as file:
        assert sum(1 for _ in file) == 1 + 2 * 9 * 8


def test_values_of_an_npz_file_are_told_in_their_unit(tmp_path: Path, klayer_here: Any) -> None:
    np.savez(
        tmp_path / "a.npz",
        x_train=X[:60],
        y_train=VALUES[:60],
        x_test=X[60:],
        y_test=VALUES[60:],
    )
    result, _ = searched(tmp_path, 'source = "a.npz"')
    said = [float(row[0]) for row in predicted(klayer_here, tmp_path, "a.npz")]
    assert len(said) == 20
    right = metrics.root_mean_squared_error(VALUES[60:], said)
    assert result["scores"][0] == pytest.approx(right, rel=1e-4)
    assert right > 10


def test_a_search_of_images_is_tested_as_scikit_learn_would(
    tmp_path: Path, klayer_here: Any
) -> None:
    write_folder(tmp_path / "animals" / "train", each=20)
    test = write_folder(tmp_path / "animals" / "test", each=6, seed=9)
    result, _ = searched(tmp_path, 'source = "animals/"\nsize = [6, 7]\ncolour = "rgb"')
    rows = predicted(klayer_here, tmp_path, "animals/test")
    assert [row[0] for row in rows][:2] == ["cat/00.png", "cat/01.png"]
    assert result["rows"] == len(rows) == 12
    right = [Path(row[0]).parent.name == row[1] for row in rows]
    assert result["accuracies"][0] == np.mean(right)
    flat = predicted(klayer_here, tmp_path, "animals/test/dog")
    assert [row[:2] for row in flat] == [[row[0][4:], row[1]] for row in rows[6:]]
    (single,) = predicted(klayer_here, tmp_path, "animals/test/dog/05.png")
    assert single[:2] == ["05.png", rows[-1][1]]
    assert np.array(single[2:], float) == pytest.approx(np.array(rows[-1][2:], float), rel=1e-4)
    card = json.loads(klayer_here("data", "show", "mine.toml", "--json", cwd=tmp_path)[1])
    assert (card["shape"], card["tested"]) == ([3, 6, 7], 12)
    assert card["split"].startswith(
        "by chance where the data have no such part themselves; each class"
    )
    assert len(network_file.load(tmp_path / "winner.npz").mean) == 3 * 6 * 7
    write_image(test / "dog" / "05.png", np.zeros((8, 9)))
    status, _, err = klayer_here("model", "mine", "--output", "again.npz", cwd=tmp_path)
    assert (status, err.count("\n")) == (2, 1)
    assert "this search ran on other data (fingerprint" in err
    assert "animals has" in err


def test_idx_files_in_a_data_folder_serve_a_worker(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    study = load(str(study_file(tmp_path, 'source = "train-images-idx3-ubyte.gz"')), SHORT)
    with Ledger(f"sqlite:///{tmp_path}/klayer.db") as ledger:
        search = recorded(ledger, study)
        labels = tmp_path / "t10k-labels-idx1-ubyte.gz"
        whole = labels.read_bytes()
        labels.unlink()
        with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte\.gz: has no file of labels"):
            work(ledger, search)
        labels.write_bytes(whole[:-1] + b"1")
        with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz has|is damaged"):
            work(ledger, search)
        labels.write_bytes(whole)
        work(ledger, search)
        assert ledger.read.again(search).finished_at is not None
