"""Clusters of Dask's and Ray's own commands, which a test may use, and may kill."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.search.workers.engines.jobs import LONGEST_SECONDS, wait_for


@dataclass(frozen=True)
class Cluster:
    """A cluster that runs.

    Attributes:
        address: Of its head.
        client_address: Likewise, for Ray's client.
        head: The process that knows of all others.
        log: What its processes say.
    """

    address: str
    head: subprocess.Popen[bytes]
    log: Path
    client_address: str = ""

    def kill_head(self) -> None:
        """End the head, and all that it has started, at once."""
        family = [*psutil.Process(self.head.pid).children(recursive=True)]
        self.head.kill()
        self.head.wait()
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.kill()


@contextmanager
def dask_cluster(folder: Path) -> Iterator[Cluster]:
    """A scheduler, and two processes with one thread each."""
    found, log = folder / "scheduler.json", folder / "log.txt"
    with dask_process(log, f"scheduler --port 0 --scheduler-file {found}") as scheduler:
        worker = f"worker --nworkers 2 --nthreads 1 --scheduler-file {found}"
        with dask_process(log, worker):
            yield Cluster(_address_in(found), scheduler, log)


def _address_in(found: Path) -> str:
    """What a scheduler writes to its file, which is there a moment before its content is."""
    wait_for(found)
    until = time.monotonic() + LONGEST_SECONDS
    while True:
        with suppress(json.JSONDecodeError):
            return str(json.loads(found.read_text())["address"])
        if time.monotonic() > until:
            raise TimeoutError(f"{found} stays without an address")
        time.sleep(0.01)


@contextmanager
def dask_process(log: Path, command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of Dask's command."""
    words = [*command.split(), "--host", "127.0.0.1", "--no-dashboard"]
    with log.open("a") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words], cwd=log.parent, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        ended(process.pid)
        process.wait()


@contextmanager
def ray_cluster(folder: Path) -> Iterator[Cluster]:
    """A head with two CPUs."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("", 0)) as other:
        port, client_port = one.getsockname()[1], other.getsockname()[1]
    log = folder / "log.txt"
    command = (
        "start --head --block --node-ip-address 127.0.0.1 --num-cpus 2 "
        f"--port {port} --ray-client-server-port {client_port} --include-dashboard false "
        f"--object-store-memory 100000000 --temp-dir {os.environ['RAY_TMPDIR']}/{port}"
    )
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("ray")), *command.split()],
            stdout=output,
            stderr=output,
        )
    try:
        until = time.monotonic() + LONGEST_SECONDS
        while "Ray runtime started" not in log.read_text() or not _listens(client_port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        yield Cluster(f"127.0.0.1:{port}", process, log, f"ray://127.0.0.1:{client_port}")
    finally:
        ended(process.pid)  # never `ray stop`, which ends all that have such names
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def ended(*pids: int) -> None:
    """Ask processes to end, and kill what is left of them and of those that they have started."""
    there = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    families = [[one, *one.children(recursive=True)] for one in there]
    for parent, *_ in families:
        parent.terminate()
    _, alive = psutil.wait_procs([one for family in families for one in family], timeout=10)
    for one in alive:
        with suppress(psutil.NoSuchProcess):
            one.kill()
