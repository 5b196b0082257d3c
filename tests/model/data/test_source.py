"""A source has a name that can be a folder's, and classes."""

import pytest

from model.data import digits
from model.data.source import Source
from model.errors import ModelError


@pytest.mark.parametrize("name", ["", "../up", "Digits", "a b", "a--b", "-a"])
def test_refuses_names_that_are_no_folder(name: str) -> None:
    with pytest.raises(ModelError, match="lower-case"):
        Source(name, ("a", "b"), digits.training, digits.test)


def test_refuses_a_single_class() -> None:
    with pytest.raises(ModelError, match="two classes"):
        Source("one", ("a",), digits.training, digits.test)
