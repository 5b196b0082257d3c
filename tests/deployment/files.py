"""docker-compose.yml and the Dockerfile as Docker reads them, and which commands klayer knows."""

import re
import shlex
from pathlib import Path
from typing import Any

import typer
import yaml

from search.cli import app

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "Dockerfile"
_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+):([-+])([^}]*)\}|)")


def compose(**environment: str) -> dict[str, Any]:
    """The compose file, its variables replaced by those of an environment or by their defaults."""
    return _replaced(yaml.safe_load(COMPOSE.read_text("utf-8")), environment)


def services(**environment: str) -> dict[str, dict[str, Any]]:
    """The services of the compose file by their names."""
    return compose(**environment)["services"]


def variables() -> dict[str, str]:
    """Every variable of the compose file with its default, empty where it has none."""
    found = [match for match in _VARIABLE.finditer(COMPOSE.read_text("utf-8")) if match[2]]
    names = dict.fromkeys((match[2] for match in found), "")
    return names | {match[2]: match[4] for match in found if match[3] == "-"}


def _replaced(value: Any, environment: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(inner, environment) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, environment) for inner in value]
    return _filled_in(value, environment) if isinstance(value, str) else value


def _filled_in(text: str, environment: dict[str, str]) -> str:
    def replacement(match: re.Match[str]) -> str:
        dollar, name, how, word = match.groups()
        if dollar:
            return dollar
        if not name:
            raise ValueError(f"{text}: write $$, ${{NAME:-default}} or ${{NAME:+replacement}}")
        given = environment.get(name, "")
        return (word if given else "") if how == "+" else given or word

    return _VARIABLE.sub(replacement, text)


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in their order, each with all that follows it."""
    lines = [line for line in DOCKERFILE.read_text("utf-8").splitlines() if line[:1] != "#"]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    words = (line.split(maxsplit=1) for line in joined.splitlines() if line)
    return [(name, rest) for name, rest in words]


def instruction(name: str) -> str:
    """What the last instruction of a name says: the one that holds for the image."""
    return [rest for found, rest in instructions() if found == name][-1]


def settings() -> dict[str, str]:
    """The image's environment variables, but for PATH."""
    found = dict(word.split("=", 1) for word in shlex.split(instruction("ENV")))
    return {name: value for name, value in found.items() if name != "PATH"}


def words(service: dict[str, Any]) -> list[str]:
    """What a service of klayer's image runs, as the words of a command line."""
    entry = service.get("entrypoint") or yaml.safe_load(instruction("ENTRYPOINT"))
    return [*entry, *service["command"]]


def check_klayer(line: list[str]) -> None:
    """Raise unless klayer has this command, with these options and as many arguments.

    Raises:
        KeyError: There is no such command.
        typer.Exit: The command is there, and takes something else.
    """
    program, *rest = line
    if program != "klayer":
        raise KeyError(program)
    command: Any = typer.main.get_command(app)
    while getattr(command, "commands", None):
        name, *rest = rest
        command = command.commands[name]
    command.make_context("klayer", rest)
