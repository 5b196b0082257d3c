"""One server for one WSGI application: a socket, a few threads, and a gentle end."""

import errno
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from waitress.server import create_server

from search.errors import KlayerError
from search.runtime.signals import stop_requests
from search.views.dashboard.hosts import is_loopback
from search.views.dashboard.writes import MOST_BYTES

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS = 8
MOST_CONNECTIONS = 200
IDLE_SECONDS = 60
HEADER_BYTES = 1 << 16


class PortTakenError(KlayerError):
    """Somebody else listens there."""


class _AskedToStop(SystemExit):
    """Raised by a signal's handler, within the server's own loop, which then comes to its end."""


@dataclass(frozen=True)
class Place:
    """Where a server is, or is to be.

    Attributes:
        asked: The host as it was given.
        family: Of its address: `AF_INET` or `AF_INET6`.
        host: The address.
        port: 0 for any that is free.
    """

    asked: str
    family: int
    host: str
    port: int

    @property
    def only_here(self) -> bool:
        """Whether only this machine reaches it."""
        return is_loopback(self.host)

    @property
    def url(self) -> str:
        """What to type into a browser on this machine."""
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (it is looked for)
        host = everywhere.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"


def find(host: str, port: int) -> Place:
    """The place of a name or an address of this machine.

    Raises:
        KlayerError: It is none.
    """
    try:
        family, _, _, _, place = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError):
        raise KlayerError(
            f"--host: {host} is no name or address that is known here; give one of this machine, "
            "such as 127.0.0.1"
        ) from None
    return Place(host, family, str(place[0]), port)


@contextmanager
def listening(place: Place) -> Iterator[tuple[socket.socket, Place]]:
    """A socket that listens, and where: with the port that it has.

    Raises:
        KlayerError: The host is none of this machine, or the port is taken or not to be had.
    """
    host, port = place.asked, place.port
    try:
        made = socket.create_server((place.host, port), family=place.family)
    except PermissionError:
        raise KlayerError(
            f"--port: {port} is only for administrators; give one from 1024 on, or 0 for any"
        ) from None
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        cause = "it is taken already" if taken else error.strerror or str(error)
        raise (PortTakenError if taken else KlayerError)(
            f"--port: klayer cannot listen at {host}, port {port}: {cause}; give another port, or "
            "0 for any that is free"
        ) from None
    with made:
        yield made, replace(place, port=made.getsockname()[1])


def serve(
    app: "WSGIApplication", listener: socket.socket, on_ready: Callable[[], None] = lambda: None
) -> None:
    """Serve until a signal asks to stop: SIGTERM, Ctrl-C, a closed terminal.

    What is being answered then may take some seconds more; Ctrl-C again ends it at once. To be
    called from the main thread.

    Args:
        app: What to serve.
        listener: A socket that listens; it is closed at the end.
        on_ready: Called once requests are answered.

    Raises:
        KeyboardInterrupt: Ctrl-C came again.
    """
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a page asks for much at once
    server = create_server(
        app,
        sockets=[listener],
        threads=THREADS,
        ident="klayer",
        max_request_body_size=MOST_BYTES,
        max_request_header_size=HEADER_BYTES,
        connection_limit=MOST_CONNECTIONS,
        channel_timeout=IDLE_SECONDS,
        clear_untrusted_proxy_headers=True,
        asyncore_use_poll=True,
    )
    try:
        with stop_requests(_stop):
            try:
                on_ready()
                server.run()  # ends at the handler's exception, once its threads have
            except _AskedToStop:
                server.task_dispatcher.shutdown()
    finally:
        server.close()


def _stop(number: int, count: int) -> None:
    if count == 1:
        raise _AskedToStop
    if number == signal.SIGINT:
        raise KeyboardInterrupt
