"""The file that an option such as `--output` names: what is wrong with it is one message."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from search.errors import KlayerError
from search.runtime.whole_file import whole_file

_SQLITE = b"SQLite format 3\x00"  # how its files begin
_SQLITE_COMPANIONS = ("-wal", "-shm", "-journal")


def replace(
    output: Path, content: str | bytes, reads: Iterable[Path] = (), option: str = "--output"
) -> None:
    """Write a file that is the old one or the new one, whole, whatever happens meanwhile.

    Args:
        output: The file; `search.runtime.whole_file` says what becomes of links and devices.
        content: Its bytes, or its text, which is written as UTF-8.
        reads: As `check` has it.
        option: Which names it, or its folder.

    Raises:
        KlayerError: It cannot be written, or something else would be lost with it.
    """
    check(output, reads)
    with writing(output, option), whole_file(output) as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def check(output: Path, reads: Iterable[Path] = ()) -> None:
    """Refuse to write over what klayer reads: study files, SQLite databases, and what is given.

    Args:
        output: The file that is to be written.
        reads: Files, and folders with files, that are read for it or were read by its search.

    Raises:
        KlayerError: It is one of them.
    """
    with writing(output):
        if not output.exists():
            return
        if _is_sqlite(output):
            what = "a SQLite database"
        elif output.suffix == ".toml":
            what = "a study file"
        elif any(_is_in(output, one) for one in reads):
            what = "a file that is read"
        else:
            return
    raise KlayerError(f"--output: {output}: is {what}, which would be lost; give another name")


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


def _is_sqlite(output: Path) -> bool:
    """Whether it is a SQLite file, or one of those that SQLite keeps beside it."""
    file = output.resolve()
    beside = [file.name.removesuffix(end) for end in _SQLITE_COMPANIONS if file.name.endswith(end)]
    for one in (file, *(file.with_name(name) for name in beside if name)):
        with suppress(OSError):
            if one.is_file() and _beginning(one) == _SQLITE:
                return True
    return False


def _beginning(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(len(_SQLITE))


def _is_in(output: Path, read: Path) -> bool:
    """Whether a file is another one, under whatever name, or is in a folder."""
    if not read.exists():
        return False
    return output.samefile(read) or output.resolve().is_relative_to(read.resolve())
