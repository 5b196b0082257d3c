"""Fetching from a real server: whole or absent, whatever the server, the archive or the disk do."""

import hashlib
import http.server
import io
import os
import resource
import socket
import stat
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from search.errors import DataError
from search.objectives.network.archive import Archive
from search.objectives.network.download import Patience
from search.objectives.network.fetch import fetch

CONTENT = os.urandom(300_000)
MEMBERS = {"images/one.bin": len(CONTENT), "images/names.txt": None}
HASTY = Patience(attempts=3, longest_wait_seconds=0.01)


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
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


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
        fetch(archive, folder, None, patience=HASTY)
    assert "\n" not in str(caught.value)
    assert sorted(folder.rglob("*")) == before


def test_fetches_just_the_members(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "cache"
    target = fetch(offered(server, packed(WHOLE)), folder, None)
    assert target == folder / "images"
    assert sorted(path.name for path in target.iterdir()) == ["names.txt", "one.bin"]
    assert (target / "one.bin").read_bytes() == CONTENT
    assert list(folder.iterdir()) == [target]
    assert stat.S_IMODE(target.stat().st_mode) & 0o077 == 0o055, "others may read it, as usual"


def test_what_is_there_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    archive = offered(server, packed(WHOLE))
    assert fetch(archive, tmp_path, None) == fetch(archive, tmp_path, None)
    assert server.requests == 1


def test_a_break_is_tried_again_within_the_call(server: Server, tmp_path: Path) -> None:
    archive = offered(server, packed(WHOLE))
    server.cuts = 2
    fetch(archive, tmp_path, None, patience=HASTY)
    assert server.requests == 3


def test_breaks_without_end_and_then_another_call(server: Server, tmp_path: Path) -> None:
    archive = offered(server, packed(WHOLE))
    server.cuts = 3
    refused(archive, tmp_path, "cannot be downloaded .*the same command tries again")
    assert server.requests == 3
    assert (fetch(archive, tmp_path, None) / "one.bin").read_bytes() == CONTENT


@pytest.mark.parametrize(("status", "requests"), [(404, 1), (403, 1), (503, 3)])
def test_a_server_that_refuses(server: Server, tmp_path: Path, status: int, requests: int) -> None:
    archive = offered(server, packed(WHOLE))
    server.status = status
    refused(archive, tmp_path, f"the server answered {status}")
    assert server.requests == requests


def test_no_server(tmp_path: Path) -> None:
    with socket.socket() as taken:  # bound and not listening, so nobody answers there
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/archive.tar.gz"
        refused(Archive(url, "0" * 32, MEMBERS), tmp_path, "refused")
    refused(Archive("no address", "0" * 32, MEMBERS), tmp_path, "no address: cannot be downloaded")


def test_another_checksum(server: Server, tmp_path: Path) -> None:
    archive = offered(server, packed(WHOLE))
    server.body = packed([*WHOLE, entry("more")])
    refused(archive, tmp_path, f"has MD5 [0-9a-f]{{32}}; expected the published {archive.md5}")


ONE, NAMES = WHOLE[1], WHOLE[2]
LINK = {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([ONE], r"lacks images/names\.txt"),
        ([entry("../images/one.bin", CONTENT), NAMES], r"lacks images/one\.bin"),
        ([entry("/images/one.bin", CONTENT), NAMES], r"lacks images/one\.bin"),
        ([entry("images/../images/one.bin", CONTENT), NAMES], r"lacks images/one\.bin"),
        ([entry("images/one.bin", **LINK), NAMES], "is a link"),
        ([entry("images/one.bin", type=tarfile.LNKTYPE, linkname="x"), NAMES], "is a link"),
        ([entry("images/one.bin", type=tarfile.CHRTYPE, devmajor=1, devminor=5)], "or device"),
        ([entry("images/one.bin", type=tarfile.DIRTYPE)], "folder or device"),
        ([ONE, ONE, NAMES], "stands twice"),
        ([entry("images/one.bin", CONTENT[:-1]), NAMES], "has 299,999 bytes; expected 300,000"),
        ([ONE, entry("images/names.txt", bytes(1_000_001))], "expected 1,000,000 or fewer"),
        ([], "lacks images/one.bin"),
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
    target = fetch(offered(server, packed([*strangers, *WHOLE])), folder, None)
    assert sorted(path.name for path in target.iterdir()) == ["names.txt", "one.bin"]
    assert list(tmp_path.iterdir()) == [tmp_path / "deep"]
    assert list(folder.iterdir()) == [target]


@pytest.mark.parametrize("kept", [0, 1, 100, 150_000, 300_000])
def test_a_truncated_archive(server: Server, tmp_path: Path, kept: int) -> None:
    refused(offered(server, packed(WHOLE)[:kept]), tmp_path, "is truncated or no gzipped tar")


def test_a_file_that_is_no_archive(server: Server, tmp_path: Path) -> None:
    refused(offered(server, b"<html>please log in</html>"), tmp_path, "no gzipped tar archive")
    broken = bytearray(packed(WHOLE))
    broken[1000:2000] = bytes(1000)
    refused(offered(server, bytes(broken)), tmp_path, "no gzipped tar archive")


def test_an_incomplete_folder_is_made_whole(server: Server, tmp_path: Path) -> None:
    archive = offered(server, packed(WHOLE))
    target = fetch(archive, tmp_path, None)
    (target / "one.bin").write_bytes(CONTENT[:5])
    assert (fetch(archive, tmp_path, None) / "one.bin").read_bytes() == CONTENT
    (target / "one.bin").unlink()
    (target / "one.bin").mkdir()
    fetch(archive, tmp_path, None)
    assert (target / "one.bin").read_bytes() == CONTENT
    assert list(tmp_path.iterdir()) == [target]


def test_files_of_somebody_else_are_left_alone(server: Server, tmp_path: Path) -> None:
    archive = offered(server, packed(WHOLE))
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "mine.txt").write_text("mine")
    refused(archive, tmp_path, r"holds other files \(mine\.txt\)")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "images").write_text("mine")
    refused(archive, tmp_path / "two", "is not a folder")
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
    assert server.requests == 1


def test_what_a_killed_process_left_is_removed_once_old(server: Server, tmp_path: Path) -> None:
    old, running = tmp_path / ".fetching-old", tmp_path / ".fetching-running"
    old.mkdir()
    running.mkdir()
    (old / "images.tar.gz").write_bytes(b"half")
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(old, (two_days_ago, two_days_ago))
    target = fetch(offered(server, packed(WHOLE)), tmp_path, None)
    assert sorted(tmp_path.iterdir()) == [running, target]


def test_calls_at_once_share_one_folder(server: Server, tmp_path: Path) -> None:
    archive = offered(server, packed(WHOLE))
    found: list[Path] = []
    threads = [
        threading.Thread(target=lambda: found.append(fetch(archive, tmp_path, None)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [tmp_path / "images"] * 4
    assert list(tmp_path.iterdir()) == [tmp_path / "images"]


def test_progress_is_shown(server: Server, tmp_path: Path) -> None:
    archive = offered(server, packed(WHOLE))
    server.cuts = 1
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=100)
    fetch(archive, tmp_path, console, patience=HASTY)
    last = shown.getvalue()[-400:]
    size = f"{len(server.body) / 1000:.1f}"
    assert f"{size}/{size} kB" in last
    assert "images.tar.gz" in last
