"""A local Ray cluster admits nobody else: its token, its folder, its ports."""

import os
import stat
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from search.workers.engines import open_engine
from search.workers.engines.private_ray import private_cluster
from tests.search.workers.engines.intrusion import intruded, listening
from tests.search.workers.engines.jobs import LONGEST_SECONDS, Job, stay, wait_for


def test_each_cluster_has_a_token_and_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.delenv("RAY_AUTH_TOKEN")
    tokens, folders = [], []
    for _ in range(2):
        with private_cluster() as settings:
            assert os.environ["RAY_AUTH_MODE"] == "token"
            tokens.append(os.environ["RAY_AUTH_TOKEN"])
            folders.append(Path(settings["_temp_dir"]).parent)
            assert stat.S_IMODE(folders[-1].stat().st_mode) == 0o700
    assert [len(one) for one in {*tokens}] == [64, 64]
    assert not any(one.exists() for one in folders)
    assert os.environ["RAY_AUTH_MODE"] == "disabled"
    assert "RAY_AUTH_TOKEN" not in os.environ


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # open sockets
def test_no_other_user_can_run_code_on_a_cluster_of_this_machine(tmp_path: Path) -> None:
    before, known = listening(), {one.pid for one in psutil.Process().children(recursive=True)}
    job = Job(tmp_path, "job")
    with closing(open_engine("ray", 1)) as engine:
        future = engine.start(stay, job)
        wait_for(job.note)
        ports, token = listening() - before, os.environ["RAY_AUTH_TOKEN"]
        answers = intruded("ray", ports)
        processes = [p for p in psutil.Process().children(recursive=True) if p.pid not in known]
        shown = "".join(" ".join(one.cmdline()) for one in processes)
        folders = [*Path(os.environ["RAY_TMPDIR"]).glob("ray-*")]
        written = b"".join(one.read_bytes() for one in folders[0].rglob("*") if one.is_file())
        modes = [stat.S_IMODE(one.stat().st_mode) for one in folders]
        job.go.touch()
        future.result(LONGEST_SECONDS)
    flat = [one for each in answers.values() for one in each]
    assert flat.count("UNAUTHENTICATED") >= 4, answers  # head, node, driver, worker
    assert 401 in flat, answers  # what installs packages for tasks
    assert not {"OK", 200} & {*flat}, answers
    assert "gcs_server" in shown
    assert b"raylet" in written
    assert token not in shown
    assert token.encode() not in written
    assert modes == [0o700]
