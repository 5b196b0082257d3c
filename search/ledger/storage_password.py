"""The password of a database whose URL holds none: from an environment variable, or from a file.

A file is how container engines hand over a secret. Both keep it out of command lines, which
everybody on the machine may read.
"""

from collections.abc import Mapping
from pathlib import Path

from search.errors import LedgerError

PASSWORD = "KLAYER_STORAGE_PASSWORD"  # noqa: S105 (the name of a variable)
PASSWORD_FILE = "KLAYER_STORAGE_PASSWORD_FILE"  # noqa: S105


def outside_password(environment: Mapping[str, str]) -> str | None:
    """The password that the environment holds, or names the file of; None where it does neither.

    A variable that is set to nothing counts as one that is not set.

    Raises:
        LedgerError: Both variables are set, or the file cannot be read or holds nothing.
    """
    password, file = environment.get(PASSWORD), environment.get(PASSWORD_FILE)
    if password and file:
        raise LedgerError(
            f"{PASSWORD} and {PASSWORD_FILE} are both set; leave one of them, "
            "so that it is clear which password is meant"
        )
    if not file:
        return password or None
    password, cause = _read(Path(file))
    if cause:
        raise LedgerError(
            f"{PASSWORD_FILE}: {file} cannot be read: {cause}; "
            "name a readable file that holds the password"
        )
    if not password:
        raise LedgerError(f"{PASSWORD_FILE}: {file} is empty; it should hold the password")
    return password


def _read(file: Path) -> tuple[str, str]:
    """The text of a file without the end of its last line, or why it cannot be read."""
    try:
        return file.read_text("utf-8").rstrip("\r\n"), ""
    except OSError as error:
        return "", error.strerror or "unknown fault"
    except UnicodeDecodeError:
        return "", "it is not text in UTF-8"
