"""What the system refuses is told with what may help; other errors are not taken for that."""

import errno
import re

import pytest

from search.runtime.refusals import refusal


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (OSError(errno.EMFILE, "x"), r"go on: Too many open files; .*`ulimit -n`"),
        (OSError(errno.EAGAIN, "x"), r"`ulimit -u`.* fewer --workers"),
        (RuntimeError("can't start new thread"), r"`ulimit -u`"),
        (MemoryError(), r"Cannot allocate memory; use fewer --workers"),
        (OSError(errno.ENOMEM, "x"), r"Cannot allocate memory"),
        (OSError(errno.ENOSPC, "x"), r"No space left on device; .*/dev/shm"),
        (OSError(errno.EROFS, "x", "k/x"), r"Read-only file system: k/x; .* the right to write"),
    ],
)
def test_what_is_refused_is_told(error: Exception, found: str) -> None:
    told = refusal(error)
    assert told is not None
    assert re.search(found, str(told))


def test_what_fails_in_handling_it_is_told_as_the_refusal() -> None:
    """As an unset variable in a library's clean-up."""
    wrong = UnboundLocalError("descriptor")
    wrong.__context__ = OSError(errno.EMFILE, "x")
    assert "Too many open files" in str(refusal(wrong))


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOENT, "x"), OSError("no number"), RuntimeError("x"), ValueError("x")],
)
def test_others_are_left_alone(error: Exception) -> None:
    assert refusal(error) is None
