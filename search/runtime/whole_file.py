"""Write a file whole: it is the old one or the new one, whatever happens meanwhile.

Links are followed to their end. A regular file is replaced by a draft beside it, under a name that
nobody can guess, and keeps its owner and mode. Written through, after the whole content is there:
pipes, devices, what the process's own output goes to, and files that no draft can replace, such as
one in a folder that may not be written to.
"""

import errno
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

OUTPUTS = (1, 2)  # descriptors of standard output and standard error


@contextmanager
def whole_file(output: Path) -> Iterator[IO[bytes]]:
    """A file to write to; its content takes the place of `output` unless the block raises.

    Raises:
        OSError: It cannot be written.
    """
    before = _status(output)
    target = _end(output)
    draft, file = None, None
    if before is None or _is_replaceable(target, before):
        draft, file = _draft(target, before)
    try:
        with file or tempfile.TemporaryFile() as content:
            yield content
            content.flush()
            if draft is None or not _replace(draft, content, target):
                content.seek(0)
                with _through(output) as written:
                    shutil.copyfileobj(content, written)
    finally:
        if draft is not None:
            draft.unlink(missing_ok=True)


def _end(output: Path) -> Path:
    """The path that links lead to, whose folder is there, and without links."""
    while output.is_symlink():  # not in a circle, which cannot be asked for its status
        output = output.parent / output.readlink()
    return Path(os.path.realpath(output.parent, strict=True)) / output.name


def _status(output: Path) -> os.stat_result | None:
    try:
        return output.stat()
    except FileNotFoundError:
        return None


def _is_replaceable(target: Path, there: os.stat_result) -> bool:
    """Whether a draft may take the place of what is there.

    Raises:
        OSError: It is a folder, or a file that may not be written to.
    """
    if stat.S_ISDIR(there.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(there.st_mode) or _own_output(there) is not None:
        return False
    at_target = _status(target)  # a deleted file, reached through /proc, is nowhere
    if at_target is None or not os.path.samestat(at_target, there):
        return False
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return True


def _own_output(there: os.stat_result) -> int | None:
    """The descriptor of this process's output that writes to it, if one does."""
    for descriptor in OUTPUTS:
        with suppress(OSError):  # it is closed
            if os.path.samestat(os.fstat(descriptor), there):
                return descriptor
    return None


def _draft(target: Path, before: os.stat_result | None) -> tuple[Path | None, IO[bytes] | None]:
    """A new file beside the target, with its owner and mode; none where that cannot be.

    Raises:
        OSError: There is no target yet, and none can be made.
    """
    draft = target.with_name(f".{secrets.token_hex(16)}.part")
    try:
        descriptor = os.open(
            draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666 if before is None else 0o600
        )
    except OSError as error:
        if before is None or error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        return None, None
    file = os.fdopen(descriptor, "w+b")
    if before is not None:
        try:
            os.fchown(descriptor, before.st_uid, before.st_gid)
        except PermissionError:
            file.close()
            draft.unlink()
            return None, None
        os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
    return draft, file


def _replace(draft: Path, content: IO[bytes], target: Path) -> bool:
    """Put the draft in the target's place; False where that is mounted, as in a container."""
    os.fsync(content.fileno())
    try:
        draft.replace(target)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        return False
    return True


def _through(output: Path) -> IO[bytes]:
    """The file as it is, opened for writing; what this process writes to is not cut first."""
    own = _own_output(output.stat())
    return output.open("wb") if own is None else os.fdopen(os.dup(own), "wb")
