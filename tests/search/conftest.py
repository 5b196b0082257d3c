"""The command `klayer` as a shell finds it, a finished run of a tiny search, an empty database."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from search.cli import main
from search.ledger.ledger import Ledger

ROOT = Path(__file__).parents[2]

TINY = """\
[data]
source = "digits"

[network]
widths = [8]

[training]
schedule = {kind = "constant", epochs = 20}

[[stages]]
name = "coarse"
trials = 4
box = {learning_rate = {low = 1e-2, high = 1.0}}

[[stages]]
name = "fine"
trials = 2
zoom = {rule = "decades", decades = 0.5}

[final]
finalists = 2
"""

Klayer = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class TinyRun:
    """A folder with tiny.toml and the klayer.db of its finished search, and what the run wrote.

    The run was asked for JSON, so its plain lines are on stderr.
    """

    folder: Path
    stdout: str
    stderr: str


@pytest.fixture(scope="session")
def klayer_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A script as an installer writes it for the entry point of pyproject.toml."""
    script = tmp_path_factory.mktemp("bin") / "klayer"
    script.write_text(
        f"#!{sys.executable}\n"
        "from search.cli import main\n\n"
        'if __name__ == "__main__":\n    main()\n'
    )
    script.chmod(0o755)
    return script


@pytest.fixture(scope="session")
def shell_environment() -> dict[str, str]:
    """A shell's environment, without klayer's settings; lines are wide enough not to break."""
    own = ("KLAYER_", "PYTHONSAFEPATH")  # what runs klayer within this process has set the other
    kept = {key: text for key, text in os.environ.items() if not key.startswith(own)}
    return kept | {"PYTHONPATH": str(ROOT), "COLUMNS": "200", "TERM": "xterm"}


@pytest.fixture(scope="session")
def klayer(klayer_path: Path, shell_environment: dict[str, str]) -> Klayer:
    """Runs `klayer` (or what stands for it) in a folder; further words are the environment's."""

    def ran(
        *arguments: str, cwd: Path, program: Path = klayer_path, **env: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *arguments],
            cwd=cwd,
            env=shell_environment | env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return ran


@pytest.fixture(scope="session")
def tiny_run(klayer: Klayer, tmp_path_factory: pytest.TempPathFactory) -> TinyRun:
    """The tiny search, run with one worker. Tests read its database, and change it in no way."""
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "tiny.toml").write_text(TINY)
    done = klayer("run", "tiny.toml", "--workers", "1", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return TinyRun(folder, done.stdout, done.stderr)


@pytest.fixture
def klayer_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs `klayer` inside this process, in the test's folder: its exit status and both outputs.

    For commands that start no workers; a process of its own for each would take a second.
    """
    for name in [name for name in os.environ if name.startswith("KLAYER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("PYTHONSAFEPATH", "1")  # the command sets it; it is undone with the test

    def ran(*arguments: str, cwd: Path = tmp_path) -> tuple[int, str, str]:
        monkeypatch.chdir(cwd)
        monkeypatch.setattr(sys, "argv", ["klayer", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    return ran


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the ledger's tables and nothing in them.

    To be copied: to make one takes longer than most tests.
    """
    path = tmp_path_factory.mktemp("empty") / "ledger.db"
    Ledger(f"sqlite:///{path}", create=True).database.close()
    return path


@pytest.fixture
def storage(empty_database: Path, tmp_path: Path) -> str:
    """The URL of an empty database of the test's own."""
    shutil.copy(empty_database, tmp_path / "ledger.db")
    return f"sqlite:///{tmp_path}/ledger.db"


@pytest.fixture
def ledger(storage: str) -> Iterator[Ledger]:
    """That database, opened as those open it who look: without patience."""
    with Ledger(storage) as opened:
        yield opened
