"""A command's arguments with placeholders, such as "--lr={learning_rate}", and filled ones."""

from collections.abc import Iterator, Mapping, Sequence
from string import Formatter

from search.errors import StudyFileError


def placeholders(arguments: Sequence[str]) -> set[str]:
    """The names that stand in braces in any of the arguments.

    Raises:
        StudyFileError: If braces are not paired, or hold more than a name.
    """
    return {name for one in arguments for _, name in _parts(one) if name is not None}


def filled(arguments: Sequence[str], values: Mapping[str, object]) -> list[str]:
    """The arguments with values in place of their placeholders.

    An argument is left out where one of its names has no value, as a conditional hyperparameter
    has none in some trials.

    Args:
        arguments: They may hold placeholders; `{{` and `}}` stand for braces.
        values: Numbers are written so that reading them gives the same number, booleans as `true`
            and `false`, all else as `str` writes it.

    Raises:
        StudyFileError: If braces are not paired, or hold more than a name.
    """
    found = []
    for argument in arguments:
        parts = list(_parts(argument))
        if all(name is None or name in values for _, name in parts):
            texts = (text + ("" if name is None else _text(values[name])) for text, name in parts)
            found.append("".join(texts))
    return found


def _parts(argument: str) -> Iterator[tuple[str, str | None]]:
    """Pieces of text, each with the name of the placeholder that follows it, if one does."""
    try:
        parts = list(Formatter().parse(argument))
    except ValueError:
        raise _fault(argument) from None
    for text, name, layout, conversion in parts:
        if name == "" or layout or conversion:
            raise _fault(argument)
        yield text, name


def _fault(argument: str) -> StudyFileError:
    return StudyFileError(
        f'command: the argument "{argument}" has braces that do not hold a name: expected a '
        "placeholder such as {learning_rate}, or {{ and }} for braces themselves"
    )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return repr(float(value)) if isinstance(value, float) else str(value)
