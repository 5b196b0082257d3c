"""Values read back from JSON are those that were written, or are refused with the key's name."""

import json
import re
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pytest

from model.errors import ModelError
from model.plain_values import read


@dataclass(frozen=True)
class Inner:
    """Numbers."""

    whole: int
    real: float = 0.5


@dataclass(frozen=True)
class Outer:
    """One field of each kind."""

    inner: Inner
    kind: Literal["one", "two"]
    level: Literal[1, 2]
    sure: bool
    names: tuple[str, ...]
    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.names) > 2:
            raise ModelError("at most two names")


GOOD: dict[str, Any] = asdict(Outer(Inner(3, 0.1), "two", 1, True, ("a", "é"), ()))


@dataclass(frozen=True)
class Perhaps:
    """Fields that may be null."""

    inner: Inner | None
    size: int | None
    names: tuple[str, ...] | None


def changed(**values: Any) -> dict[str, Any]:
    """What JSON gives for the good value with some keys changed."""
    document: dict[str, Any] = json.loads(json.dumps(GOOD | values))
    return document


def test_what_was_written_is_read_back() -> None:
    assert read(Outer, changed()) == Outer(Inner(3, 0.1), "two", 1, True, ("a", "é"), ())


def test_a_whole_number_is_a_real_one_too() -> None:
    found = read(Inner, {"whole": 3, "real": 2})
    assert found.real == 2.0
    assert type(found.real) is float


def test_a_missing_key_has_its_default_and_an_unknown_one_is_passed_over() -> None:
    found = read(Outer, changed(inner={"whole": 3, "newer": [1]}, more={}))
    assert found == read(Outer, changed(inner={"whole": 3, "real": 0.5}))


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ([], "keys inner, kind, level, sure, names, sizes, not list"),
        (None, "not NoneType"),
        ({"inner": {}}, "it must have the keys"),
        (changed(inner={"real": 3}), "inner must have the keys whole, not ['real']"),
        (changed(inner={"whole": 3.0, "real": 1}), "whole must be a finite int, not 3.0"),
        (changed(inner={"whole": True, "real": 1}), "whole must be a finite int, not True"),
        (changed(inner={"whole": "3", "real": 1}), "whole must be a finite int, not '3'"),
        (changed(inner={"whole": 3, "real": False}), "real must be a finite float, not False"),
        (changed(inner={"whole": 3, "real": float("inf")}), "real must be a finite float, not inf"),
        (changed(inner={"whole": 3, "real": float("nan")}), "real must be a finite float, not nan"),
        (changed(inner={"whole": 3, "real": 10**400}), "real must be a finite float, not 1000"),
        (changed(kind="three"), "kind must be one of one, two, not 'three'"),
        (changed(level=True), "level must be one of 1, 2, not True"),
        (changed(sure=1), "sure must be a finite bool, not 1"),
        (changed(names="ab"), "names must be a list, not 'ab'"),
        (changed(names=["a", 1]), "names must be a finite str, not 1"),
        (changed(sizes=[[1]]), r"sizes must be a finite int, not [1]"),
        (changed(names=["a", "b", "c"]), "at most two names"),
        (changed(names=["a\ud800"]), "names must be a finite str"),
        (changed(names=None), "names must be a list, not None"),
    ],
)
def test_anything_else_is_refused_by_name(found: object, told: str) -> None:
    with pytest.raises(ModelError, match=re.escape(told)):
        read(Outer, found)


def test_a_long_value_makes_no_long_message() -> None:
    with pytest.raises(ModelError) as caught:
        read(Outer, changed(kind="x" * 10_000))
    assert len(str(caught.value)) < 400


def test_what_may_be_null_is_read_as_null_or_as_what_it_is() -> None:
    for value in (Perhaps(None, None, None), Perhaps(Inner(3), 0, ("a", "b"))):
        assert read(Perhaps, json.loads(json.dumps(asdict(value)))) == value


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (
            {"inner": {}, "size": None, "names": None},
            "inner must have the keys whole",
        ),
        ({"inner": 0, "size": None, "names": None}, "inner must have the keys whole"),
        ({"inner": None, "size": False, "names": None}, "size must be a finite int, not False"),
        ({"inner": None, "size": "", "names": None}, "size must be a finite int, not ''"),
        ({"inner": None, "size": None, "names": [None]}, "names must be a finite str, not None"),
        ({"inner": None, "size": None}, "it must have the keys inner, size, names"),
    ],
)
def test_what_may_be_null_is_nothing_else(found: object, told: str) -> None:
    with pytest.raises(ModelError, match=re.escape(told)):
        read(Perhaps, found)
