"""Prepared folders: shared, complete or absent, the same for a seed, blind to the test images."""

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from model.data import cifar10, digits, prepared, vouched
from model.data.cache import clear
from model.data.fold import Fold
from model.data.labelled import Labelled
from model.data.source import Source
from model.data.standardise import Statistics
from model.errors import DataFileError, ModelError


def never() -> Labelled:
    raise AssertionError("the test images were read")


BLIND = replace(digits.source(), test=never)
prepare = partial(prepared.prepare, validation=300, seed=11)


def given(training: Labelled, test: Callable[[], Labelled] = never) -> Source:
    return Source("given", ("a", "b"), lambda: training, test)


def random_images(n: int, seed: int = 0) -> Labelled:
    random = np.random.default_rng(seed)
    return Labelled(random.integers(0, 256, (n, 4), dtype=np.uint8), random.integers(0, 2, n))


def test_prepares_without_reading_the_test_images(tmp_path: Path) -> None:
    ready = prepare(BLIND, tmp_path)
    assert ready.training.x.shape == (1200, 64)
    assert ready.validation.x.shape == (300, 64)
    assert ready.training.x.dtype == ready.validation.x.dtype == np.float32
    assert isinstance(ready.training.x, np.memmap)
    assert np.shares_memory(ready.both.x, ready.training.x)
    assert np.shares_memory(ready.both.x, ready.validation.x)
    np.testing.assert_array_equal(
        ready.both.x, np.concatenate([ready.training.x, ready.validation.x])
    )
    np.testing.assert_array_equal(
        ready.both.y, np.concatenate([ready.training.y, ready.validation.y])
    )
    assert ready.classes == digits.CLASSES
    assert ready.folder.is_absolute()
    for array in (ready.training.x, ready.training.y, ready.validation.x, ready.mean, ready.std):
        assert not array.flags.writeable
    with pytest.raises(AssertionError, match="were read"):
        prepared.test_set(ready, BLIND)


def test_statistics_come_from_the_training_part_alone(tmp_path: Path) -> None:
    raw = random_images(200)
    ready = prepare(given(raw), tmp_path / "one", validation=50)
    x = ready.training.x.astype(np.float64)
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(x.std(axis=0), 1, atol=1e-6)

    # Other validation images, the same training images: nothing of the training part changes.
    order = {row.tobytes(): i for i, row in enumerate(raw.x)}
    held_out = np.rint(ready.validation.x * ready.std + ready.mean).astype(np.uint8)
    places = [order[row.tobytes()] for row in held_out]
    other = raw.x.copy()
    other[places] = 255 - other[places]
    again = prepare(given(Labelled(other, raw.y)), tmp_path / "two", validation=50)
    np.testing.assert_array_equal(again.mean, ready.mean)
    np.testing.assert_array_equal(again.std, ready.std)
    np.testing.assert_array_equal(again.training.x, ready.training.x)
    assert not np.array_equal(again.validation.x, ready.validation.x)


def test_every_image_keeps_its_label_and_is_used_once(tmp_path: Path) -> None:
    ready = prepare(BLIND, tmp_path)
    raw = digits.training()
    back = [
        (*np.rint(row * ready.std + ready.mean).astype(np.uint8).tolist(), label)
        for part in (ready.training, ready.validation)
        for row, label in zip(part.x, part.y.tolist(), strict=True)
    ]
    there = [(*row.tolist(), label) for row, label in zip(raw.x, raw.y.tolist(), strict=True)]
    assert sorted(back) == sorted(there)


def content(folder: Path) -> dict[str, bytes]:
    """What was written there; not what openings remember."""
    found = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    found.pop(vouched.CHECKED, None)
    return found


def test_the_same_seed_gives_the_same_bytes_elsewhere(tmp_path: Path) -> None:
    one, two = prepare(BLIND, tmp_path / "one"), prepare(BLIND, tmp_path / "two")
    assert one.folder.name == two.folder.name
    assert content(one.folder) == content(two.folder)


def test_other_seeds_sizes_and_images_go_to_other_folders(tmp_path: Path) -> None:
    raw = digits.training()
    changed = raw.x.copy()
    changed[0, 0] ^= 1
    ready = [
        prepare(BLIND, tmp_path),
        prepare(BLIND, tmp_path, seed=12),
        prepare(BLIND, tmp_path, validation=301),
        prepare(replace(BLIND, training=lambda: Labelled(changed, raw.y)), tmp_path),
    ]
    assert len({one.folder for one in ready}) == 4
    assert len({one.fingerprint for one in ready}) == 2
    assert not np.array_equal(ready[0].validation.y, ready[1].validation.y)


@pytest.mark.long
def test_both_layouts_give_the_same_folder(official, tmp_path: Path) -> None:
    binary, pickled = (
        replace(cifar10.source(official.folder / name), test=never)
        for name in ("cifar-10-batches-bin", "cifar-10-batches-py")
    )
    one = prepare(binary, tmp_path, validation=5000)
    assert one.training.x.shape == (45_000, 3072)
    times = {path: path.stat().st_mtime_ns for path in one.folder.glob("*.npy")}
    two = prepare(pickled, tmp_path, validation=5000)
    assert (two.folder, two.fingerprint) == (one.folder, one.fingerprint)
    assert {path: path.stat().st_mtime_ns for path in one.folder.glob("*.npy")} == times
    assert clear(tmp_path) > 600_000_000


def test_a_constant_input_becomes_zero(tmp_path: Path) -> None:
    raw = random_images(100)
    raw.x[:, 1] = 9
    ready = prepare(given(raw), tmp_path, validation=10)
    assert (ready.mean[1], ready.std[1]) == (9, 1)
    assert not ready.training.x[:, 1].any()


def test_test_images_of_another_source_are_refused(tmp_path: Path) -> None:
    ready = prepare(given(random_images(400)), tmp_path)
    with pytest.raises(ModelError, match="of given, not of digits"):
        prepared.test_set(ready, digits.source())
    wide = Labelled(np.zeros((1, 5), np.uint8), np.array([0]))
    with pytest.raises(ModelError, match="must have 4 inputs, not 5"):
        prepared.test_set(ready, given(random_images(400), lambda: wide))
    label = Labelled(np.zeros((1, 4), np.uint8), np.array([2]))
    with pytest.raises(ModelError, match="labels must be 0 to 1, but one is 2"):
        prepared.test_set(ready, given(random_images(400), lambda: label))


@pytest.mark.parametrize("validation", [0, 1500, -3])
def test_refuses_a_validation_part_out_of_range(tmp_path: Path, validation: int) -> None:
    with pytest.raises(ModelError, match=rf"validation must be 1 to 1,499 .* not {validation:,}"):
        prepare(BLIND, tmp_path, validation=validation)
    assert not list(tmp_path.iterdir())


def test_refuses_inputs_that_are_not_finite(tmp_path: Path) -> None:
    raw = Labelled(np.array([[1], [np.nan]], np.float32), np.array([0, 1]))
    with pytest.raises(ModelError, match="finite"):
        prepare(given(raw), tmp_path, validation=1)


def test_pickling_carries_the_path_and_opens_again(tmp_path: Path) -> None:
    ready = prepare(BLIND, tmp_path)
    carried = pickle.dumps(ready)
    assert len(carried) < 1000
    opened = pickle.loads(carried)
    assert isinstance(opened.training.x, np.memmap)
    np.testing.assert_array_equal(opened.training.x, ready.training.x)
    np.testing.assert_array_equal(opened.validation.y, ready.validation.y)


def test_what_is_there_is_opened_and_not_made_again(tmp_path: Path) -> None:
    ready = prepare(BLIND, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in ready.folder.glob("*.npy")}
    assert prepare(BLIND, tmp_path).folder == ready.folder
    assert {path: path.stat().st_mtime_ns for path in ready.folder.glob("*.npy")} == before


FILES = [
    "x.npy",
    "y.npy",
    "mean.npy",
    "std.npy",
    "prepared.json",
]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["missing", "shorter", "longer", "empty", "a folder", "header"])
def test_damage_is_found_and_mended(tmp_path: Path, name: str, damage: str) -> None:
    ready = prepare(BLIND, tmp_path)
    whole, path = content(ready.folder), ready.folder / name
    before = path.read_bytes()
    path.unlink()
    if damage == "a folder":
        path.mkdir()
    elif damage != "missing":
        damaged = {
            "shorter": before[:-1],
            "longer": before + b"x",
            "empty": b"",
            "header": b"\x00" + before[1:],
        }
        path.write_bytes(damaged[damage])
    with pytest.raises(DataFileError):
        prepared.open_prepared(ready.folder)
    mended = prepare(BLIND, tmp_path)
    assert content(mended.folder) == whole
    assert list(tmp_path.iterdir()) == [mended.folder]


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".npy")])
def test_one_flipped_bit_is_found_and_mended(tmp_path: Path, name: str) -> None:
    ready = prepare(BLIND, tmp_path)
    prepared.open_prepared(ready.folder)
    whole, path = content(ready.folder), ready.folder / name
    path.write_bytes(whole[name][:-1] + bytes([whole[name][-1] ^ 1]))
    with pytest.raises(DataFileError, match=rf"{name}: is damaged"):
        prepared.open_prepared(ready.folder)
    with pytest.raises(DataFileError, match=rf"{name}: is damaged"):
        pickle.loads(pickle.dumps(ready))
    assert content(prepare(BLIND, tmp_path).folder) == whole


def test_a_folder_is_written_closed_to_others_and_made_again_where_it_was_opened(
    tmp_path: Path,
) -> None:
    before = os.umask(0o002)
    try:
        ready = prepare(BLIND, tmp_path)
    finally:
        os.umask(before)
    paths = [ready.folder, *ready.folder.iterdir()]
    assert not any(path.stat().st_mode & 0o022 for path in paths)
    ready.folder.chmod(0o777)
    with pytest.raises(DataFileError, match=r"others may write to it \(mode 777\)"):
        prepared.open_prepared(ready.folder)
    assert prepare(BLIND, tmp_path).folder.stat().st_mode & 0o777 == 0o755


def test_a_folder_of_another_user_is_refused_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = prepare(BLIND, tmp_path)
    before = content(ready.folder)
    monkeypatch.setattr("model.data.vouched._owners", lambda: (os.geteuid() + 1,))
    for opened in (lambda: prepared.open_prepared(ready.folder), lambda: prepare(BLIND, tmp_path)):
        with pytest.raises(DataFileError, match=r"belongs to the user with id \d+; .*XDG_CACHE"):
            opened()
    assert content(ready.folder) == before


def test_a_damaged_description_is_found(tmp_path: Path) -> None:
    ready = prepare(BLIND, tmp_path)
    about = ready.folder / "prepared.json"
    about.write_text(about.read_text().replace('"seed": 11', '"seed": 12'))
    with pytest.raises(DataFileError, match=r"prepared.json: is damaged"):
        prepared.open_prepared(ready.folder)
    with pytest.raises(DataFileError, match=r"prepared\.json: is missing"):
        prepared.open_prepared(tmp_path / "absent")


def test_processes_that_prepare_at_once_share_one_folder(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    prepare(BLIND, cache)
    folder = next(cache.iterdir())
    (folder / "std.npy").unlink()  # so they also compete for mending it
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as pool:
        jobs = [pool.submit(prepare, digits.source(), cache) for _ in range(12)]
        ready = [job.result() for job in jobs]
    assert {one.folder for one in ready} == {folder}
    assert list(cache.iterdir()) == [folder]
    for one in ready[1:]:
        np.testing.assert_array_equal(one.training.x, ready[0].training.x)


SCRIPT = """
import resource, sys
from pathlib import Path
from model.data import digits, prepared
from model.errors import DataFileError
if sys.argv[2] == "full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    for seed in range(int(sys.argv[3])):
        prepared.prepare(digits.source(), Path(sys.argv[1]), validation=300, seed=seed)
except DataFileError as error:
    sys.exit(f"message: {error}")
"""


def run(cache: Path, *arguments: str) -> "subprocess.Popen[str]":
    root = Path(prepared.__file__).parents[2]
    command = [sys.executable, "-c", SCRIPT, str(cache), *arguments]
    return subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, text=True)


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    _, message = run(tmp_path, "full", "1").communicate(timeout=60)
    assert message.startswith("message: ")
    assert "cannot be written (File too large)" in message
    assert not list(tmp_path.iterdir())


def test_a_killed_process_leaves_only_whole_folders(tmp_path: Path) -> None:
    process = run(tmp_path, "killed", "100000")
    try:
        deadline = time.monotonic() + 60
        while sum(not p.name.startswith(".") for p in tmp_path.iterdir()) < 5:
            assert time.monotonic() < deadline
            assert process.poll() is None
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    visible = [path for path in tmp_path.iterdir() if not path.name.startswith(".")]
    for folder in visible:
        prepared.open_prepared(folder)
    assert clear(tmp_path) > 0
    assert not list(tmp_path.iterdir())


def test_a_cache_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataFileError, match="cannot be written"):
        prepare(BLIND, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


# --- tables -------------------------------------------------------------------------------------

X = np.array([[0.0, 5.0], [2.0, np.nan], [4.0, 7.0], [100.0, np.nan], [np.nan, -9.0]], np.float32)
Y = np.array([[10.0, 1.0], [20.0, 1.0], [30.0, 1.0], [-500.0, 3.0], [1e6, 5.0]])
VALUES = Fold(
    name="values",
    classes=(),
    raw=Labelled(X, Y),
    rows=(np.arange(3), np.arange(3, 5)),
    fingerprint="f" * 64,
    seed=2,
    target_names=("a", "b"),
    statistics=Statistics(np.array([2.0, 6.0]), np.array([2.0, 4.0])),
    encoding={"columns": [{"name": "größe", "origin": 0.1}], "ignored": ["a", "b"]},
)


def test_values_are_standardised_as_the_training_rows_have_them(tmp_path: Path) -> None:
    ready = prepared.keep(VALUES, tmp_path)
    assert ready.targets is not None
    np.testing.assert_allclose(ready.targets.mean, [20, 1])
    np.testing.assert_allclose(ready.targets.std, [np.std([10, 20, 30]), 1])  # b never varies
    np.testing.assert_allclose(ready.targets.of(Y), ready.both.y, rtol=1e-6)
    assert (ready.both.y.shape, ready.both.y.dtype) == ((5, 2), np.dtype(np.float32))
    assert not ready.training.y[:, 1].any()
    assert (ready.classes, ready.target_names) == ((), ("a", "b"))


def test_a_fold_s_own_statistics_are_taken_and_what_is_missing_is_their_mean(
    tmp_path: Path,
) -> None:
    ready = prepared.keep(VALUES, tmp_path)
    np.testing.assert_array_equal(ready.mean, [2, 6])
    np.testing.assert_array_equal(ready.std, [2, 4])
    expected = [[-1, -0.25], [0, 0], [1, 0.25], [49, 0], [0, -3.75]]
    np.testing.assert_array_equal(ready.both.x, expected)


def test_an_encoding_comes_back_as_it_was(tmp_path: Path) -> None:
    assert prepared.open_prepared(prepared.keep(VALUES, tmp_path).folder).encoding == (
        VALUES.encoding
    )
    sent: prepared.Prepared = pickle.loads(pickle.dumps(prepared.keep(VALUES, tmp_path)))
    assert sent.encoding == VALUES.encoding
    assert sent.targets is not None
    np.testing.assert_allclose(sent.targets.mean, [20, 1])


def test_very_many_categories_are_kept(tmp_path: Path) -> None:
    names = [f"category number {place:06}" for place in range(60_000)]
    wide = replace(VALUES, encoding={"columns": [{"categories": names}], "ignored": []})
    assert prepared.keep(wide, tmp_path).encoding == wide.encoding


def test_what_was_kept_is_found_by_its_fingerprint(tmp_path: Path) -> None:
    found = partial(prepared.kept, tmp_path, "values")
    assert found(VALUES.fingerprint, 2) is None
    ready = prepared.keep(VALUES, tmp_path)
    again = found(VALUES.fingerprint, 2)
    assert again is not None
    assert again.folder == ready.folder
    assert found(VALUES.fingerprint, 3) is None
    assert found("e" * 64, 2) is None
    assert prepared.kept(tmp_path, "others", VALUES.fingerprint, 2) is None
    (ready.folder / "target_std.npy").unlink()
    assert found(VALUES.fingerprint, 2) is None
    assert prepared.keep(VALUES, tmp_path).folder == ready.folder
    assert clear(tmp_path) > 0
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["target_mean.npy", "target_std.npy", "y.npy"])
def test_damage_of_values_is_found_and_mended(tmp_path: Path, name: str) -> None:
    ready = prepared.keep(VALUES, tmp_path)
    whole, path = content(ready.folder), ready.folder / name
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(DataFileError):
        prepared.open_prepared(ready.folder)
    assert content(prepared.keep(VALUES, tmp_path).folder) == whole


def test_folds_of_a_named_set_are_standardised_each_by_its_own_training_rows(
    tmp_path: Path,
) -> None:
    whole, *folds = prepared.prepare_folds(BLIND, tmp_path, count=5, seed=11)
    assert (whole.trained_on, len(whole.both)) == (1500, 1500)
    raw = digits.training()
    assert sorted(whole.both.y) == sorted(raw.y)
    assert {one.fingerprint for one in folds} == {whole.fingerprint}
    assert len({one.folder for one in (whole, *folds)}) == 6
    held_out = []
    for one in folds:
        assert len(one.validation) == 300
        shares = np.bincount(one.validation.y) - np.bincount(raw.y) / 5
        assert (np.abs(shares) < 1).all()
        pixels = one.both.x * one.std + one.mean
        np.testing.assert_allclose(pixels[: one.trained_on].mean(axis=0), one.mean, atol=1e-5)
        held_out.append(pixels[one.trained_on :].round().astype(int))
    rows = np.concatenate(held_out)
    order, expected = np.lexsort(rows.T), np.lexsort(raw.x.T)
    np.testing.assert_array_equal(rows[order], raw.x[expected])
    again = prepared.prepare_folds(BLIND, tmp_path, count=5, seed=11)
    assert [one.folder for one in again] == [one.folder for one in (whole, *folds)]


def test_a_named_set_by_channel_has_folders_of_its_own(tmp_path: Path) -> None:
    plain = prepared.prepare(BLIND, tmp_path, validation=300, seed=11)
    by_channel = prepared.prepare(BLIND, tmp_path, validation=300, seed=11, channels_of=(1, 8, 8))
    assert by_channel.folder != plain.folder
    assert by_channel.fingerprint == plain.fingerprint
    assert len(set(by_channel.mean)) == len(set(by_channel.std)) == 1
    assert by_channel.training.x.mean(dtype=float) == pytest.approx(0, abs=1e-6)
    assert by_channel.training.x.std(dtype=float) == pytest.approx(1, abs=1e-6)
    folds = prepared.prepare_folds(BLIND, tmp_path, count=5, seed=11, channels_of=(1, 8, 8))
    others = prepared.prepare_folds(BLIND, tmp_path, count=5, seed=11)
    assert len({one.folder for one in (*folds, *others)}) == 12
    assert len({one.mean[0] for one in folds[1:]}) == 5


def test_rows_without_validation_have_none(tmp_path: Path) -> None:
    whole, *_ = prepared.prepare_folds(BLIND, tmp_path, count=2, seed=1)
    with pytest.raises(ModelError, match="x must have at least one row"):
        assert whole.validation


def test_the_shape_of_a_row_comes_back(tmp_path: Path) -> None:
    raw = random_images(20)
    rows = np.arange(12), np.arange(12, 20)
    fold = Fold("own", ("a", "b"), raw, rows, "f" * 64, 1, shape=(2, 2))
    assert prepared.open_prepared(prepared.keep(fold, tmp_path).folder).shape == (2, 2)
    assert prepare(BLIND, tmp_path).shape == ()


def test_rows_whose_files_have_changed_meanwhile_are_not_kept(tmp_path: Path) -> None:
    def still() -> None:
        raise DataFileError("x.npy: changed")

    rows = np.arange(12), np.arange(12, 20)
    fold = Fold("own", ("a", "b"), random_images(20), rows, "f" * 64, 1, still=still)
    with pytest.raises(DataFileError, match=r"x\.npy: changed"):
        prepared.keep(fold, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_source_that_was_checked_may_miss_numbers(tmp_path: Path) -> None:
    rows = np.arange(12), np.arange(12, 20)
    fold = Fold("own", (), Labelled(random_images(20).x, np.ones((20, 1))), rows, "f" * 64, 1)
    fold = replace(fold, target_names=("y",))
    ready = prepared.keep(fold, tmp_path)
    odd = Labelled(np.full((2, 4), np.nan, np.float32), np.ones((2, 1)))
    own = Source("own", (), lambda: fold.raw, lambda: odd, is_checked=True)
    (x,) = prepared.test_set(ready, own).blocks()
    np.testing.assert_array_equal(x, 0)
