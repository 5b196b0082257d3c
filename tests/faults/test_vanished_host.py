"""A host vanishes amid a transaction, without a word to the server: others take over its work."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.bench import SHORT_LEASE_SECONDS, Bench, is_stopped
from tests.faults.far_host import HERE, THERE, FarHost, far_host, why_not
from tests.faults.outcome import Table
from tests.faults.points import COMMIT, work_among_silent, work_until
from tests.faults.runs import SHORTEST
from tests.faults.watch import lapse, wait_until
from tests.faults.workers import ended, fork, record
from tests.postgresql import Server

pytestmark = [
    pytest.mark.long,
    pytest.mark.parametrize("database", ["postgresql"], indirect=True),
]
LEFT = "SELECT count(*) FROM pg_stat_activity WHERE client_addr = %s"
LONGEST_SECONDS = 90  # the server's keepalives notice within 30


@pytest.fixture
def host() -> Iterator[FarHost]:
    if (reason := why_not()) is not None:
        pytest.skip(reason)
    with far_host() as made:
        yield made


@pytest.fixture
def server(host: FarHost) -> Iterator[Server]:
    """A server that the host can reach."""
    assert host is not None
    with Server(fsync=False, address=HERE) as started:
        yield started


@pytest.mark.parametrize("where", ["behind an epoch", "at its commit", "amid a claim"])
def test_a_host_that_vanishes_amid_a_transaction(
    host: FarHost,
    server: Server,
    storage: str,
    tmp_path: Path,
    undisturbed: Callable[..., Table],
    assert_whole: Callable[..., None],
    where: str,
) -> None:
    record(storage, SHORTEST)
    points = Bench(storage, tmp_path, server).points(work_until)
    stored = next(n for n, what in enumerate(points) if "INTO klayer_reports" in what)
    place = {
        "behind an epoch": stored + 1,
        "at its commit": points.index(COMMIT, stored),
        "amid a claim": next(n for n, what in enumerate(points) if "UPDATE klayer_trials" in what),
    }[where]
    said, there = str(tmp_path / "said"), storage.replace("127.0.0.1", HERE)
    given = (there, "freeze", [place], str(tmp_path / "points"), said)
    frozen = host.python(f"from tests.faults.points import work_until; work_until(*{given!r})")
    wait_until(lambda: is_stopped(frozen.pid), f"it to stand still {where}")
    assert server.execute(LEFT, [THERE])[0][0] >= 1
    host.vanish()
    lapse(storage)
    finishing = fork(work_among_silent, storage, SHORT_LEASE_SECONDS, said)
    assert ended(finishing) == 0, Path(said).read_text()
    wait_until(
        lambda: server.execute(LEFT, [THERE]) == [(0,)], "its sessions to end", LONGEST_SECONDS
    )
    assert_whole(storage, undisturbed(SHORTEST), f"a host vanishes {where}", 1)
