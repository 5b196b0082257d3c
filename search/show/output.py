"""The file that `--output` names: what is wrong with it is one message."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search.errors import KlayerError


@contextmanager
def writing(output: Path) -> Iterator[None]:
    """Tell of a file that cannot be written by the option that names it.

    Raises:
        KlayerError: It cannot.
    """
    try:
        yield
    except OSError as error:
        raise KlayerError(f"--output: {output}: cannot be written: {error.strerror}") from error
