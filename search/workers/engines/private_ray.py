"""A Ray cluster of this process alone: its token, and its folder.

Ray's services let in those who show its token. Unless told otherwise, Ray keeps that in a file of
the user's home that others may read, and makes folders into which all can write, with its sockets
and logs. Here the token is made anew, and stands in the environment of processes alone, which only
the same user can read; the folder is one that nobody else may enter.
"""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from search.workers.engines.engine import EngineError


@contextmanager
def private_cluster() -> Iterator[dict[str, Any]]:
    """Have a cluster that is started inside admit nobody else.

    Yields:
        What `ray.init` is told of it.
    """
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    before = {name: os.environ.get(name) for name in token}
    # The path of a socket may have 107 characters, of which a long TMPDIR leaves too few.
    folder = os.environ.get("RAY_TMPDIR", "/tmp")  # noqa: S108
    with tempfile.TemporaryDirectory(prefix="ray-", dir=folder, ignore_cleanup_errors=True) as ours:
        os.environ.update(token)
        try:
            yield {"_temp_dir": f"{ours}/r"}  # Ray opens this one to all, and not what it lies in
        finally:
            for name, value in before.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value


def read_token_again() -> None:
    """Let Ray look again at what the environment says of a token.

    Raises:
        EngineError: This version of Ray has no tokens.
    """
    raylet: Any = import_module("ray._raylet")
    if not hasattr(raylet, "AuthenticationTokenLoader"):
        raise EngineError(
            "--engine: this version of Ray admits everybody to a cluster; "
            "pip install --upgrade 'klayer[ray]'"
        )
    raylet.Config.initialize("")
    raylet.AuthenticationTokenLoader.instance().reset_cache()
