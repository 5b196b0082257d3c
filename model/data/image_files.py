"""Image files of a user's own, as rows of numbers. Pillow reads them, which is an extra.

An image is turned as its EXIF data say, and what is transparent in it is put on white. Of 16 bits a
colour the upper 8 are kept. Nothing of a file is decoded before its size is known.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.data.regular import check_regular
from model.errors import DataFileError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif")
FORMATS = ("PNG", "JPEG", "BMP", "GIF")
MOST_BYTES = 1_000_000_000
_GREY = ("1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "I;16N", "F")
_ORIENTATION = 0x0112
_SIDEWAYS = (5, 6, 7, 8)  # orientations in which width is height


@dataclass(frozen=True)
class Seen:
    """What the head of an image file says.

    Attributes:
        height: In pixels, of the image as it is shown.
        width: Likewise.
        is_grey: Whether the file can hold no other colours.
    """

    height: int
    width: int
    is_grey: bool


def is_image(name: str) -> bool:
    """Whether a file's name ends as that of an image which can be read."""
    return name.lower().endswith(SUFFIXES)


def seen(path: Path) -> Seen:
    """The image's size and kind.

    Raises:
        DataFileError: Pillow is not installed; the file is no regular file, is damaged or no such
            image, or has more pixels than Pillow allows.
    """
    with _opened(path) as image:
        height, width = image.height, image.width
        if image.getexif().get(_ORIENTATION) in _SIDEWAYS:
            height, width = width, height
        return Seen(height, width, image.mode in _GREY)


def pixels(path: Path, shape: tuple[int, ...], *, scaled: bool) -> npt.NDArray[np.uint8]:
    """The image (c, h, w), colour by colour. Of several pictures in a file it is the first.

    Args:
        path: The file.
        shape: Colours, 1 for grey or 3 for red, green and blue; height; width.
        scaled: Whether an image of another size is scaled (bilinear, over all pixels that fall
            into one), whatever its proportions; else it is refused.

    Raises:
        DataFileError: As `seen`; or it has another size.
    """
    colours, height, width = shape
    with _opened(path) as image:
        turned = import_module("PIL.ImageOps").exif_transpose(image)
        plain = _on_white(turned).convert("L" if colours == 1 else "RGB")
        if (plain.height, plain.width) != (height, width):
            if not scaled:
                raise DataFileError(
                    f"{path}: has {plain.height} x {plain.width} pixels; expected {height} x "
                    f"{width}, as others have, or a size that all are scaled to"
                )
            plain = plain.resize((width, height), import_module("PIL.Image").Resampling.BILINEAR)
        found = np.asarray(plain, np.uint8).reshape(height, width, colours)
    return np.ascontiguousarray(found.transpose(2, 0, 1))


def _on_white(image: Any) -> Any:
    if image.mode.startswith("I"):  # 16 bits, which Pillow would cut off at 255
        upper = np.clip(np.asarray(image).astype(np.int64) >> 8, 0, 255).astype(np.uint8)
        return import_module("PIL.Image").fromarray(upper)
    if not image.has_transparency_data:
        return image
    shown = image.convert("RGBA")
    white = import_module("PIL.Image").new("RGBA", shown.size, (255, 255, 255, 255))
    return import_module("PIL.Image").alpha_composite(white, shown).convert("RGB")


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        pillow = import_module("PIL.Image")
    except ModuleNotFoundError as error:
        raise DataFileError(
            f"{path}: reading images needs Pillow; install it with pip install 'klayer[images]'"
        ) from error
    check_regular(path, least=1, most=MOST_BYTES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as of odd EXIF data
            warnings.simplefilter("error", pillow.DecompressionBombWarning)
            with pillow.open(path, formats=FORMATS) as image:
                yield image
    except DataFileError:
        raise
    except (pillow.DecompressionBombWarning, pillow.DecompressionBombError) as error:
        raise DataFileError(
            f"{path}: has too many pixels; expected at most {pillow.MAX_IMAGE_PIXELS:,}"
        ) from error
    except MemoryError:
        raise
    except Exception as error:  # of which Pillow has a kind for each way to be damaged
        raise DataFileError(
            f"{path}: is damaged, or no {', '.join(FORMATS)} image ({error!s:.200})"
        ) from error
