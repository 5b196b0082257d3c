"""Small and official-size image folders that tests of the data room share."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

BATCHES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")


def python2_pickle(value: object) -> bytes:
    """`value` as Python 2's cPickle wrote it with protocol 2, its memo marks included."""
    return b"\x80\x02" + _Python2().item(value) + b"."


class _Python2:
    def __init__(self) -> None:
        self.marks = 0

    def remembered(self, code: bytes) -> bytes:
        number, self.marks = self.marks, self.marks + 1
        return code + (
            b"q" + bytes([number]) if number < 256 else b"r" + number.to_bytes(4, "little")
        )

    def item(self, value: object) -> bytes:
        if isinstance(value, str):
            return self.remembered(b"U" + bytes([len(value)]) + value.encode())
        if isinstance(value, int):
            if 0 <= value < 256:
                return b"K" + bytes([value])
            if 0 <= value < 65536:
                return b"M" + value.to_bytes(2, "little")
            return b"J" + value.to_bytes(4, "little", signed=True)
        if isinstance(value, list):
            chunks = (value[i : i + 1000] for i in range(0, len(value), 1000))
            body = [b"(" + b"".join(map(self.item, chunk)) + b"e" for chunk in chunks]
            return self.remembered(b"]") + b"".join(body)
        if isinstance(value, dict):
            pairs = [self.item(key) + self.item(entry) for key, entry in value.items()]
            return self.remembered(b"}") + b"(" + b"".join(pairs) + b"u"
        assert isinstance(value, np.ndarray)
        raw = value.tobytes()
        return (
            self.remembered(b"cnumpy.core.multiarray\n_reconstruct\n")
            + self.remembered(b"cnumpy\nndarray\n")
            + self.remembered(b"K\x00\x85")
            + self.remembered(b"U\x01b")
            + self.remembered(b"\x87")
            + self.remembered(b"R")
            + b"(K\x01"
            + self.remembered(self.item(value.shape[0]) + self.item(value.shape[1]) + b"\x86")
            + self.remembered(b"cnumpy\ndtype\n")
            + self.remembered(b"U\x02u1")
            + self.remembered(b"K\x00K\x01\x87")
            + self.remembered(b"R")
            + b"(K\x03"
            + self.remembered(b"U\x01|")
            + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00"
            + self.remembered(b"t")
            + b"b\x89T"
            + self.remembered(len(raw).to_bytes(4, "little") + raw)
            + self.remembered(b"t")
            + b"b"
        )


@dataclass(frozen=True)
class Official:
    """A folder with random images in both official layouts, and what was written there."""

    folder: Path
    pixels: np.ndarray
    labels: np.ndarray


@pytest.fixture(scope="session")
def official(tmp_path_factory: pytest.TempPathFactory) -> Official:
    folder = tmp_path_factory.mktemp("official")
    binary, pickled = folder / "cifar-10-batches-bin", folder / "cifar-10-batches-py"
    binary.mkdir()
    pickled.mkdir()
    random = np.random.default_rng(7)
    pixels = np.frombuffer(random.bytes(60_000 * 3072), np.uint8).reshape(60_000, 3072)
    labels = random.integers(0, 10, 60_000, dtype=np.uint8)
    for i, name in enumerate(BATCHES):
        x, y = pixels[i * 10_000 : (i + 1) * 10_000], labels[i * 10_000 : (i + 1) * 10_000]
        np.concatenate([y[:, None], x], axis=1).tofile(binary / f"{name}.bin")
        batch = {
            "batch_label": name,
            "labels": y.tolist(),
            "data": x,
            "filenames": ["a.png"] * 10_000,
        }
        (pickled / name).write_bytes(python2_pickle(batch))
    return Official(folder, pixels, labels)


@pytest.fixture
def linked(official: Official, tmp_path: Path) -> Path:
    """A folder of links to the official files, of which a test may replace some."""
    for kind in official.folder.iterdir():
        (tmp_path / "linked" / kind.name).mkdir(parents=True)
        for file in kind.iterdir():
            (tmp_path / "linked" / kind.name / file.name).symlink_to(file)
    return tmp_path / "linked"


@pytest.fixture(scope="session")
def python2() -> Callable[[object], bytes]:
    """The function that pickles as Python 2 did."""
    return python2_pickle
