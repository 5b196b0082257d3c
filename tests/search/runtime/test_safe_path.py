"""A safe path reaches every process that is started, and no program of a user's."""

import subprocess
import sys
from pathlib import Path

import pytest

from search.objectives.supervised import users_environment
from search.runtime.safe_path import VARIABLE, set_safe_path


@pytest.mark.parametrize("option", ["-m", "-c"])
def test_the_working_folder_is_not_on_the_path(option: str, tmp_path: Path) -> None:
    (tmp_path / "search.py").write_text("print('imported')")
    arguments = [option, "search" if option == "-m" else "import search"]
    said = []
    for safe in (False, True):
        environment = {"PATH": ""}
        if safe:
            set_safe_path(environment)
        command = [sys.executable, "-S", *arguments]  # without klayer itself
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        said.append((done.returncode, done.stdout))
    assert said == [(0, "imported\n"), (1, "")]


def test_users_programs_are_started_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    environment: dict[str, str] = {}
    set_safe_path(environment)
    monkeypatch.setenv(VARIABLE, environment[VARIABLE])
    assert VARIABLE not in users_environment({})
