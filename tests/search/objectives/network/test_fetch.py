"""Fetching from a real server: whole or absent, whatever the server, the archive or the disk do."""

import gc
import hashlib
import http.server
import io
import os
import resource
import socket
import stat
import tarfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from search.errors import DataError
from search.objectives.network import fetch as module
from search.objectives.network.fetch import CIFAR10, Archive, fetch

# pooch leaves it to the garbage collector to close a connection that broke.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

CONTENT = os.urandom(300_000)
MEMBERS = {"images/one.bin": len(CONTENT), "images/names.txt": None}


class Server(http.server.ThreadingHTTPServer):
    """Serves `body` with `status`; `cuts` answers are broken off in the middle; counts requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body, self.status, self.cuts, self.requests = b"", 200, 0, 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/archive.tar.gz"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers each request as its server says."""

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        server.requests += 1
        self.send_response(server.status)
        self.send_header("Content-Length", str(len(server.body)))
        self.end_headers()
        if server.cuts > 0:
            server.cuts -= 1
            self.wfile.write(server.body[: len(server.body) // 2])
        else:
            self.wfile.write(server.body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(autouse=True)
def _alone_and_hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(module, "RETRIES", 0)
    yield
    gc.collect()  # so that no later test sees the warning


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def entry(name: str, content: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, content


WHOLE = [
    entry("images/", type=tarfile.DIRTYPE),
    entry("images/one.bin", CONTENT),
    entry("images/names.txt", b"a\nb\n"),
    entry("images/readme.html", b"not asked for"),
]


def packed(entries: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for info, content in entries:
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def offered(server: Server, body: bytes) -> Archive:
    server.body = body
    return Archive(server.url, hashlib.md5(body).hexdigest(), MEMBERS)


def refused(archive: Archive, folder: Path, expected: str) -> None:
    """The fetch fails with that message and leaves the folder as it was."""
    before = sorted(folder.rglob("*"))
    with pytest.raises(DataError, match=expected) as caught:
        fetch(archive, folder)
    assert "\n" not in str(caught.value)
    assert sorted(folder.rglob("*")) == before


def test_cifar10_is_the_six_batches_and_their_names() -> None:
    assert CIFAR10.folder == "cifar-10-batches-bin"
    assert {name.partition("/")[0] for name in CIFAR10.members} == {CIFAR10.folder}
    assert sorted(size or 0 for size in CIFAR10.members.values()) == [0, *[10_000 * 3073] * 6]


def test_fetches_just_the_members(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "cache"
    target = fetch(offered(server, packed(WHOLE)), folder)
    assert target == folder / "images"
    assert sorted(path.name for path in target.iterdir()) == ["names.txt", "one.bin"]
    assert (target / "one.bin").read_bytes() == CONTENT
    assert list(folder.iterdir()) == [target]
    assert stat.S_IMODE(target.stat().st_mode) & 0o077 == 0o055, "others may read it, as usual"


def test_what_is_there_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    archive = offered(server, packed(WHOLE))
    assert fetch(archive, tmp_path) == fetch(archive, tmp_path)
    assert server.requests == 1


@pytest.mark.parametrize(("status", "cuts"), [(200, 1), (503, 0)])
def test_a_break_is_tried_again_within_the_call(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, cuts: int
) -> None:
    monkeypatch.setattr(module, "RETRIES", 1)
    archive = offered(server, packed(WHOLE))
    server.status, server.cuts = status, cuts
    if status == 200:
        fetch(archive, tmp_path)
    else:
        refused(archive, tmp_path, "503 .*the same command tries again")
    assert server.requests == 2


def test_a_break_and_then_another_call(server: Server, tmp_path: Path) -> None:
    archive = offered(server, packed(WHOLE))
    server.cuts = 1
    refused(archive, tmp_path, r"\(Connection broken: IncompleteRead\([^()]*\)\); the same command")
    assert (fetch(archive, tmp_path) / "one.bin").read_bytes() == CONTENT


def test_no_server(tmp_path: Path) -> None:
    with socket.socket() as taken:  # bound and not listening, so nobody answers there
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/archive.tar.gz"
        refused(Archive(url, "0" * 32, MEMBERS), tmp_path, r"\(Failed to .*refused\); ")
    refused(Archive("no address", "0" * 32, MEMBERS), tmp_path, "no address: cannot be downloaded")


def test_another_checksum(server: Server, tmp_path: Path) -> None:
    archive = offered(server, packed(WHOLE))
    server.body = packed([*WHOLE, entry("more")])
    refused(archive, tmp_path, f"does not match the known hash: expected md5:{archive.md5}")


ONE, NAMES = WHOLE[1], WHOLE[2]
LINK = {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([ONE], "'images/names.txt' not found"),
        ([entry("../images/one.bin", CONTENT), NAMES], "'images/one.bin' not found"),
        ([entry("/images/one.bin", CONTENT), NAMES], "'images/one.bin' not found"),
        ([entry("images/one.bin", **LINK), NAMES], "cannot be unpacked"),
        ([entry("images/one.bin", type=tarfile.LNKTYPE, linkname="x"), NAMES], "unpacked"),
        ([entry("images/one.bin", type=tarfile.CHRTYPE, devmajor=1, devminor=5), NAMES], "lacks"),
        ([entry("images/one.bin", type=tarfile.DIRTYPE), NAMES], "lacks the file one.bin"),
        ([entry("images/one.bin", bytes(300_001)), NAMES], "holds .*one.bin of 300,001 bytes"),
        ([ONE, entry("images/names.txt", bytes(2_000_000))], "names.txt of 2,000,000 bytes, which"),
        ([entry("images/one.bin", CONTENT[:-1]), NAMES], "has 299,999 bytes instead of 300,000"),
    ],
)
def test_archives_with_another_content(
    server: Server, tmp_path: Path, entries: list[tuple[tarfile.TarInfo, bytes]], message: str
) -> None:
    folder = tmp_path / "deep" / "cache"
    folder.mkdir(parents=True)
    refused(offered(server, packed(entries)), folder, message)
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "deep", folder]


def test_members_that_lead_elsewhere_are_never_written(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "cache"
    strangers = [
        entry("../climbed", b"x"),
        entry(str(tmp_path / "absolute"), b"x"),
        entry("images/link", type=tarfile.SYMTYPE, linkname=str(tmp_path)),
        entry("images/link/through", b"x"),
    ]
    target = fetch(offered(server, packed([*strangers, *WHOLE])), folder)
    assert sorted(path.name for path in target.iterdir()) == ["names.txt", "one.bin"]
    assert list(tmp_path.iterdir()) == [tmp_path / "deep"]
    assert list(folder.iterdir()) == [target]


@pytest.mark.parametrize("kept", [0, 1, 100, 150_000])
def test_a_truncated_archive(server: Server, tmp_path: Path, kept: int) -> None:
    refused(offered(server, packed(WHOLE)[:kept]), tmp_path, "cannot be unpacked")


def test_a_file_that_is_no_archive(server: Server, tmp_path: Path) -> None:
    refused(offered(server, b"<html>please log in</html>"), tmp_path, "cannot be unpacked")


@pytest.mark.parametrize("content", [None, b"half"])
def test_what_stands_in_its_place_is_left_alone(
    server: Server, tmp_path: Path, content: bytes | None
) -> None:
    archive = offered(server, packed(WHOLE))
    target = tmp_path / "images"
    if content is None:
        target.write_text("mine")
    else:
        target.mkdir()
        (target / "one.bin").write_bytes(content)
    refused(archive, tmp_path, "one.bin.*remove it to have the files fetched")
    assert server.requests == 0


def test_a_place_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    refused(offered(server, packed(WHOLE)), tmp_path / "file", "cannot store .*File exists")


def test_a_full_disk(server: Server, tmp_path: Path) -> None:
    archive = offered(server, packed(WHOLE))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        refused(archive, tmp_path, "cannot store .*File too large")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_a_killed_process_left_is_removed(server: Server, tmp_path: Path) -> None:
    """Also where all is there since, as when the next call began at once after the kill."""
    archive = offered(server, packed(WHOLE))
    for _ in range(2):
        left = tmp_path / ".fetching-abc"
        left.mkdir()
        (left / "half").write_bytes(CONTENT)
        os.utime(left, (1, 1))
        target = fetch(archive, tmp_path)
        assert list(tmp_path.iterdir()) == [target]


def test_calls_at_once_share_one_folder(server: Server, tmp_path: Path) -> None:
    archive = offered(server, packed(WHOLE))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: fetch(archive, tmp_path), range(4)))
    assert found == [tmp_path / "images"] * 4
    assert list(tmp_path.iterdir()) == [tmp_path / "images"]


def test_progress_is_shown(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch(offered(server, packed(WHOLE)), tmp_path, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "100%" in err
