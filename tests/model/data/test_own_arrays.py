"""Arrays of a user's own: what is learned comes from the training rows alone, files are checked."""

import pickle
import shutil
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.data import prepared, splits
from model.data.own_arrays import OwnArrays, Pair
from model.errors import DataFileError, ModelError
from tests.model.data.arrays import rows_and_labels, write_idx, write_mnist

SHAPE = (4, 5)
X, Y = rows_and_labels(60, SHAPE)
CLASSES = ("0", "1", "2")
FLAT = X.reshape(60, -1)


def saved(folder: Path, x: np.ndarray = X, y: np.ndarray = Y, name: str = "x") -> Pair:
    folder.mkdir(exist_ok=True)
    np.save(folder / f"{name}.npy", x)
    np.save(folder / f"{name}_y.npy", y)
    return Pair(folder / f"{name}.npy", folder / f"{name}_y.npy")


def own(files: Pair, seed: int = 3, **options: Any) -> OwnArrays:
    return OwnArrays(files, seed, **options)


def of_test(given: OwnArrays, cache: Path) -> tuple[prepared.Prepared, np.ndarray, np.ndarray]:
    """The prepared rows, and the test rows in their own units, with their targets."""
    fold = given.fold()
    ready = prepared.keep(fold, cache)
    test = prepared.test_set(ready, given.source(fold.classes))
    x = np.concatenate(list(test.blocks()))
    return ready, x * ready.std + ready.mean, test.targets


def test_rows_are_split_and_standardised_by_the_training_rows_alone(tmp_path: Path) -> None:
    right = splits.split(60, validation=0.2, test=0.25, seed=3, labels=Y)
    assert right.test is not None
    ready, x, y = of_test(own(saved(tmp_path), test=0.25), tmp_path / "cache")
    np.testing.assert_allclose(ready.mean, FLAT[right.training].mean(axis=0))
    np.testing.assert_allclose(ready.std, FLAT[right.training].std(axis=0))
    for part, rows in ((ready.training, right.training), (ready.validation, right.validation)):
        raw = part.x * ready.std + ready.mean
        np.testing.assert_allclose(raw, FLAT[rows], atol=1e-5)
        np.testing.assert_array_equal(part.y, Y[rows])
    np.testing.assert_allclose(x, FLAT[right.test], atol=1e-5)
    np.testing.assert_array_equal(y, Y[right.test])
    assert (ready.shape, ready.classes, ready.target_names) == (SHAPE, ("0", "1", "2"), ("x_y",))


def test_images_may_be_standardised_by_channel(tmp_path: Path) -> None:
    images = np.random.default_rng(2).random((60, 5, 4, 3))
    files = saved(tmp_path / "images", images)
    ready, x, _ = of_test(own(files, test=0.25, by_channel=True), tmp_path / "cache")
    means = ready.mean.reshape(5, 4, 3)
    assert (means == means[0, 0]).all()
    assert len(set(means[0, 0])) == 3
    right = splits.split(60, validation=0.2, test=0.25, seed=3, labels=Y)
    np.testing.assert_allclose(means[0, 0], images[right.training].mean(axis=(0, 1, 2)))
    np.testing.assert_allclose(x, images.reshape(60, -1)[right.test], atol=1e-5)
    assert own(files, by_channel=True).fingerprint() != own(files).fingerprint()
    with pytest.raises(ModelError, match=r"rows of shape \(3,\) are no images"):
        own(saved(tmp_path / "rows", images[:, 0, 0]), by_channel=True).fold()


def test_another_seed_gives_another_split_of_the_same_data(tmp_path: Path) -> None:
    one, other = (own(saved(tmp_path), seed=seed).fold() for seed in (1, 2))
    assert one.fingerprint == other.fingerprint
    assert not np.array_equal(one.rows[0], other.rows[0])


@pytest.mark.parametrize("wild", [1e6, np.nan])
def test_nothing_is_learned_of_the_other_rows(tmp_path: Path, wild: float) -> None:
    right = splits.split(60, validation=0.2, test=0.2, seed=3, labels=Y)
    assert right.test is not None
    odd = X.copy()
    odd[np.concatenate([right.validation, right.test])] = wild
    one = prepared.keep(own(saved(tmp_path / "a")).fold(), tmp_path / "one")
    two = prepared.keep(own(saved(tmp_path / "b", odd)).fold(), tmp_path / "two")
    np.testing.assert_array_equal(one.mean, two.mean)
    np.testing.assert_array_equal(one.std, two.std)
    np.testing.assert_array_equal(one.training.x, two.training.x)


def test_missing_numbers_are_the_mean_and_are_told(tmp_path: Path) -> None:
    odd = X.copy()
    odd[::7, 1, 2] = np.nan
    odd[:, 3, 4] = np.nan
    given = own(saved(tmp_path, odd))
    fold = given.fold()
    assert fold.notes == ("69 of 1,200 numbers are missing",)
    ready = prepared.keep(fold, tmp_path / "cache")
    training = odd.reshape(60, -1)[fold.rows[0]]
    np.testing.assert_allclose(ready.mean[:-1], np.nanmean(training[:, :-1], axis=0))
    np.testing.assert_allclose(ready.std[:-1], np.nanstd(training[:, :-1], axis=0))
    assert (ready.mean[-1], ready.std[-1]) == (0, 1)
    assert np.isfinite(ready.both.x).all()
    np.testing.assert_array_equal(ready.training.x[np.isnan(training)], 0)


def test_no_row_is_further_away_than_a_training_row_can_be(tmp_path: Path) -> None:
    """An input that hardly varies among the training rows would spoil a training on others."""
    odd, fold = X.astype(float), own(saved(tmp_path)).fold()
    flat = odd.reshape(60, -1)
    flat[:, 3], flat[:, 4] = 7, 0
    flat[fold.rows[0][0], 4] = 1e-3  # as far as it can be
    others = np.setdiff1d(np.arange(60), fold.rows[0])
    flat[np.ix_(others, [3, 4])] = 500
    ready, x, _ = of_test(own(saved(tmp_path, odd)), tmp_path / "cache")
    most = np.sqrt(len(ready.training) - 1)
    assert ready.bound == most
    assert np.abs(ready.training.x).max() == pytest.approx(most)
    for rows in (ready.validation.x, (x - ready.mean) / ready.std):
        np.testing.assert_allclose(rows[:, [3, 4]], most, rtol=1e-6)


@pytest.mark.parametrize("kind", ["u1", ">i2", "f2", "<f8", "?"])
def test_rows_may_be_of_any_real_type(tmp_path: Path, kind: str) -> None:
    x = X > 0 if kind == "?" else np.abs(X * 20).astype(kind)
    ready, raw, _ = of_test(own(saved(tmp_path, x)), tmp_path / "cache")
    assert ready.training.x.dtype == np.float32
    right = splits.split(60, validation=0.2, test=0.2, seed=3, labels=Y).test
    np.testing.assert_allclose(raw, x.reshape(60, -1)[right].astype(float), atol=1e-3)


def test_values_of_several_targets_are_learned(tmp_path: Path) -> None:
    values = np.stack([FLAT[:, 0] * 1e4, FLAT[:, 1]], axis=1)
    given = own(saved(tmp_path, FLAT, values))
    ready, _, y = of_test(given, tmp_path / "cache")
    right = splits.split(60, validation=0.2, test=0.2, seed=3)
    np.testing.assert_array_equal(y, values[right.test])
    assert (ready.classes, ready.target_names, ready.shape) == ((), ("x_y_1", "x_y_2"), ())
    assert ready.targets is not None
    np.testing.assert_allclose(ready.targets.mean, values[right.training].mean(axis=0))


def test_a_validation_and_a_test_part_may_be_files(tmp_path: Path) -> None:
    parts = [saved(tmp_path, X[a:b], Y[a:b], name) for name, a, b in PARTS]
    given = own(parts[0], validation=parts[1], test=parts[2], scratch=tmp_path / "cache")
    ready, x, y = of_test(given, tmp_path / "cache")
    np.testing.assert_allclose(ready.mean, FLAT[:40].mean(axis=0))
    np.testing.assert_array_equal(ready.training.y, Y[:40])
    np.testing.assert_array_equal(ready.validation.y, Y[40:50])
    raw = ready.both.x * ready.std + ready.mean
    np.testing.assert_allclose(raw, FLAT[:50], atol=1e-5)
    np.testing.assert_allclose(x, FLAT[50:], atol=1e-5)
    np.testing.assert_array_equal(y, Y[50:])
    assert [one.name for one in (tmp_path / "cache").iterdir()] == [ready.folder.name]


PARTS = (("x", 0, 40), ("v", 40, 50), ("t", 50, 60))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_npz_file_as_keras_writes_it_has_its_own_test_rows(tmp_path: Path, save: Any) -> None:
    arrays = {"x_train": X[:40], "y_train": Y[:40], "x_test": X[40:], "y_test": Y[40:]}
    save(tmp_path / "mnist.npz", **arrays)
    given = own(Pair(tmp_path / "mnist.npz"), validation=5, scratch=tmp_path)
    ready, x, y = of_test(given, tmp_path / "cache")
    np.testing.assert_allclose(x, FLAT[40:], atol=1e-5)
    np.testing.assert_array_equal(y, Y[40:])
    assert (len(ready.training), len(ready.validation), ready.name) == (35, 5, "mnist")
    assert given.fold().notes == ("the test rows are x_test",)
    with pytest.raises(ModelError, match="has an array of its own for the test, and test is given"):
        replace(given, test=0.2).fold()


def test_an_npz_file_of_x_and_y_is_split(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=Y)
    one, other = own(Pair(tmp_path / "a.npz")).fold(), own(saved(tmp_path)).fold()
    np.testing.assert_array_equal(one.rows[0], other.rows[0])
    np.testing.assert_array_equal(one.raw.x, other.raw.x)
    np.savez(tmp_path / "t.npz", x=X[:9], y=Y[:9])
    given = own(Pair(tmp_path / "a.npz"), test=Pair(tmp_path / "t.npz"))
    _, x, _ = of_test(given, tmp_path / "cache")
    np.testing.assert_allclose(x, FLAT[:9], atol=1e-5)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_idx_files_find_their_labels_and_their_test_rows(tmp_path: Path, ending: str) -> None:
    images = write_mnist(tmp_path, ending=ending)
    path = tmp_path / f"train-images-idx3-ubyte{ending}"
    given = own(Pair(path))
    ready, x, y = of_test(given, tmp_path / "cache")
    assert (len(ready.training), len(ready.validation), len(x)) == (24, 6, 12)
    assert (ready.shape, ready.target_names) == ((8, 9), ("label",))
    assert ready.name == "train-images-idx3-ubyte"
    raw = ready.both.x * ready.std + ready.mean
    np.testing.assert_allclose(
        np.sort(raw, axis=0), np.sort(images.reshape(30, -1), axis=0), atol=1e-3
    )
    assert y.tolist() == [i % 3 for i in range(12)]
    assert given.fold().notes == (
        f"the test rows are those of t10k-images-idx3-ubyte{ending}, beside it",
    )
    by_share = own(Pair(path), test=0.2)
    assert len(by_share.source(CLASSES).test()) == 6
    named = own(Pair(path), test=Pair(tmp_path / f"t10k-images-idx3-ubyte{ending}"))
    np.testing.assert_array_equal(named.source(CLASSES).test().x, given.source(CLASSES).test().x)


def test_partners_have_other_endings_and_other_names_too(tmp_path: Path) -> None:
    write_idx(tmp_path / "emnist-train-images.idx3-ubyte", X[:30, :, :])
    write_idx(tmp_path / "emnist-train-labels.idx1-ubyte.gz", Y[:30])
    write_idx(tmp_path / "emnist-test-images.idx3-ubyte.gz", X[30:])
    write_idx(tmp_path / "emnist-test-labels.idx1-ubyte", Y[30:])
    given = own(Pair(tmp_path / "emnist-train-images.idx3-ubyte"))
    assert len(given.source(CLASSES).test()) == 30
    (tmp_path / "emnist-test-labels.idx1-ubyte").unlink()
    with pytest.raises(DataFileError, match=r"emnist-test-images.*has no file of labels beside it"):
        given.fold()
    (tmp_path / "emnist-test-images.idx3-ubyte.gz").unlink()
    assert len(given.source(CLASSES).test()) == 6
    write_idx(tmp_path / "lettres é", Y[:30])
    np.save(tmp_path / "y é.npy", np.array(["a", "b"] * 15))
    other = own(Pair(tmp_path / "emnist-train-images.idx3-ubyte", tmp_path / "y é.npy"))
    assert other.fold().classes == ("a", "b")


BAD: dict[str, tuple[Any, Any, str]] = {
    "counts differ": (X, Y[:-1], "x.npy: has 60 rows, and x_y.npy has 59 of 'x_y'; expected eq"),
    "infinite": (np.where(X > 2, np.inf, X), Y, r"x\.npy: row \d+ has the number inf; expected"),
    "text rows": (X.astype("U4"), Y, r"x\.npy: holds the type <U4; expected real numbers"),
    "complex": (X.astype(complex), Y, r"x\.npy: holds the type complex128"),
    "rows alike": (X * 0 + 7, Y, r"x\.npy: all rows are alike; expected rows that differ"),
    "all missing": (X * np.nan, Y, r"x\.npy: all rows are alike"),
    "one class": (X, Y * 0, "'x_y' has 1 class; expected 2 to 1,000"),
    "too few": (X[:4], np.arange(4) % 2, r"x\.npy: validation 1 and test 2 of 4 rows leave"),
}


@pytest.mark.parametrize("case", BAD)
def test_arrays_that_cannot_be_trained_on_are_refused(tmp_path: Path, case: str) -> None:
    x, y, told = BAD[case]
    with pytest.raises((DataFileError, ModelError), match=told):
        own(saved(tmp_path, x, y), validation=1, test=2).fold()


def test_another_part_of_other_rows_or_classes_is_refused_when_opened(tmp_path: Path) -> None:
    first = saved(tmp_path)
    for x, y, told in (
        (X[:, :, :4], Y, r"t\.npy: has rows of the shape \(4, 4\); expected \(4, 5\), as the tra"),
        (X, Y + 1, r"t_y\.npy: 't_y' is '3' in row 3, a class that no training row has"),
        (np.where(X > 2, -np.inf, X), Y, r"t\.npy: row \d+ has the number -inf"),
        (X[:5], Y, r"t\.npy: has 5 rows, and t_y\.npy has 60"),
    ):
        with pytest.raises(DataFileError, match=told):
            own(first, test=saved(tmp_path, x, y, "t")).fold()


def test_what_the_files_lack_is_told(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", data=X, labels=Y)
    with pytest.raises(
        DataFileError, match=r"a\.npz: has 'data', 'labels', and not 'x'; expected x"
    ):
        own(Pair(tmp_path / "a.npz")).fold()
    np.savez(tmp_path / "a.npz", x=X, y=Y, x_test=X)
    with pytest.raises(DataFileError, match="and not 'y_test'"):
        own(Pair(tmp_path / "a.npz")).fold()
    with pytest.raises(DataFileError, match=r"none\.npy: is missing"):
        own(Pair(tmp_path / "none.npy", tmp_path / "none.npy")).fingerprint()
    files = saved(tmp_path)
    with pytest.raises(ModelError, match=r"x\.npy: its target is missing"):
        own(Pair(files.rows)).fold()


def test_the_fingerprint_is_of_all_files_and_of_what_is_said(tmp_path: Path) -> None:
    files, test = saved(tmp_path), saved(tmp_path, name="t")
    first = own(files, test=test).fingerprint()
    shutil.copytree(tmp_path, tmp_path / "copy", ignore=lambda *_: ["copy"])
    there = [
        Pair(tmp_path / "copy" / one.rows.name, tmp_path / "copy" / one.target.name)
        for one in (files, test)
        if one.target
    ]
    assert own(there[0], test=there[1]).fingerprint() == first
    assert own(files, seed=9, test=test, scratch=tmp_path).fingerprint() == first
    others = [
        own(files, test=0.2),
        own(files, test=test, validation=0.1),
        own(files, test=test, task="regression"),
        own(test, test=test),
    ]
    assert len({first, *(one.fingerprint() for one in others[:3])}) == 4
    saved(tmp_path, X[::-1], Y, "t")
    assert own(files, test=test).fingerprint() != first


def test_targets_of_other_names_are_other_data(tmp_path: Path) -> None:
    """Plots and predictions are told by them."""
    files = saved(tmp_path)
    assert files.target is not None
    other = tmp_path / "cost.npy"
    shutil.copy(files.target, other)
    assert own(files).fingerprint() != own(Pair(files.rows, other)).fingerprint()


def test_a_file_that_changes_while_it_is_read_is_refused_and_nothing_kept(tmp_path: Path) -> None:
    files = saved(tmp_path)
    fold = own(files).fold()
    saved(tmp_path, X[::-1], Y)
    with pytest.raises(DataFileError, match=r"x\.npy: changed while it was read; try again"):
        prepared.keep(fold, tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_arrays_that_are_not_read_yet_travel_as_paths(tmp_path: Path) -> None:
    given = own(saved(tmp_path), test=Pair(tmp_path / "t"), scratch=tmp_path)
    assert pickle.loads(pickle.dumps(given)) == given
    assert given.path == tmp_path / "x.npy"
    names = [tmp_path / name for name in ("x.npy", "x_y.npy", "t")]
    assert given.files == " or ".join(map(str, names))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("x.npy", "x"),
        ("Größe 2.NPZ", "grosse-2"),
        ("train-images-idx3-ubyte", "train-images-idx3-ubyte"),
        ("train.images-idx3-ubyte.gz", "train-images-idx3-ubyte"),
    ],
)
def test_a_file_gives_a_name_that_a_data_set_may_have(name: str, told: str) -> None:
    assert own(Pair(Path(name))).name == told


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_rows_are_never_in_memory_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("model.data.standardise.BLOCK_ROWS", 20)
    monkeypatch.setattr("model.data.array_files._CHUNK", 2**14)
    monkeypatch.setattr("model.data.prepared_files.MOST_ABOUT_BYTES", 2**14)  # which are set aside
    x, y = rows_and_labels(1_000, (50, 10))
    files = saved(tmp_path, x, y)
    np.savez_compressed(tmp_path / "x.npz", x=x, y=y)
    given = own(files if name == "x.npy" else Pair(tmp_path / "x.npz"), scratch=tmp_path)
    tracemalloc.start()
    try:
        prepared.keep(given.fold(), tmp_path / "cache")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < x.nbytes / 4, f"{peak:,} bytes at once of {x.nbytes:,}"
