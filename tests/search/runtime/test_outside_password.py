"""A password from a variable, or from the file that a variable names."""

from pathlib import Path

import pytest

from search.errors import KlayerError, LedgerError
from search.runtime.outside_password import outside_password


def test_a_variable_holds_it_or_names_its_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from a file\n", "utf-8")
    assert outside_password({"SOME": "here"}, "SOME") == "here"
    assert outside_password({"SOME_FILE": str(file)}, "SOME") == "from a file"
    assert outside_password({"OTHER": "here"}, "SOME") is None


def test_faults_name_the_variable_and_are_of_the_kind_that_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(KlayerError, match=r"SOME and SOME_FILE are both set"):
        outside_password({"SOME": "a", "SOME_FILE": "b"}, "SOME")
    with pytest.raises(LedgerError, match=r"SOME_FILE: .*absent cannot be read"):
        outside_password({"SOME_FILE": str(tmp_path / "absent")}, "SOME", LedgerError)
