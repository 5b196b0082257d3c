"""A report file that grows, and what a program may do to it."""

import itertools
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from search.objectives.command.report_file import MOST_LINE_BYTES, ReportFile
from search.objectives.faults import TrialError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "report"
    file.write_bytes(b"")
    return file


@pytest.fixture
def reports(path: Path) -> Iterator[ReportFile]:
    with ReportFile(path) as opened:
        yield opened


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_records_come_as_they_are_appended(path: Path, reports: ReportFile) -> None:
    assert list(reports.records()) == []
    append(path, b'{"step": 1}\n{"step": 2}\n')
    assert list(reports.records()) == [{"step": 1}, {"step": 2}]
    append(path, b'{"step": 3}\n')
    assert list(reports.records()) == [{"step": 3}]
    assert list(reports.records(complete=True)) == []


def test_a_partial_line_waits_for_its_end(path: Path, reports: ReportFile) -> None:
    whole = '{"step": 1, "név": "é"}\n'.encode()
    for i in range(len(whole)):
        assert list(reports.records()) == []
        append(path, whole[i : i + 1])
    assert list(reports.records()) == [{"step": 1, "név": "é"}]


def test_a_last_line_needs_no_newline(path: Path, reports: ReportFile) -> None:
    append(path, b'{"step": 1}\n{"step": 2}')
    assert list(reports.records()) == [{"step": 1}]
    assert list(reports.records(complete=True)) == [{"step": 2}]


def test_many_records_come_some_at_a_time_and_none_is_lost(path: Path, reports: ReportFile) -> None:
    append(path, b"".join(b'{"step": %d, "text": "%s"}\n' % (i, b"x" * 90) for i in range(9000)))
    first = list(reports.records())
    assert 0 < len(first) < 9000
    steps = [one["step"] for one in [*first, *reports.records(complete=True)]]
    assert steps == list(range(9000))


def test_empty_lines_and_constants_that_json_lacks_are_read(
    path: Path, reports: ReportFile
) -> None:
    append(path, b'\n \r\n{"a": NaN, "b": -Infinity}\r\n')
    (record,) = reports.records()
    assert math.isnan(record["a"])  # type: ignore[arg-type]
    assert record["b"] == -math.inf


def test_a_long_line_is_read(path: Path, reports: ReportFile) -> None:
    append(path, b'{"text": "%s"}\n' % (b"x" * (MOST_LINE_BYTES - 20)))
    assert [len(str(one["text"])) for one in reports.records(complete=True)] == [
        MOST_LINE_BYTES - 20
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"loss 0.41", "is not JSON: 'loss 0.41'; expected a JSON object a line, such as {"),
        (b"[1, 2]", "is not a JSON object: '[1, 2]'"),
        (b"3", "is not a JSON object"),
        (b'{"a": 1} {"b": 2}', "is not JSON"),
        (b"{'a': 1}", "is not JSON"),
        (b'{"a": 1, "b": 2, "a": 1}', 'has "a" twice: \'{"a": 1, '),
        (b'{"a": "\xff"}', "is not UTF-8 text"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"a": 1' + b"0" * 5000 + b"}", "is not JSON"),
        (b"x" * 2 * MOST_LINE_BYTES, "is longer than 1,000,000 bytes: 'xxx"),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_line_that_is_no_record_is_named_and_shown(
    path: Path, reports: ReportFile, line: bytes, message: str, end: bytes
) -> None:
    append(path, b'{"step": 1}\n' + line + end)
    records = reports.records(complete=True)
    assert next(records) == {"step": 1}
    with pytest.raises(TrialError) as caught:
        next(records)
    assert f"line 2 of the report file {message}" in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_line_without_end_is_not_waited_for(path: Path, reports: ReportFile) -> None:
    append(path, b"x" * 2 * MOST_LINE_BYTES)
    read = itertools.chain.from_iterable(reports.records() for _ in range(20))
    with pytest.raises(TrialError, match="line 1 of the report file is longer"):
        next(read)


def truncate(path: Path) -> None:
    path.write_bytes(b"")


def rewrite_alike(path: Path) -> None:
    path.write_bytes(b'{"step": 2}\n')
    os.utime(path, ns=(0, 0))  # a file system may keep coarse times


def rewrite_longer(path: Path) -> None:
    path.write_bytes(b'{"step": 2, "loss": 0.5}\n')


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b'{"step": 1}\n{"step": 2}\n')
    other.replace(path)


@pytest.mark.parametrize(
    ("change", "how"),
    [
        (truncate, "truncated"),
        (rewrite_alike, "overwritten"),
        (rewrite_longer, "overwritten"),
        (replace, "replaced"),
        (Path.unlink, "removed"),
    ],
)
def test_a_file_that_did_not_just_grow_is_told(
    path: Path, reports: ReportFile, change: Callable[[Path], None], how: str
) -> None:
    append(path, b'{"step": 1}\n')
    assert list(reports.records()) == [{"step": 1}]
    change(path)
    with pytest.raises(TrialError, match=f"the report file was {how} after line 1: expected"):
        list(reports.records())
