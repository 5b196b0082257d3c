"""The file that an option such as `--output` names: what is wrong with it is one message."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search.errors import KlayerError


def replace(output: Path, text: str) -> None:
    """Write a file that is the old one or the new one, whole, whatever happens meanwhile.

    Raises:
        KlayerError: It cannot be written.
    """
    unfinished = output.with_name(f".{output.name}.part")
    with writing(output):
        try:
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(output)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise


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
