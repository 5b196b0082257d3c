"""A file that cannot be written is one message."""

from pathlib import Path

import pytest

from search.errors import KlayerError
from search.views.terminal.output import writing


def test_a_file_that_cannot_be_written_is_told_of_by_its_option(tmp_path: Path) -> None:
    missing = tmp_path / "none" / "x.csv"
    with pytest.raises(KlayerError) as told, writing(missing):
        missing.write_text("x")
    said = "cannot be written: No such file or directory"
    assert str(told.value) == f"--output: {missing}: {said}"


def test_other_faults_pass(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="else"), writing(tmp_path):
        raise ValueError("something else")
