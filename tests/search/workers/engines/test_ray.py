"""A Ray cluster that runs already is used by its address; and Ray leaves this process as it was."""

import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from search.errors import DataError
from search.workers.engines import ClusterLostError, EngineError, WorkerKilledError, open_engine
from tests.search.workers.engines.clusters import Cluster, ray_cluster
from tests.search.workers.engines.jobs import LONGEST_SECONDS, Job, fail, stay, tell, wait_for

pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"  # sockets that Ray leaves open
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of two CPUs."""
    with ray_cluster(tmp_path_factory.mktemp("ray")) as running:
        yield running


@pytest.fixture(scope="module")
def address(cluster: Cluster) -> str:
    """Where it is."""
    return cluster.address


@pytest.mark.long
def test_a_cluster_is_used_by_its_address_and_left_as_it_was(address: str, tmp_path: Path) -> None:
    jobs = [Job(tmp_path, name) for name in ("one", "two")]
    with closing(open_engine("ray", 2, address)) as engine:
        assert engine.parent is None
        futures = [engine.start(stay, one) for one in jobs]
        wait_for(*(one.note for one in jobs))
        assert len({one.note.read_text() for one in jobs}) == 2
        for one in jobs:
            one.go.touch()
        for future in futures:
            future.result(LONGEST_SECONDS)

    held, late = Job(tmp_path, "held"), Job(tmp_path, "late")
    handler = signal.getsignal(signal.SIGTERM)
    with closing(open_engine("ray", 1, address)) as engine:  # `close` has not ended it
        with pytest.raises(DataError, match=r"^bad: no images$"):
            engine.start(fail, Job(tmp_path, "bad")).result(LONGEST_SECONDS)
        future = engine.start(stay, held)
        wait_for(held.note)
        engine.kill()
        with pytest.raises(WorkerKilledError):
            future.result(10)
        with pytest.raises(WorkerKilledError):
            engine.start(tell, late).result(10)
    held.go.touch()
    assert not late.note.exists()
    assert signal.getsignal(signal.SIGTERM) is handler


@pytest.mark.long
def test_a_cluster_is_used_by_the_address_of_its_client_server(
    cluster: Cluster, tmp_path: Path
) -> None:
    with closing(open_engine("ray", 1, cluster.client_address)) as engine:
        engine.start(tell, Job(tmp_path, "job")).result(LONGEST_SECONDS)
        with pytest.raises(DataError, match=r"^bad: no images$"):
            engine.start(fail, Job(tmp_path, "bad")).result(LONGEST_SECONDS)


@pytest.mark.long
def test_a_head_that_is_gone_is_told_and_ends_all_waiting(tmp_path: Path) -> None:
    held, late = Job(tmp_path, "held"), Job(tmp_path, "late")
    with ray_cluster(tmp_path) as cluster:
        with closing(open_engine("ray", 2, cluster.address)) as engine:
            future = engine.start(stay, held)
            wait_for(held.note)
            cluster.kill_head()
            with pytest.raises(
                ClusterLostError, match=rf"^the Ray cluster at {cluster.address} is"
            ):
                future.result(30)
            begun = time.monotonic()
            with pytest.raises(ClusterLostError):
                engine.start(tell, late).result(30)
            engine.kill()
        assert time.monotonic() - begun < 30


@pytest.mark.long
def test_a_cluster_that_is_too_small(address: str) -> None:
    with pytest.raises(EngineError, match=r"^--workers: 3 are more than the 2 slots .*Ray") as at:
        open_engine("ray", 3, address)
    assert address in str(at.value)


def test_an_address_where_nobody_answers() -> None:
    begun = time.monotonic()
    with pytest.raises(EngineError, match=r"^no Ray cluster answers at 127.0.0.1:1 .*looks like"):
        open_engine("ray", 1, "127.0.0.1:1")
    assert time.monotonic() - begun < 12


@pytest.mark.parametrize("wrong", ["host", "tcp://host:6379", "host:port", "http://[::1"])
def test_what_is_no_address(wrong: str) -> None:
    with pytest.raises(EngineError, match=r"is no address of a Ray cluster; .*host:6379"):
        open_engine("ray", 1, wrong)
