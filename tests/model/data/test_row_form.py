"""Which rows are images, and what forms a row may have."""

import pytest

from model.data.row_form import RowForm, image_of
from model.errors import ModelError


@pytest.mark.parametrize(
    ("shape", "image"),
    [
        ((), None),
        ((784,), None),
        ((28, 28), (1, 28, 28)),
        ((100, 6), None),
        ((1, 8, 8), (1, 8, 8)),
        ((3, 32, 16), (3, 32, 16)),
        ((32, 16, 3), (3, 32, 16)),
        ((32, 16, 1), (1, 32, 16)),
        ((3, 16, 3), (3, 16, 3)),
        ((12, 20, 30), None),
        ((2, 3, 4, 5), None),
    ],
)
def test_rows_are_images_by_their_axes(
    shape: tuple[int, ...], image: tuple[int, int, int] | None
) -> None:
    assert image_of(shape) == image


def test_a_form_has_as_many_inputs_as_its_axes_make() -> None:
    assert RowForm("image", (3, 4, 5)).inputs == 60
    assert RowForm("array", (7,)).inputs == 7
    assert RowForm("array", ()).inputs == 1


@pytest.mark.parametrize(
    ("kind", "shape"),
    [("image", (28, 28)), ("image", (2, 8, 8)), ("image", (1, 0, 8)), ("array", (3, -1))],
)
def test_other_forms_are_refused(kind: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match=r"must (be|have) 1 or"):
        RowForm(kind, shape)  # type: ignore[arg-type]
