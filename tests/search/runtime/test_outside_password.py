"""A password from a variable or a file, and one clear message where it is not to be had."""

import os
from pathlib import Path

import pytest

from search.errors import KlayerError, LedgerError
from search.runtime.outside_password import outside_password

PASSWORD = "SOME"
PASSWORD_FILE = "SOME_FILE"


def refusal(file: Path) -> str:
    with pytest.raises(LedgerError) as caught:
        outside_password({PASSWORD_FILE: str(file)}, PASSWORD, LedgerError)
    assert caught.value.__context__ is None  # an error of decoding holds what was read
    return str(caught.value)


def test_a_variable() -> None:
    assert outside_password({"OTHER": "here"}, PASSWORD) is None
    assert outside_password({PASSWORD: "s3 cret\n"}, PASSWORD, LedgerError) == "s3 cret\n"


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_file_without_the_end_of_its_line(tmp_path: Path, end: str) -> None:
    file = tmp_path / "secret"
    file.write_bytes(f" sécret {end}".encode())
    assert (
        outside_password({PASSWORD_FILE: str(file), PASSWORD: ""}, PASSWORD, LedgerError)
        == " sécret "
    )


def test_neither() -> None:
    assert outside_password({}, PASSWORD, LedgerError) is None
    assert outside_password({PASSWORD: "", PASSWORD_FILE: ""}, PASSWORD, LedgerError) is None


def test_both_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    with pytest.raises(LedgerError, match="are both set; leave one of them") as caught:
        outside_password(
            {PASSWORD: "s3cret", PASSWORD_FILE: str(tmp_path / "secret")}, PASSWORD, LedgerError
        )
    assert "s3cret" not in str(caught.value)
    with pytest.raises(KlayerError, match="SOME and SOME_FILE are both set"):
        outside_password({PASSWORD: "a", PASSWORD_FILE: "b"}, PASSWORD)


def test_a_missing_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "secret") == (
        f"SOME_FILE: {tmp_path}/secret cannot be read: No such file or "
        "directory; name a readable file that holds the password"
    )


def test_a_folder(tmp_path: Path) -> None:
    assert "cannot be read: Is a directory" in refusal(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_of_somebody_else(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.touch(mode=0)
    assert "cannot be read: Permission denied" in refusal(file)


@pytest.mark.parametrize("content", [b"", b"\n"])
def test_an_empty_file(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)
    assert refusal(file).endswith(f"{file} is empty; it should hold the password")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"s3cret\xff")
    assert "it is not text in UTF-8" in refusal(file)
