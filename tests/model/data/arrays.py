"""Arrays and images that tests write as a user's own."""

import gzip
import struct
from pathlib import Path

import numpy as np
from PIL import Image

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def idx_bytes(array: np.ndarray, kind: str = "u1") -> bytes:
    """An array as an IDX file holds it."""
    head = bytes([0, 0, CODES[kind], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(f">{kind}").tobytes()


def write_idx(path: Path, array: np.ndarray, kind: str = "u1") -> Path:
    """Write an IDX file; gzipped where its name says so."""
    content = idx_bytes(array, kind)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def rows_and_labels(
    count: int, shape: tuple[int, ...] = (3,), classes: int = 3, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of float64 whose labels can be learned, the classes in turn."""
    draw = np.random.default_rng(seed)
    y = np.arange(count) % classes
    x = draw.normal(size=(count, *shape))
    return x + y.reshape(-1, *(1 for _ in shape)), y


def write_mnist(folder: Path, count: int = 30, test: int = 12, ending: str = ".gz") -> np.ndarray:
    """The four files of the MNIST family, of images of 8 x 9 pixels; the training images."""
    draw = np.random.default_rng(1)
    images = draw.integers(0, 256, (count + test, 8, 9))
    labels = np.arange(count + test) % 3
    write_idx(folder / f"train-images-idx3-ubyte{ending}", images[:count])
    write_idx(folder / f"train-labels-idx1-ubyte{ending}", labels[:count])
    write_idx(folder / f"t10k-images-idx3-ubyte{ending}", images[count:])
    write_idx(folder / f"t10k-labels-idx1-ubyte{ending}", labels[count:])
    return images[:count]


def write_image(path: Path, pixels: np.ndarray) -> Path:
    """Write pixels (h, w) or (h, w, 3) as an image of the kind that the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    return path


def write_folder(
    folder: Path, classes: tuple[str, ...] = ("cat", "dog"), each: int = 10, seed: int = 3
) -> Path:
    """Class folders of grey images of 8 x 9 pixels, the first class dark and the last light."""
    draw = np.random.default_rng(seed)
    for place, name in enumerate(classes):
        for number in range(each):
            pixels = draw.integers(0, 100, (8, 9)) + 100 * place
            write_image(folder / name / f"{number:02d}.png", pixels)
    return folder
