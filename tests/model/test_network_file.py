"""A saved network says of raw pixels what it said before; nothing else is taken for one."""

import hashlib
import io
import json
import math
import os
import struct
import time
import zipfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import ensemble, network_file
from model.alone import alone
from model.data.encoding import EncodedColumn, Encoding
from model.data.row_form import RowForm
from model.data.standardise import Statistics, standardised
from model.errors import DataFileError, ModelError
from model.inference import Network, population_statistics
from model.loss import REGRESSION
from model.members import Architecture, Member, Placement
from model.parameters import Layer, initialise
from model.saved_network import SavedNetwork
from tests.model.tabular import network_of_table

DRAW = np.random.default_rng(5)
PIXELS = DRAW.integers(0, 256, (30, 6), np.uint8)
GIVEN = Statistics(PIXELS.mean(axis=0, dtype=float), PIXELS.std(axis=0, dtype=float))
X = np.concatenate(list(standardised(PIXELS, np.arange(30), GIVEN)))
CLASSES = ("cat", "dog", "Wöl\N{LATIN SMALL LETTER F}e")
MEMBER = Member((4, 3), 2**53 - 1, 0.1, weight_decay=1e-4, negative_slope=0.02, jitter=0.25)


def network_of(
    seed: int = 1,
    placement: Placement = "before",
    precision: str = "float32",
    widths: tuple[int, ...] = (4, 3),
    skip: bool = False,
    **kinds: Any,
) -> Network:
    architecture = Architecture(6, 3, "leaky_relu", placement, **kinds)
    drawn = [replace(MEMBER, widths=widths, seed=seed, skip=skip)]
    parameters = initialise(architecture, drawn, precision)
    statistics = population_statistics(architecture, drawn, parameters, X.astype(precision))
    member = replace(MEMBER, widths=widths, skip=skip)
    return alone(Network(architecture, (member,), parameters, statistics), 0)


def saved_of(snapshots: int = 2, **kinds: Any) -> SavedNetwork:
    first, *rest = (network_of(1 + place, **kinds) for place in range(1 + snapshots))
    return SavedNetwork(first, tuple(rest), GIVEN.mean, GIVEN.std, CLASSES)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "winner.npz"
    network_file.save(path, saved_of())
    return path


# --- there and back -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kinds",
    [
        {"snapshots": 0},
        {"placement": "none"},
        {"placement": "after", "batch_norm_affine": False},
        {"placement": "after", "precision": "float64", "loss": "hinge"},
        {"widths": (4, 4), "skip": True},
        {"widths": ()},
        {"widths": (5,), "batch_norm_statistics": "training_set", "batch_norm_decay": 0.5},
    ],
    ids=str,
)
def test_what_is_loaded_is_what_was_saved(tmp_path: Path, kinds: dict[str, Any]) -> None:
    saved = saved_of(**kinds)
    network_file.save(tmp_path / "one.npz", saved)
    loaded = network_file.load(tmp_path / "one.npz")
    assert loaded.about() == saved.about()
    assert loaded.network.architecture == saved.network.architecture
    assert loaded.network.members == saved.network.members
    assert loaded.classes == CLASSES
    before, after = saved.arrays(), loaded.arrays()
    assert list(before) == list(after)
    for name, array in before.items():
        assert after[name].dtype == array.dtype
        np.testing.assert_array_equal(after[name], array)
    for vote in (False, True):
        said = saved.probabilities(PIXELS, vote=vote)
        np.testing.assert_array_equal(loaded.probabilities(PIXELS, vote=vote), said)


def with_others(**kinds: Any) -> SavedNetwork:
    """A network whose finalists have other widths, depths and kinds of layers than it."""
    others = (
        network_of(11, widths=(2,)),
        network_of(12, widths=(2,)),
        network_of(13, "none", widths=(7, 3, 2), loss="hinge"),
    )
    return replace(saved_of(**kinds), others=others)


@pytest.mark.parametrize("snapshots", [0, 2])
def test_other_finalists_come_back_and_vote(tmp_path: Path, snapshots: int) -> None:
    saved = with_others(snapshots=snapshots)
    network_file.save(tmp_path / "one.npz", saved)
    loaded = network_file.load(tmp_path / "one.npz")
    assert loaded.about() == saved.about()
    assert [one.members for one in loaded.others] == [one.members for one in saved.others]
    assert (len(loaded.snapshots), len(loaded.voters)) == (snapshots, max(1, snapshots) + 3)
    votes = [one.probabilities(X)[0] for one in saved.voters]
    said = loaded.probabilities(PIXELS)
    np.testing.assert_array_equal(said, ensemble.mean_vote(votes))
    np.testing.assert_array_equal(loaded.probabilities(PIXELS, vote=True), said)
    single = saved.network.probabilities(X)[0]
    np.testing.assert_array_equal(loaded.probabilities(PIXELS, vote=False), single)
    network_file.save(tmp_path / "other.npz", loaded)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()


def test_a_klayer_that_knows_no_other_finalists_refuses_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network_file.save(tmp_path / "one.npz", saved_of())
    network_file.save(tmp_path / "all.npz", with_others())
    monkeypatch.setattr(network_file, "FORMAT", 3)
    assert network_file.load(tmp_path / "one.npz").others == ()
    refused(tmp_path / "all.npz", "has format 4, and this klayer reads formats 2 to 3; use a later")


def test_a_klayer_that_knows_no_skip_connections_refuses_those_that_have_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = network_of(11, widths=(2, 2), skip=True)
    network_file.save(tmp_path / "one.npz", saved_of(skip=True))  # of widths 4 and 3: it has none
    network_file.save(tmp_path / "all.npz", replace(saved_of(), others=(other,)))
    monkeypatch.setattr(network_file, "FORMAT", 4)
    assert network_file.load(tmp_path / "one.npz").network.members[0].skip
    refused(tmp_path / "all.npz", "has format 5, and this klayer reads formats 2 to 4; use a later")


@pytest.mark.parametrize("kind", sorted(REGRESSION))
@pytest.mark.parametrize("snapshots", [0, 2])
def test_a_regression_comes_back_with_the_scale_of_its_targets(
    tmp_path: Path, kind: str, snapshots: int
) -> None:
    first, *rest = (network_of(1 + place, loss=kind) for place in range(1 + snapshots))
    means, deviations = np.array([1.0, -2, 3]), np.array([0.5, 2, 30])
    saved = SavedNetwork(first, tuple(rest), GIVEN.mean, GIVEN.std, (), means, deviations)
    network_file.save(tmp_path / "one.npz", saved)
    loaded = network_file.load(tmp_path / "one.npz")
    assert loaded.about() == saved.about()
    assert loaded.target_mean is not None
    np.testing.assert_array_equal(loaded.target_mean, means)
    for vote in (False, True):
        said = saved.predictions(PIXELS, vote=vote)
        np.testing.assert_array_equal(loaded.predictions(PIXELS, vote=vote), said)
    rewritten(tmp_path / "one.npz", lambda contents: contents.pop("target_std.npy"))
    refused(tmp_path / "one.npz", "target_std is missing")


def test_numpy_opens_the_file_without_pickles(file: Path) -> None:
    with np.load(file, allow_pickle=False) as found:
        about = json.loads(str(found["about"]))
        arrays = {name: found[name] for name in found.files if name != "about"}
    assert str(arrays.pop("sha256")) == checksum(contents_of(file))
    assert about["format"] == 3
    assert about["member"]["widths"] == [4, 3]
    assert about["classes"] == list(CLASSES)
    assert arrays["snapshot_2.layer_1.weights"].shape == (1, 6, 4)
    np.testing.assert_array_equal(arrays["std"], GIVEN.std)


def test_the_same_network_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.npz", "other.bin"):
        network_file.save(tmp_path / name, saved_of())
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.bin").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.npz") as entries:
        assert {entry.date_time for entry in entries.infolist()} == {(1980, 1, 1, 0, 0, 0)}


# --- what it says -------------------------------------------------------------------------------


def test_raw_pixels_are_standardised_and_the_last_network_speaks() -> None:
    saved = saved_of()
    said = saved.probabilities(PIXELS)
    assert said.shape == (30, 3)
    np.testing.assert_array_equal(said, saved.network.probabilities(X)[0])
    np.testing.assert_array_equal(saved.probabilities(PIXELS.astype(float)), said)


def test_the_snapshots_vote_when_asked() -> None:
    saved = saved_of()
    votes = [one.probabilities(X)[0] for one in saved.snapshots]
    said = saved.probabilities(PIXELS, vote=True)
    np.testing.assert_array_equal(said, ensemble.mean_vote(votes))
    assert not np.allclose(said, saved.probabilities(PIXELS))


def test_without_snapshots_the_network_speaks_alone() -> None:
    saved = saved_of(snapshots=0)
    alone_said = saved.probabilities(PIXELS)
    np.testing.assert_array_equal(saved.probabilities(PIXELS, vote=True), alone_said)


# --- damaged, foreign and hostile files ---------------------------------------------------------


def refused(path: Path, told: str) -> None:
    with pytest.raises(DataFileError) as caught:
        network_file.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert told in message
    assert len(message) < len(str(path)) + 500


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None], **options: Any) -> None:
    """Write the zip again, with its entries changed and a checksum that fits them."""
    contents = contents_of(path)
    change(contents)
    contents["sha256.npy"] = npy(np.array(checksum(contents)))
    write(path, contents, **options)


def contents_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as entries:
        return {name: entries.read(name) for name in entries.namelist()}


def checksum(contents: dict[str, bytes]) -> str:
    """As it is documented."""
    digest = hashlib.sha256()
    names = sorted(name.removesuffix(".npy") for name in contents)
    for name in sorted(set(names) - {"sha256"}, key=lambda name: (name != "about", name)):
        digest.update(name.encode() + b"\n" + contents.get(f"{name}.npy", b""))
    return digest.hexdigest()


def write(path: Path, contents: dict[str, bytes], **options: Any) -> None:
    with zipfile.ZipFile(path, "w", **options) as entries:
        for name, content in contents.items():
            entries.writestr(name, content)


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def about_with(**changes: Any) -> Callable[[dict[str, bytes]], None]:
    told = json.loads(json.dumps(asdict(saved_of().about()))) | changes
    return lambda contents: contents.update({"about.npy": npy(np.array(json.dumps(told)))})


def array_as(name: str, array: Any) -> Callable[[dict[str, bytes]], None]:
    return lambda contents: contents.update({f"{name}.npy": npy(array)})


MEMBER_KEYS = asdict(MEMBER)
BIAS = "network.layer_1.bias"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            about_with(format=6),
            "has format 6, and this klayer reads formats 2 to 5; use a later klayer",
        ),
        (about_with(format=1), "reads formats 2 to 5; use an earlier klayer"),
        (about_with(format="1"), "format must be"),
        (about_with(format=2), "sha256 is too much"),
        (about_with(snapshots=-1), "snapshots must be 0 or more"),
        (about_with(snapshots=1), "snapshot_2.layer_1.beta is too much"),
        (about_with(snapshots=10**30), "are needed"),
        (about_with(classes=["cat", "dog"]), "3 names of classes, not 2"),
        (about_with(precision="float16"), "precision must be one of float32, float64"),
        (about_with(precision="float64"), "network.layer_1.weights must be"),
        (about_with(member=MEMBER_KEYS | {"widths": [4, 0]}), "width must be 1 or more"),
        (about_with(member=MEMBER_KEYS | {"widths": [4] * 50_000}), "are needed"),
        (about_with(member=MEMBER_KEYS | {"widths": [10**15, 3]}), "network.layer_1.weights must"),
        (about_with(member=MEMBER_KEYS | {"seed": "1"}), "seed must be"),
        (array_as("about", np.array("[" * 200_000)), "recursion"),
        (array_as("about", np.array("no JSON")), "Expecting value"),
        (array_as("about", np.zeros(3)), "about is not one text"),
        (array_as("about", np.array({"format": 1}, object)), "about is not one text"),
        (array_as(BIAS, np.zeros((1, 1, 4))), f"{BIAS} must be"),
        (array_as(BIAS, np.zeros((1, 1, 5), np.float32)), f"{BIAS} must be"),
        (array_as(BIAS, np.full((1, 1, 4), np.nan, np.float32)), "finite numbers alone"),
        (array_as(BIAS, np.zeros((1, 1, 4), object)), f"{BIAS} must be"),
        (array_as(BIAS, np.asfortranarray(np.zeros((2, 2), np.float32))), f"{BIAS} must be"),
        (array_as("network.layer_1.variance", np.full((1, 1, 4), -1, np.float32)), "0 or more"),
        (array_as("std", np.zeros(6)), "std must be above 0"),
        (array_as("std", np.full(6, -1.0)), "std must be above 0"),
        (array_as("more", np.zeros(6)), "more is too much"),
        (array_as("target_std", np.ones(3)), "target_std is too much"),
        (lambda contents: contents.pop("mean.npy"), "mean is missing"),
        (lambda contents: contents.pop("about.npy"), "about.npy is missing"),
        (lambda contents: contents.update({"mean.npy": b""}), "mean is no array"),
        (lambda contents: contents.update({"mean.npy": contents["mean.npy"][:-8]}), "40 bytes"),
        (lambda contents: contents.update({"mean.npy": contents["mean.npy"] + b"1"}), "49 bytes"),
        (lambda contents: contents.clear(), "about.npy is missing"),
    ],
)
def test_what_contradicts_itself_is_refused(
    file: Path, change: Callable[[dict[str, bytes]], None], told: str
) -> None:
    rewritten(file, change)
    refused(file, told)


def test_a_rewritten_file_that_was_not_changed_is_fine(file: Path) -> None:
    """Guards the test above: it is the change that is refused."""
    rewritten(file, lambda contents: None)
    assert network_file.load(file).about() == saved_of().about()
    rewritten(file, about_with())
    assert network_file.load(file).about() == saved_of().about()


def test_a_description_that_is_too_long_is_refused_unread(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_file, "_MOST_ABOUT_BYTES", 1_000)
    refused(file, "about has more than 1,000 bytes")


# --- checksum and versions ----------------------------------------------------------------------


def test_entries_of_two_files_put_together_are_refused(file: Path, tmp_path: Path) -> None:
    """Each has the CRC-32 and the shape that it should have."""
    network_file.save(tmp_path / "other.npz", saved_of(placement="after"))
    network_file.save(file, saved_of(placement="before"))
    mixed = contents_of(file) | {f"{BIAS}.npy": npy(np.ones((1, 1, 4), np.float32))}
    write(file, mixed)
    refused(file, "its checksum is another than that of its content")
    rewritten(file, lambda contents: None)
    assert network_file.load(file).arrays()[BIAS].tolist() == [[[1.0] * 4]]


def test_a_checksum_is_a_text_of_its_length(file: Path) -> None:
    contents = contents_of(file)
    for odd in (np.array("0" * 63), np.array([checksum(contents)]), np.zeros(2)):
        write(file, contents | {"sha256.npy": npy(odd)})
        refused(file, "its checksum is another")
    write(file, {name: content for name, content in contents.items() if name != "sha256.npy"})
    refused(file, "sha256 is missing")


# A network with one input and two classes, as a file of a format that readers must keep reading.
# Do not change these: a new key belongs into the dataclasses, with a default.
ABOUT_AS_WRITTEN = (
    '{"architecture": {"inputs": 1, "outputs": 2, "activation": "elu", "batch_norm": "none", '
    '"batch_norm_affine": true, "batch_norm_statistics": "moving_average", '
    '"batch_norm_decay": 0.99, "loss": "cross_entropy"}, '
    '"member": {"widths": [1], "seed": 1, "learning_rate": 0.1, "learning_rate_min": 0.0, '
    '"weight_decay": 0.0, "momentum": 0.0, "initialization": "he", "init_sigma": 0.01, '
    '"negative_slope": 0.01, "elu_alpha": 1.0, "jitter": 0.0}, '
    '"precision": "float32", "snapshots": 0, "classes": ["no", "yes"], "targets": ["ill"], '
    '"encoding": {"columns": [{"name": "age", "kind": "number", "categories": [], '
    '"marks_missing": false, "origin": 40.0}], "ignored": ["ill"]}'
)
NUMBERS_AS_WRITTEN: dict[str, tuple[str, tuple[int, ...], list[float]]] = {
    "mean": ("<f8", (1,), [10.0]),
    "network.layer_1.bias": ("<f4", (1, 1, 1), [0.5]),
    "network.layer_1.weights": ("<f4", (1, 1, 1), [2.0]),
    "network.layer_2.bias": ("<f4", (1, 1, 2), [0.0, -1.0]),
    "network.layer_2.weights": ("<f4", (1, 1, 2), [-1.0, 1.0]),
    "std": ("<f8", (1,), [5.0]),
}


def as_written(dtype: str, shape: tuple[int, ...], content: bytes) -> bytes:
    """A .npy file of version 1.0 by the letter of its description."""
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"
    header = header.ljust(64 * math.ceil((len(header) + 11) / 64) - 11) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + content


def text_as_written(text: str) -> bytes:
    return as_written(f"<U{len(text)}", (), text.encode("utf-32-le"))


def file_as_written(path: Path, version: int, more: str = "") -> Path:
    about = f'{ABOUT_AS_WRITTEN}{more}, "format": {version}}}'
    contents = {"about.npy": text_as_written(about)}
    for name, (dtype, shape, numbers) in NUMBERS_AS_WRITTEN.items():
        packed = struct.pack(f"<{len(numbers)}{'d' if dtype == '<f8' else 'f'}", *numbers)
        contents[f"{name}.npy"] = as_written(dtype, shape, packed)
    if version > 2:
        contents["sha256.npy"] = text_as_written(checksum(contents))
    write(path, contents)
    return path


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("more", ["", ', "of_a_newer_klayer": {"a": [1, null]}'])
def test_a_file_of_an_earlier_klayer_predicts_what_it_did(
    tmp_path: Path, version: int, more: str
) -> None:
    """A key that is unknown here changes no predictions, else its format would be higher."""
    loaded = network_file.load(file_as_written(tmp_path / "old.npz", version, more))
    (tmp_path / "new.csv").write_text("ill,age\nno,50\nyes,45\nno,70\n")
    said = loaded.predict(tmp_path / "new.csv")
    assert (said.targets, said.classes) == (("ill",), ("no", "yes"))
    for age, (no, yes) in zip((50, 45, 70), said.values, strict=True):
        score = (age - 40 - 10) / 5 * 2 + 0.5
        hidden = score if score > 0 else math.expm1(score)
        right = 1 / (1 + math.exp(-(2 * hidden - 1)))
        np.testing.assert_allclose([no, yes], [1 - right, right], rtol=1e-5)


def test_a_key_that_an_earlier_klayer_did_not_write_has_its_default(file: Path) -> None:
    def without_jitter(contents: dict[str, bytes]) -> None:
        told = json.loads(json.dumps(asdict(saved_of().about())))
        del told["member"]["jitter"]
        contents["about.npy"] = npy(np.array(json.dumps(told)))

    rewritten(file, without_jitter)
    assert network_file.load(file).network.members[0] == replace(MEMBER, jitter=0.0, widths=(4, 3))


def test_inputs_are_cut_as_they_were_in_training(tmp_path: Path) -> None:
    network_file.save(tmp_path / "one.npz", replace(saved_of(), bound=2.0))
    given = network_file.load(tmp_path / "one.npz")
    deviations = GIVEN.std * np.array([[3.0] * len(GIVEN.std), [2.0] * len(GIVEN.std)])
    far, near = given.probabilities(GIVEN.mean + deviations)
    np.testing.assert_allclose(far, near, rtol=1e-5)
    for bound in (0.0, -1.0, np.inf):
        with pytest.raises(ModelError, match="bound must be a finite number above 0"):
            replace(given, bound=bound)


@pytest.mark.parametrize("form", [RowForm("array", (6,)), RowForm("image", (1, 2, 3)), None])
def test_the_form_of_a_row_comes_back(tmp_path: Path, form: RowForm | None) -> None:
    network_file.save(tmp_path / "one.npz", replace(saved_of(), rows=form))
    assert network_file.load(tmp_path / "one.npz").rows == form


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"kind": "array", "shape": [4]}, "must have 6 inputs, not 4"),
        ({"kind": "image", "shape": [5]}, "an image must have 1 or 3 colours"),
        ({"kind": "array", "shape": [-5, -1]}, "must be 1 or more"),
        ({"kind": "film", "shape": [5]}, "kind must be one of array, image"),
        ({"kind": "array", "shape": [5.5]}, "shape must be a finite int"),
        ({"kind": "array"}, "shape"),
        ("array", "must"),
    ],
)
def test_an_odd_form_of_a_row_is_refused(file: Path, form: Any, told: str) -> None:
    def changed(contents: dict[str, bytes]) -> None:
        described = json.loads(json.dumps(asdict(saved_of().about()))) | {"rows": form}
        contents["about.npy"] = npy(np.array(json.dumps(described)))

    rewritten(file, changed)
    with pytest.raises(DataFileError, match=told):
        network_file.load(file)


# --- tables -------------------------------------------------------------------------------------


@pytest.fixture
def of_table(tmp_path: Path) -> SavedNetwork:
    """A network that reads the columns of a table, which is beside it."""
    return network_of_table(tmp_path, "label", snapshots=1)


def test_quantiles_come_back_and_predict_alike(tmp_path: Path) -> None:
    saved = network_of_table(tmp_path, "price", scaling="quantile")
    network_file.save(tmp_path / "one.npz", saved)
    loaded = network_file.load(tmp_path / "one.npz")
    assert loaded.encoding == saved.encoding
    assert loaded.encoding is not None
    assert [len(one.quantiles) for one in loaded.encoding.columns][::2] == [0, 72]
    said = loaded.predict(tmp_path / "cars.csv").values
    np.testing.assert_array_equal(said, saved.predict(tmp_path / "cars.csv").values)


def test_an_encoding_of_before_quantiles_is_read(tmp_path: Path, of_table: SavedNetwork) -> None:
    network_file.save(tmp_path / "one.npz", of_table)
    assert of_table.encoding is not None
    columns = of_table.encoding.plain()["columns"]
    assert all("quantiles" not in one for one in columns)
    rewritten(tmp_path / "one.npz", table_with(of_table, columns=columns))
    assert network_file.load(tmp_path / "one.npz").encoding == of_table.encoding


def table_with(saved: SavedNetwork, **changes: Any) -> Callable[[dict[str, bytes]], None]:
    """A description with changes of its encoding, or with another one in its place."""
    told = json.loads(json.dumps(asdict(saved.about())))
    told |= {name: changes.pop(name) for name in ("targets", "encoding") if name in changes}
    if changes:
        told["encoding"] |= changes
    return lambda contents: contents.update({"about.npy": npy(np.array(json.dumps(told)))})


@pytest.mark.parametrize("targets", [("label",), ("price",), ("price", "weight")])
def test_a_network_of_a_table_comes_back_with_its_columns(
    tmp_path: Path, targets: tuple[str, ...]
) -> None:
    saved = network_of_table(tmp_path, *targets, snapshots=1)
    network_file.save(tmp_path / "one.npz", saved)
    loaded = network_file.load(tmp_path / "one.npz")
    assert loaded.about() == saved.about()
    assert (loaded.encoding, loaded.targets) == (saved.encoding, targets)
    for vote in (False, True):
        one, other = (each.predict(tmp_path / "cars.csv", vote=vote) for each in (saved, loaded))
        np.testing.assert_array_equal(one.values, other.values)
        assert one.columns() == other.columns()
    network_file.save(tmp_path / "other.npz", loaded)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()


def test_very_many_categories_come_back(tmp_path: Path) -> None:
    places = tuple(f"place number {place:05}" for place in range(20_000))
    known = Encoding((EncodedColumn("place", "category", places),))
    network = zeros(Architecture(known.width, 2))
    mean, std = np.zeros(known.width), np.ones(known.width)
    saved = SavedNetwork(network, (), mean, std, ("n", "y"), targets=("label",), encoding=known)
    network_file.save(tmp_path / "one.npz", saved)
    assert network_file.load(tmp_path / "one.npz").encoding == known


def zeros(architecture: Architecture) -> Network:
    """A network without hidden layers, all of whose weights are 0."""
    layer = Layer(
        np.zeros((1, architecture.inputs, architecture.outputs), np.float32),
        np.zeros((1, 1, architecture.outputs), np.float32),
        None,
        None,
    )
    return Network(architecture, (Member((), 1, 0.1),), (layer,), ())


NUMBER = {"name": "n", "kind": "number", "categories": [], "marks_missing": False, "origin": 0.0}
CATEGORY = NUMBER | {"name": "c", "kind": "category", "categories": ["a", "b", "c", "d", "e", "f"]}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"encoding": []}, "encoding must have the keys columns, not list"),
        ({"encoding": {}}, "encoding must have the keys columns"),
        ({"columns": []}, "an encoding has an output or more"),
        ({"columns": {}}, "columns must be a list"),
        ({"columns": [None]}, "columns must have the keys name, kind"),
        ({"columns": [NUMBER]}, "the encoding must give 7 inputs, not 1"),
        ({"columns": [CATEGORY, NUMBER, NUMBER]}, "['n'] twice"),
        ({"columns": [CATEGORY, NUMBER | {"name": 3}]}, "name must be a finite str, not 3"),
        (
            {"columns": [CATEGORY, NUMBER | {"kind": "date"}]},
            "kind must be one of number, category",
        ),
        ({"columns": [CATEGORY, NUMBER | {"origin": None}]}, "origin must be a finite float"),
        ({"columns": [CATEGORY, NUMBER | {"origin": float("nan")}]}, "origin must be a finite"),
        ({"columns": [CATEGORY, NUMBER | {"origin": 10**400}]}, "origin must be a finite float"),
        ({"columns": [CATEGORY, NUMBER | {"marks_missing": 1}]}, "marks_missing must be a finite"),
        ({"columns": [CATEGORY, NUMBER | {"categories": "ab"}]}, "categories must be a list"),
        ({"columns": [CATEGORY, NUMBER | {"categories": ["a"]}]}, "expected an encoding as"),
        ({"columns": [NUMBER, CATEGORY | {"categories": list("fedcba")}]}, "expected an encoding"),
        ({"columns": [NUMBER, CATEGORY | {"categories": list("aabcde")}]}, "expected an encoding"),
        ({"columns": [NUMBER | {"name": "\ud800"}, CATEGORY]}, "name must be a finite str"),
        ({"ignored": [1]}, "ignored must be a finite str, not 1"),
        ({"ignored": None}, "ignored must be a list, not None"),
        ({"targets": None}, "targets must be a list, not None"),
        ({"targets": []}, "there must be 1 targets, not 0"),
        ({"targets": ["a", "b"]}, "there must be 1 targets, not 2"),
        ({"targets": "label"}, "targets must be a list"),
    ],
    ids=str,
)
def test_a_hostile_description_of_a_table_is_refused(
    tmp_path: Path, of_table: SavedNetwork, changes: dict[str, Any], told: str
) -> None:
    network_file.save(tmp_path / "one.npz", of_table)
    rewritten(tmp_path / "one.npz", table_with(of_table))
    assert network_file.load(tmp_path / "one.npz").about() == of_table.about()
    rewritten(tmp_path / "one.npz", table_with(of_table, **dict(changes)))
    refused(tmp_path / "one.npz", told)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda told: told["others"].pop(), "other_3.layer_1.bias is too much"),
        (lambda told: told["others"].append(told["others"][0]), "other_4.layer_1.beta is missing"),
        (lambda told: told.update(others={}), "others must be a list"),
        (lambda told: told.update(others=[3]), "others must have the keys architecture, member"),
        (lambda told: told["others"][0]["architecture"].update(inputs=5), "the same inputs"),
        (lambda told: told["others"][0]["architecture"].update(outputs=2), "the same inputs"),
        (lambda told: told["others"][2]["architecture"].update(loss="huber"), "outputs and task"),
        (lambda told: told["others"][0]["member"].update(widths=[3]), "other_1.layer_1.weights"),
        (lambda told: told["others"][0]["member"].update(widths=[-2]), "width must be 1 or more"),
        (lambda told: told["others"][0]["member"].update(widths=[2] * 50_000), "are needed"),
    ],
)
def test_odd_other_finalists_are_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], Any], told: str
) -> None:
    network_file.save(tmp_path / "all.npz", with_others())
    described = json.loads(json.dumps(asdict(with_others().about())))
    change(described)
    rewritten(
        tmp_path / "all.npz",
        lambda contents: contents.update({"about.npy": npy(np.array(json.dumps(described)))}),
    )
    refused(tmp_path / "all.npz", told)


def test_very_many_columns_are_refused_soon(tmp_path: Path, of_table: SavedNetwork) -> None:
    network_file.save(tmp_path / "one.npz", of_table)
    columns = [NUMBER | {"name": str(place)} for place in range(20_000)]
    rewritten(tmp_path / "one.npz", table_with(of_table, columns=columns))
    began = time.process_time()
    refused(tmp_path / "one.npz", "the encoding must give 7 inputs, not 20000")
    assert time.process_time() - began < 4


def test_packed_entries_are_refused_before_they_grow(file: Path) -> None:
    def grow(contents: dict[str, bytes]) -> None:
        contents["mean.npy"] = contents["mean.npy"][:128] + bytes(50_000_000)

    rewritten(file, grow, compression=zipfile.ZIP_DEFLATED)
    assert file.stat().st_size < 100_000
    refused(file, "is packed")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(file: Path) -> None:
    with zipfile.ZipFile(file, "a") as entries:
        entries.writestr("mean.npy", npy(np.ones(6)))
    refused(file, "stands in it twice")


def test_no_pickle_is_opened(file: Path, tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return os.mkdir, (str(tmp_path / "executed"),)

    rewritten(file, array_as("mean", np.array([Hostile()], object)))
    refused(file, "mean must be")
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("keep", [0, 1, 100, 0.5, 0.99, -1])
def test_a_truncated_file_is_refused(file: Path, keep: float) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[: int(keep * len(whole)) if 0 < keep < 1 else int(keep)])
    refused(file, "is damaged, or no file that")


def test_a_flipped_byte_is_refused_or_changes_nothing(file: Path) -> None:
    whole, saved = file.read_bytes(), saved_of()
    accepted = 0
    for place in range(0, len(whole), 37):
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        file.write_bytes(broken)
        try:
            loaded = network_file.load(file)
        except DataFileError:
            continue
        accepted += 1  # a field of the zip that says nothing of the content, such as a date
        for name, array in saved.arrays().items():
            np.testing.assert_array_equal(loaded.arrays()[name], array)
        assert loaded.about() == saved.about()
    assert accepted < len(whole) / 37 / 2


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"\x93NUMPY\x01\x00", b"%PDF-1.4\n" * 99])
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "foreign").write_bytes(content)
    refused(tmp_path / "foreign", "is damaged, or no file that `klayer model` wrote")


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # nobody writes to it: to open it would wait for ever
    refused(tmp_path / "missing.npz", "is missing")
    refused(tmp_path, "is no regular file")
    refused(tmp_path / "pipe", "is no regular file")
