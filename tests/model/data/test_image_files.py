"""Image files become rows of bytes; damaged, hostile and other files are refused."""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from model.data import image_files
from model.data.image_files import Seen, is_image, pixels, seen
from model.errors import DataFileError
from tests.model.data.arrays import write_image

GREY = np.random.default_rng(0).integers(0, 256, (4, 6)).astype(np.uint8)
COLOURS = np.random.default_rng(1).integers(0, 256, (4, 6, 3)).astype(np.uint8)


@pytest.mark.parametrize("name", ["größe a.png", "a.bmp", "A.PNG", "a.gif"])
def test_grey_images_come_as_they_are(tmp_path: Path, name: str) -> None:
    path = write_image(tmp_path / name, GREY)
    np.testing.assert_array_equal(pixels(path, (1, 4, 6), scaled=False), GREY[None])
    np.testing.assert_array_equal(pixels(path, (3, 4, 6), scaled=False), [GREY] * 3)
    assert is_image(path.name)


@pytest.mark.parametrize("name", ["a.png", "a.bmp"])
def test_coloured_images_come_plane_by_plane(tmp_path: Path, name: str) -> None:
    path = write_image(tmp_path / name, COLOURS)
    np.testing.assert_array_equal(pixels(path, (3, 4, 6), scaled=False), COLOURS.transpose(2, 0, 1))
    grey = pixels(path, (1, 4, 6), scaled=False)
    np.testing.assert_allclose(grey[0], COLOURS @ [0.299, 0.587, 0.114], atol=1)
    assert seen(path) == Seen(4, 6, is_grey=False)


def test_jpeg_images_come_nearly_as_they_are(tmp_path: Path) -> None:
    smooth = np.linspace(0, 255, 16 * 24).reshape(16, 24)
    path = write_image(tmp_path / "a.JPEG", smooth)
    np.testing.assert_allclose(pixels(path, (1, 16, 24), scaled=False)[0], smooth, atol=8)
    assert seen(path) == Seen(16, 24, is_grey=True)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_as_their_exif_data_say(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(GREY).save(tmp_path / "a.png", exif=exif)
    shown = {
        1: GREY,
        2: GREY[:, ::-1],
        3: GREY[::-1, ::-1],
        4: GREY[::-1],
        5: GREY.T,
        6: np.rot90(GREY, -1),
        7: GREY[::-1, ::-1].T,
        8: np.rot90(GREY),
    }[orientation]
    assert seen(tmp_path / "a.png") == Seen(*shown.shape, is_grey=True)
    found = pixels(tmp_path / "a.png", (1, *shown.shape), scaled=False)
    np.testing.assert_array_equal(found[0], shown)


def test_what_is_transparent_is_put_on_white(tmp_path: Path) -> None:
    clear = np.zeros((4, 6, 4), np.uint8)
    clear[:2, :, 3] = 255
    Image.fromarray(clear).save(tmp_path / "a.png")
    found = pixels(tmp_path / "a.png", (3, 4, 6), scaled=False)
    np.testing.assert_array_equal(found[:, :2], 0)
    np.testing.assert_array_equal(found[:, 2:], 255)
    Image.fromarray(clear[..., 2:]).save(tmp_path / "grey.png")
    assert seen(tmp_path / "grey.png").is_grey
    found = pixels(tmp_path / "grey.png", (1, 4, 6), scaled=False)
    np.testing.assert_array_equal(found[0], [[0] * 6] * 2 + [[255] * 6] * 2)


def test_of_16_bits_the_upper_8_are_kept(tmp_path: Path) -> None:
    deep = GREY.astype(np.uint16) * 256 + 77
    Image.fromarray(deep).save(tmp_path / "a.png")
    np.testing.assert_array_equal(pixels(tmp_path / "a.png", (1, 4, 6), scaled=False)[0], GREY)
    assert seen(tmp_path / "a.png") == Seen(4, 6, is_grey=True)


def test_palettes_count_as_colours_and_black_and_white_as_grey(tmp_path: Path) -> None:
    Image.fromarray(COLOURS).quantize(4).save(tmp_path / "a.png")
    assert not seen(tmp_path / "a.png").is_grey
    Image.fromarray(GREY > 100).save(tmp_path / "b.png")
    assert seen(tmp_path / "b.png").is_grey
    np.testing.assert_array_equal(
        pixels(tmp_path / "b.png", (1, 4, 6), scaled=False)[0], 255 * (GREY > 100)
    )


def test_of_several_pictures_the_first_counts(tmp_path: Path) -> None:
    first, second = (Image.fromarray(np.full((4, 6), v, np.uint8)) for v in (10, 200))
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second])
    np.testing.assert_array_equal(pixels(tmp_path / "a.gif", (1, 4, 6), scaled=False), 10)


def test_images_are_scaled_by_pillow_s_bilinear_filter(tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.png", COLOURS)
    right = Image.fromarray(COLOURS).resize((3, 2), Image.Resampling.BILINEAR)
    found = pixels(path, (3, 2, 3), scaled=True)
    np.testing.assert_array_equal(found, np.asarray(right).transpose(2, 0, 1))
    with pytest.raises(DataFileError, match="has 4 x 6 pixels; expected 2 x 3, as others have"):
        pixels(path, (3, 2, 3), scaled=False)


def damaged(folder: Path, name: str) -> Path:
    """A file that is no whole image."""
    whole = write_image(folder / "whole.png", np.kron(COLOURS, np.ones((9, 9, 1)))).read_bytes()
    path = folder / "odd.png"
    if name == "pipe":
        os.mkfifo(path)
    elif name == "folder":
        path.mkdir()
    elif name != "missing":
        path.write_bytes(
            {
                "empty": b"",
                "text": b"no image at all",
                "magic alone": whole[:8],
                "cut": whole[: len(whole) // 2],
                "odd bytes": whole[:60] + bytes(100) + whole[160:],
                "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
                "tiff": b"II*\x00\x08\x00\x00\x00",
            }[name]
        )
    return path


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("empty", "has 0 bytes"),
        ("text", "is damaged, or no PNG, JPEG, BMP, GIF image"),
        ("magic alone", "is damaged, or no PNG"),
        ("cut", "is damaged, or no PNG"),
        ("odd bytes", "is damaged, or no PNG"),
        ("svg", "is damaged, or no PNG"),
        ("tiff", "is damaged, or no PNG"),
        ("pipe", "is a device, pipe or socket"),
        ("folder", "is a folder"),
        ("missing", "is missing"),
    ],
)
def test_damaged_and_other_files_are_refused(tmp_path: Path, name: str, told: str) -> None:
    path = damaged(tmp_path, name)
    with pytest.raises(DataFileError, match=told) as caught:
        pixels(path, (3, 36, 54), scaled=True)
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize("most", [23, 11])
def test_an_image_of_very_many_pixels_is_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Pillow warns of more than it allows, and refuses twice as many; klayer refuses both."""
    path = write_image(tmp_path / "a.png", GREY)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", most)
    for look in (seen, lambda one: pixels(one, (1, 4, 6), scaled=True)):
        with pytest.raises(DataFileError, match=f"has too many pixels; expected at most {most}"):
            look(path)


def test_without_pillow_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_image(tmp_path / "a.png", GREY)
    real: Any = image_files.import_module

    def lacking(name: str) -> Any:
        if name.startswith("PIL"):
            raise ModuleNotFoundError(name)
        return real(name)

    monkeypatch.setattr(image_files, "import_module", lacking)
    with pytest.raises(DataFileError, match=r"needs Pillow; .* pip install 'klayer\[images\]'"):
        seen(path)
    assert "PIL" in sys.modules
