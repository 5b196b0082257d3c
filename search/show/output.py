"""The file that an option such as `--output` names: what is wrong with it is one message."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search.errors import KlayerError


@contextmanager
def writing(output: Path, option: str = "--output") -> Iterator[None]:
    """Tell of a file that cannot be written by the option that names it.

    Args:
        output: The file, or the folder that files are written to.
        option: Which names it.

    Raises:
        KlayerError: It cannot.
    """
    try:
        yield
    except OSError as error:
        raise KlayerError(f"{option}: {output}: cannot be written: {error.strerror}") from error
