"""The server itself: where it listens, what it refuses before any page sees it, how it ends."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from search.errors import KlayerError
from search.views.dashboard import server
from search.views.dashboard.writes import MOST_BYTES

SERVE = """
import sys, time
from search.views.dashboard import server

def app(asked, start):
    if asked["PATH_INFO"] == "/slow":
        time.sleep(1)
    body = asked["wsgi.input"].read()
    start("200 OK", [("Content-Type", "text/plain")])
    return [f"{asked['REQUEST_METHOD']} {len(body)} {asked.get('HTTP_X_FORWARDED_HOST')}".encode()]

with server.listening(server.find("127.0.0.1", 0)) as (listener, place):
    server.serve(app, listener, lambda: print(place.url, flush=True))
print("ended", flush=True)
"""


class Served:
    """The server in a process of its own."""

    def __init__(self) -> None:
        root = Path(__file__).parents[4]
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE],
            env=os.environ | {"PYTHONPATH": str(root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        self.port = int(self.address.rpartition(":")[2].strip("/"))

    def says(self, request: bytes) -> bytes:
        """What comes back on a connection of its own, until the server ends it."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            parts: list[bytes] = []
            with suppress(ConnectionError):  # it listens no longer to what it has refused
                connection.sendall(request)
                parts.extend(iter(lambda: connection.recv(1 << 16), b""))
            return b"".join(parts)


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join([line, "Host: a", "Connection: close", *headers, "", ""]).encode() + body


@pytest.fixture
def served():  # type: ignore[no-untyped-def]
    one = Served()
    yield one
    one.process.kill()
    one.process.communicate()


def test_it_answers_and_believes_no_header_of_a_proxy(served: Served) -> None:
    answer = served.says(request("GET / HTTP/1.1", "X-Forwarded-Host: evil.example"))
    assert answer.endswith(b"GET 0 None")
    assert b"waitress" not in answer.lower()


def test_bodies_and_headers_that_are_too_large_are_refused(served: Served) -> None:
    right = request("POST / HTTP/1.1", "Content-Length: 5", body=b"12345")
    assert served.says(right).endswith(b"POST 5 None")
    large = request("POST / HTTP/1.1", f"Content-Length: {MOST_BYTES + 2}", body=b"12345")
    assert served.says(large).startswith(b"HTTP/1.1 413 ")
    block = b"%x\r\n" % 65536 + b"x" * 65536 + b"\r\n"
    chunked = request("POST / HTTP/1.1", "Transfer-Encoding: chunked", body=block * 20)
    answer = served.says(chunked)
    assert not answer or answer.startswith(b"HTTP/1.1 413 ")
    headers = request("GET / HTTP/1.1", "X: " + "x" * (server.HEADER_BYTES + 1))
    assert served.says(headers).startswith(b"HTTP/1.0 431 ")


@pytest.mark.parametrize(
    "bad",
    [
        b"\x00\xff\xfe\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\n\r\n12345",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n evil\r\n\r\n",
    ],
)
def test_what_is_no_request_does_no_harm(served: Served, bad: bytes) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        connection.sendall(bad)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(12)[:9] in (b"HTTP/1.0 ", b"HTTP/1.1 ", b"")
    assert served.says(request("GET / HTTP/1.1")).endswith(b"GET 0 None")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_gently(served: Served, number: int) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=20):
        served.process.send_signal(number)
        out, err = served.process.communicate(timeout=20)
    assert (served.process.returncode, out, err) == (0, "ended\n", "")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", served.port))


def test_a_port_that_is_taken_is_one_message() -> None:
    with server.listening(server.find("127.0.0.1", 0)) as (_, taken):
        told = rf"port {taken.port}: it is taken already; give another"
        with pytest.raises(server.PortTakenError, match=told), server.listening(taken):
            pass


@pytest.mark.parametrize("host", ["no-such-host.invalid", "999.1.1.1", "a" * 300, "é" * 70])
def test_a_host_that_is_none_is_one_message(host: str) -> None:
    with pytest.raises(KlayerError, match="is no name or address that is known here"):
        server.find(host, 0)


def test_an_address_of_another_machine_is_one_message() -> None:
    other = server.find("192.0.2.1", 0)
    told = r"cannot listen at 192\.0\.2\.1"
    with pytest.raises(KlayerError, match=told), server.listening(other):
        pass


@pytest.mark.parametrize(
    ("host", "url", "alone"),
    [
        ("127.0.0.1", "http://127.0.0.1:80/", True),
        ("127.0.1.1", "http://127.0.1.1:80/", True),
        ("::1", "http://[::1]:80/", True),
        ("[::1]", "http://[::1]:80/", True),
        ("0.0.0.0", "http://127.0.0.1:80/", False),
        ("::", "http://[::1]:80/", False),
        ("10.0.0.5", "http://10.0.0.5:80/", False),
    ],
)
def test_its_address_can_be_typed_into_a_browser(host: str, url: str, alone: bool) -> None:
    place = server.find(host, 80)
    assert (place.url, place.only_here) == (url, alone)


def test_localhost_is_this_machine_alone() -> None:
    assert server.find("localhost", 80).only_here
