"""The password of a database whose URL holds none: from an environment variable, or from a file."""

from collections.abc import Mapping

from search.errors import LedgerError
from search.runtime import outside_password as outside

PASSWORD = "KLAYER_STORAGE_PASSWORD"  # noqa: S105 (the name of a variable)
PASSWORD_FILE = f"{PASSWORD}_FILE"


def outside_password(environment: Mapping[str, str]) -> str | None:
    """The password that the environment holds, or names the file of; None where it does neither.

    A variable that is set to nothing counts as one that is not set.

    Raises:
        LedgerError: Both variables are set, or the file cannot be read or holds nothing.
    """
    return outside.outside_password(environment, PASSWORD, LedgerError)
