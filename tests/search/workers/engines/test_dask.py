"""A Dask cluster that runs already is used by its address; its workers are threads of processes."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from search.errors import DataError
from search.workers.engines import (
    ClusterLostError,
    EngineError,
    WorkerKilledError,
    dask,
    open_engine,
)
from tests.search.workers.engines.clusters import Cluster, dask_cluster, dask_process
from tests.search.workers.engines.intrusion import intruded, listening
from tests.search.workers.engines.jobs import (
    LONGEST_SECONDS,
    PASSWORD,
    Job,
    fail,
    fail_loudly,
    stay,
    tell,
    wait_for,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"  # sockets that Dask leaves open
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of two processes with one thread each, that asks nobody who connects."""
    with dask_cluster(tmp_path_factory.mktemp("dask")) as running:
        yield running


@pytest.fixture(scope="module")
def address(cluster: Cluster) -> str:
    """Where it is."""
    return cluster.address


@pytest.mark.long
def test_a_cluster_is_used_by_its_address_and_left_as_it_was(address: str, tmp_path: Path) -> None:
    jobs = [Job(tmp_path, name) for name in ("one", "two")]
    for _ in range(2):  # the first to close it has not ended it
        with closing(open_engine("dask", 2, address)) as engine:
            assert engine.parent is None
            futures = [engine.start(stay, one) for one in jobs]
            wait_for(*(one.note for one in jobs))
            assert len({one.note.read_text() for one in jobs}) == 2
            for one in jobs:
                one.go.touch()
            for future in futures:
                future.result(LONGEST_SECONDS)
            with pytest.raises(DataError, match=r"^bad: no images$"):
                engine.start(fail, Job(tmp_path, "bad")).result(LONGEST_SECONDS)


def test_the_log_of_a_cluster_shows_no_password(cluster: Cluster, tmp_path: Path) -> None:
    with closing(open_engine("dask", 1, cluster.address)) as engine:
        failed = engine.start(fail_loudly, Job(tmp_path, "unforeseen"))
        assert isinstance(failed.exception(LONGEST_SECONDS), ZeroDivisionError)
    time.sleep(0.5)
    assert "ZeroDivisionError" in cluster.log.read_text()
    assert PASSWORD not in cluster.log.read_text()


def test_jobs_on_a_cluster_are_abandoned_by_kill(address: str, tmp_path: Path) -> None:
    held, late = Job(tmp_path, "held"), Job(tmp_path, "late")
    with closing(open_engine("dask", 1, address)) as engine:
        future = engine.start(stay, held)
        wait_for(held.note)
        engine.kill()
        with pytest.raises(WorkerKilledError):
            future.result(5)
        with pytest.raises(WorkerKilledError):
            engine.start(tell, late).result(5)
    held.go.touch()
    assert not late.note.exists()


def test_a_cluster_that_is_too_small(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask, "CONNECT_SECONDS", 2)
    with pytest.raises(EngineError, match=r"^--workers: 3 are more than the 2 slots .*Dask") as at:
        open_engine("dask", 3, address)
    assert address in str(at.value)


def test_an_address_with_tls_needs_a_certificate() -> None:
    with pytest.raises(
        EngineError, match=r"^--address: tls://127.0.0.1:1 asks for a cert.*ca-file"
    ):
        open_engine("dask", 1, "tls://127.0.0.1:1")


def test_without_cryptography_no_cluster_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)  # a stand-in for what is not there
    with pytest.raises(EngineError, match=r"cryptography.*pip install 'klayer\[dask\]'$"):
        open_engine("dask", 1)


@pytest.mark.parametrize("nowhere", ["tcp://127.0.0.1:1", "127.0.0.1:1", "nonsense://x"])
def test_an_address_where_nobody_answers(nowhere: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert dask.CONNECT_SECONDS <= 10
    monkeypatch.setattr(dask, "CONNECT_SECONDS", 1)
    begun = time.monotonic()
    with pytest.raises(EngineError, match=rf"^--address: no Dask scheduler answers at {nowhere}"):
        open_engine("dask", 1, nowhere)
    assert time.monotonic() - begun < 5


def test_no_other_user_can_run_code_on_a_cluster_of_this_machine(address: str) -> None:
    port = int(address.rpartition(":")[2])
    assert os.getuid() in intruded("dask", [port])[port]  # one that asks nobody is met like this
    before = listening()
    with closing(open_engine("dask", 1)):
        ports = listening() - before
        answers = intruded("dask", ports)
    assert len(ports) >= 3  # scheduler, nanny, worker
    assert {type(one) for each in answers.values() for one in each} == {str}, answers


@pytest.mark.long
@pytest.mark.parametrize("restarted", [False, True])
def test_a_scheduler_that_is_gone_is_told_and_ends_all_waiting(
    restarted: bool, tmp_path: Path
) -> None:
    held, late = Job(tmp_path, "held"), Job(tmp_path, "late")
    with dask_cluster(tmp_path) as cluster, closing(open_engine("dask", 2, cluster.address)) as one:
        future = one.start(stay, held)
        wait_for(held.note)
        cluster.kill_head()
        port = cluster.address.rpartition(":")[2]
        with dask_process(tmp_path / "log.txt", f"scheduler --port {port if restarted else 0}"):
            with pytest.raises(ClusterLostError, match=rf"^the Dask cluster at {cluster.address} "):
                future.result(30)
            with pytest.raises(ClusterLostError):
                one.start(tell, late).result(30)
            begun = time.monotonic()
            one.kill()
            one.close()
            assert time.monotonic() - begun < 25
    assert not late.note.exists()
