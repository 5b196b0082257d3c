"""The page on deployment shows commands that klayer has, and all of the compose file."""

import re
import shlex
from pathlib import Path

import pytest

from tests.deployment.files import check_klayer, services, variables

PAGE = (Path(__file__).parents[2] / "docs" / "deployment.md").read_text("utf-8")
SHELL = re.findall(r"^    (.+)$", PAGE, re.MULTILINE)
COMPOSED = re.compile(r"(?:\w+=\S+ )?docker compose run( --?\w[\w-]*)* (?=klayer )")
OF_KLAYER = [
    line for line in (COMPOSED.sub("", shown) for shown in SHELL) if line.startswith("klayer ")
] + [line.rpartition("/")[2] for line in re.findall(r"^ExecStart=(.+)$", PAGE, re.MULTILINE)]


def table(header: str) -> dict[str, str]:
    """The rows of the table with that header: the first cell, and what follows it."""
    (rows,) = re.findall(rf"^\| {header} \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    cells = (row.strip("|").split("|", 1) for row in rows.splitlines())
    return {first.strip(" `"): rest.strip() for first, rest in cells}


def test_the_commands_of_the_page_are_read() -> None:
    assert len(OF_KLAYER) >= 12
    assert not [line for line in OF_KLAYER if "docker" in line]


@pytest.mark.parametrize("line", sorted(set(OF_KLAYER)))
def test_a_command_that_is_shown_exists(line: str) -> None:
    words = shlex.split(line)
    check_klayer(words[: words.index(">")] if ">" in words else words)


def test_the_services_are_those_of_the_compose_file() -> None:
    assert set(table("service")) == set(services())


def test_the_variables_are_those_of_the_compose_file_with_their_defaults() -> None:
    defaults = {
        name: rest.partition("|")[0].strip(" `") for name, rest in table("variable").items()
    }
    assert defaults == variables()


def test_compose_commands_name_services_that_there_are() -> None:
    shown = [line for line in SHELL if "docker compose " in line]
    named = re.findall(
        r"(?:run|exec)(?: --?[\w-]+)* (\w+)|--scale (\w+)=|cp (\w+):", "\n".join(shown)
    )
    assert {name for found in named for name in found if name} == {"klayer", "db", "worker"}
