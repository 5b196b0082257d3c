"""A file of results, a line each, with which a run that was interrupted goes on."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")


def read(kind: type[R], file: Path | None) -> list[R]:
    """The results that a file has; none where there is no file yet."""
    if file is None or not file.exists():
        return []
    return [kind(**json.loads(line)) for line in file.read_text("utf-8").splitlines()]


def keep(file: Path | None, results: "Iterable[DataclassInstance]") -> None:
    """Append results to the file, if there is to be one."""
    if file is not None:
        with file.open("a", encoding="utf-8") as opened:
            opened.writelines(f"{json.dumps(asdict(one))}\n" for one in results)
