"""Results are kept line by line, and read again as what they were."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.kept import keep, read


@dataclass(frozen=True)
class Found:
    """A result."""

    name: str
    value: float | None


def test_results_are_kept_line_by_line(tmp_path: Path) -> None:
    path, some = tmp_path / "results.jsonl", [Found("é\n", 0.1), Found("b", None)]
    assert read(Found, path) == read(Found, None) == []
    keep(path, some[:1])
    assert path.read_text("utf-8").count("\n") == 1
    keep(path, some[1:])
    assert read(Found, path) == some
    keep(None, some)
