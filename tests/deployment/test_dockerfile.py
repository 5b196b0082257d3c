"""The image is built from what it is given, in the tested versions, and runs as nobody's root."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from tests.deployment.files import ROOT, compose, instruction, instructions, settings

COMMANDS = [
    shlex.split(command)
    for name, rest in instructions()
    if name == "RUN"
    for command in rest.split("&&")
]
INSTALLS = [line[line.index("install") + 1 :] for line in COMMANDS if {"pip", "install"} <= {*line}]


def pinned() -> set[str]:
    """The names of what constraints.txt pins."""
    text = (ROOT / "constraints.txt").read_text("utf-8")
    return {_plain(line.partition("==")[0]) for line in text.split()}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def allowed() -> list[str]:
    """What .dockerignore lets into the build; everything else stays out."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert [line for line in lines if line[:1] not in "#!"] == ["*", "**/__pycache__"]
    return [line[1:] for line in lines if line[:1] == "!"]


def copied() -> list[str]:
    """What COPY takes from the build's context."""
    lines = [rest.split() for name, rest in instructions() if name == "COPY"]
    return [one for line in lines if not line[0].startswith("--") for one in line[:-1]]


def test_both_stages_have_one_base_of_one_version() -> None:
    bases = [rest.split()[0] for name, rest in instructions() if name == "FROM"]
    assert bases == ["python:${PYTHON}"] * 2
    name, _, version = instructions()[0][1].partition("=")
    assert name == "PYTHON"
    assert re.fullmatch(r"3\.\d+\.\d+-slim-\w+", version)


def test_everything_is_installed_in_the_version_of_the_constraints() -> None:
    assert len(INSTALLS) == 2
    for words in INSTALLS:
        assert words[words.index("--constraint") + 1] == "constraints.txt"
        asked = [word for word in words if not word.startswith("-") and word != "constraints.txt"]
        assert {_plain(word) for word in asked if "/" not in word} <= pinned()


def test_the_extras_exist_and_are_in_the_constraints() -> None:
    (default,) = (rest for name, rest in instructions() if rest.startswith("EXTRAS="))
    known = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for extra in default.removeprefix("EXTRAS=").split(","):
        needed = known["optional-dependencies"][extra]
        assert {_plain(Requirement(one).name) for one in needed} <= pinned()


def test_nothing_but_what_is_copied_gets_into_the_build() -> None:
    assert sorted(copied()) == sorted(allowed())


def test_what_is_copied_is_enough_for_the_wheel(tmp_path: Path) -> None:
    context, wheels = tmp_path / "context", tmp_path / "wheels"
    for name in allowed():
        source, target = ROOT / name, context / name
        context.mkdir(exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    (command,) = (line for line in COMMANDS if line[:2] == ["pip", "wheel"])
    as_here = [str(wheels) if word == "/wheels" else word for word in command]
    subprocess.run([sys.executable, "-m", *as_here], cwd=context, check=True, capture_output=True)
    (wheel,) = wheels.glob("klayer-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert {"model/training.py", "search/errors.py", "studies/digits.toml"} <= {
            *archive.namelist()
        }


def test_the_image_runs_as_a_user_that_is_not_root() -> None:
    user, group = instruction("USER").split(":")
    assert int(user) > 0 < int(group)  # a number, so that nothing has to look it up
    (added,) = (line for line in COMMANDS if line[0] == "useradd")
    assert [added[added.index(option) + 1] for option in ("--uid", "--gid")] == [user, group]


def test_the_entry_point_is_a_command_of_the_wheel() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    (program,) = yaml.safe_load(instruction("ENTRYPOINT"))
    assert program in scripts


def test_workers_keep_to_one_core_each() -> None:
    assert settings()["OPENBLAS_NUM_THREADS"] == "1"


@pytest.mark.parametrize("service", ["worker", "klayer", "create"])
def test_the_cache_volume_is_where_klayer_keeps_its_cache(service: str) -> None:
    folder = f"{settings()['XDG_CACHE_HOME']}/klayer"
    volumes = compose()["services"][service]["volumes"]
    assert folder in [volume["target"] for volume in volumes if volume["type"] == "volume"]
    (made,) = (line for line in COMMANDS if {"install", "--directory"} <= {*line})
    assert folder in made  # with its owner: a new volume takes that over
