"""An archive says plainly which files it has."""

import pytest

from search.errors import DataError
from search.objectives.network.archive import Archive
from search.objectives.network.fetch import CIFAR10


@pytest.mark.parametrize(
    "names",
    [[], ["a"], ["a/b", "c/d"], ["../b"], ["a/.."], ["/a"], ["a/b/c"], ["a/b", "a"], ["a\\b/c"]],
)
def test_refuses_members_outside_one_folder(names: list[str]) -> None:
    with pytest.raises(DataError, match="members must be named"):
        Archive("http://localhost/a", "0" * 32, dict.fromkeys(names))


def test_cifar10_is_the_six_batches_and_their_names() -> None:
    assert CIFAR10.folder == "cifar-10-batches-bin"
    assert sorted(size or 0 for size in CIFAR10.members.values()) == [0, *[10_000 * 3073] * 6]
