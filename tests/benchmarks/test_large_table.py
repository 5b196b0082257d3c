"""A table that is larger than the limit is prepared within it."""

import re
from pathlib import Path

import pytest

from benchmarks import large_table


def test_sizes_and_the_peak_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_table, "BLOCK_ROWS", 2_000)
    large_table.main(
        ["--gigabytes", "0.001", "--limit-megabytes", "500", "--folder", str(tmp_path)]
    )
    told = re.fullmatch(
        r"1 MB, (\S+) rows; limit 500 MB, .* peak (\d+) MB, .*; (\S+) rows of \d+ inputs .*\n",
        capsys.readouterr().out,
    )
    assert told is not None
    rows, peak, kept = (int(one.replace(",", "")) for one in told.groups())
    assert kept == 0.8 * rows
    assert 10 < peak < 500
    assert not list(tmp_path.iterdir())


def test_a_limit_that_is_too_low_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_table, "BLOCK_ROWS", 10)
    with pytest.raises(SystemExit, match="could not be prepared"):
        large_table.main(
            ["--gigabytes", "1e-6", "--limit-megabytes", "1", "--folder", str(tmp_path)]
        )
