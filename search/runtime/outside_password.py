"""A password that stands outside of the command line: in an environment variable, or in a file.

A file is how container engines hand over a secret. Both keep it out of command lines, which
everybody on the machine may read.
"""

from collections.abc import Mapping
from pathlib import Path

from search.errors import KlayerError


def outside_password(
    environment: Mapping[str, str], variable: str, error: type[KlayerError] = KlayerError
) -> str | None:
    """The password that the environment holds, or names the file of; None where it does neither.

    A variable that is set to nothing counts as one that is not set.

    Args:
        environment: Where to look.
        variable: The one that holds the password; the one that names a file ends with `_FILE`.
        error: What to raise.

    Raises:
        KlayerError: Both variables are set, or the file cannot be read or holds nothing.
    """
    file_variable = f"{variable}_FILE"
    password, file = environment.get(variable), environment.get(file_variable)
    if password and file:
        raise error(
            f"{variable} and {file_variable} are both set; leave one of them, "
            "so that it is clear which password is meant"
        )
    if not file:
        return password or None
    password, cause = _read(Path(file))
    if cause:
        raise error(
            f"{file_variable}: {file} cannot be read: {cause}; "
            "name a readable file that holds the password"
        )
    if not password:
        raise error(f"{file_variable}: {file} is empty; it should hold the password")
    return password


def _read(file: Path) -> tuple[str, str]:
    """The text of a file without the end of its last line, or why it cannot be read."""
    try:
        return file.read_text("utf-8").rstrip("\r\n"), ""
    except OSError as error:
        return "", error.strerror or "unknown fault"
    except UnicodeDecodeError:
        return "", "it is not text in UTF-8"
