"""A way to a server that takes its time, as one over half the world does."""

import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def distant(host: str, port: int, seconds: float) -> Iterator[int]:
    """A port of this machine from which all goes to a server and back, `seconds` later each way."""
    listening = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):  # it is closed
            while True:
                client, _ = listening.accept()
                server = socket.create_connection((host, port))
                for one in (client, server):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                _carry(client, server, seconds)
                _carry(server, client, seconds)

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.close()


def _carry(source: socket.socket, to: socket.socket, seconds: float) -> None:
    """Pass on what comes from one socket to another, some time later, until it ends."""
    on_its_way: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()

    def take() -> None:
        content = b"?"
        while content:
            try:
                content = source.recv(1 << 16)
            except OSError:
                content = b""
            on_its_way.put((time.monotonic() + seconds, content))

    def give() -> None:
        content = b"?"
        while content:
            due, content = on_its_way.get()
            time.sleep(max(0.0, due - time.monotonic()))
            with suppress(OSError):
                to.sendall(content) if content else to.shutdown(socket.SHUT_WR)

    for direction in (take, give):
        threading.Thread(target=direction, daemon=True).start()
