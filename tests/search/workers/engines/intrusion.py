"""Another user of this machine, who tries to run code through an engine's ports."""

import json
import os
import subprocess
import sys
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil


def listening() -> set[int]:
    """The ports on which this process listens, and all that it has started."""
    ports = set()
    for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            found = process.net_connections("inet")
            ports |= {one.laddr.port for one in found if one.status == psutil.CONN_LISTEN}
    return ports


def intruded(engine: str, ports: Collection[int]) -> dict[int, list[Any]]:
    """What each port answers to `intruder.py`."""
    script = Path(__file__).with_name("intruder.py")
    done = subprocess.run(
        [sys.executable, "-P", str(script), engine, *map(str, ports)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
        cwd="/",
        env={"PATH": os.environ["PATH"]},
    )
    answers: dict[str, list[Any]] = json.loads(done.stdout)
    return {int(port): found for port, found in answers.items()}
