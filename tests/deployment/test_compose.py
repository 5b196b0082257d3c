"""The compose file is valid, confined, on loopback, and runs what klayer has."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deployment.files import (
    COMPOSE,
    ROOT,
    check_klayer,
    compose,
    services,
    variables,
    words,
)

SERVICES = services()
of_each = pytest.mark.parametrize("name", SERVICES)
OF_KLAYER = [name for name, service in SERVICES.items() if service["image"] == "klayer"]


def checked(path: Path) -> subprocess.CompletedProcess[str]:
    """What the compose specification's schema says of a file; it comes with the checker."""
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
    return subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", path],
        env=nowhere,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_file_is_valid_by_the_compose_specification() -> None:
    told = checked(COMPOSE)
    assert told.returncode == 0, told.stdout


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("    healthcheck:", "    helthcheck:"),
        ("command: [worker]", "command: {run: worker}"),
        ("service_completed_successfully", "service_completed"),
        ("cap_drop: [ALL]", "cap_drop: ALL"),
        ("\nvolumes:", "\nvolume:"),
    ],
)
def test_a_fault_in_the_file_would_be_found(right: str, wrong: str, tmp_path: Path) -> None:
    text = COMPOSE.read_text("utf-8")
    assert right in text
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(text.replace(right, wrong, 1), "utf-8")
    assert checked(broken).returncode == 1


def test_what_services_name_is_declared() -> None:
    document = compose()
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        assert set(service["secrets"]) <= set(document["secrets"])
        for config in service.get("configs", ()):
            assert (ROOT / document["configs"][config["source"]]["file"]).is_file()
        for volume in service["volumes"]:
            if isinstance(volume, str) or volume["type"] == "volume":
                named = volume.split(":")[0] if isinstance(volume, str) else volume["source"]
                assert named in document["volumes"]


@of_each
def test_a_service_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(service)
    assert "docker.sock" not in str(service)
    assert "container_name" not in service  # it could not be scaled


@of_each
def test_a_service_says_whether_it_is_well_or_ends_by_itself(name: str) -> None:
    service = SERVICES[name]
    ends = service.get("restart") == "no" or "profiles" in service
    assert ends != ("healthcheck" in service)
    if not ends:
        assert service["restart"] == "unless-stopped"


def test_only_the_dashboard_has_a_port_and_only_on_loopback_unless_changed() -> None:
    def ports(**environment: str) -> dict[str, list[str]]:
        all_of_them = services(**environment)
        return {name: one["ports"] for name, one in all_of_them.items() if "ports" in one}

    assert ports() == {"dashboard": ["127.0.0.1:8080:8080"]}
    elsewhere = {"KLAYER_DASHBOARD_ADDRESS": "10.0.0.5", "KLAYER_DASHBOARD_PORT": "80"}
    assert ports(**elsewhere) == {"dashboard": ["10.0.0.5:80:8080"]}


def test_no_password_stands_in_the_file() -> None:
    text = COMPOSE.read_text("utf-8")
    assert not re.search(r"://[^/\s]*:[^/\s]*@", text)
    read = r'_FILE: /run/secrets/|_FILE:-\./secrets/|="\$\$\(cat /run/secrets/'
    assert not re.search(rf"PASSWORD(?!{read})(\w*:|=)", text)
    assert {tuple(one) for one in compose()["secrets"].values()} == {("file",)}


def test_git_and_the_image_do_not_see_the_password() -> None:
    assert "secrets/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in ignored
    assert not [line for line in ignored if line.startswith("!") and "secret" in line]


def test_the_database_is_pinned_and_ready_only_when_it_can_be_reached() -> None:
    service = SERVICES["db"]
    assert re.fullmatch(r"postgres:\d+\.\d+-\w+", service["image"])
    program, host, *others = service["healthcheck"]["test"][1:]
    assert program == "pg_isready"
    assert host == "--host=127.0.0.1"  # not by the socket of the server that sets up the volume
    user, database = (service["environment"][f"POSTGRES_{part}"] for part in ("USER", "DB"))
    assert others == [f"--username={user}", f"--dbname={database}"]


def test_tables_are_made_once_before_anything_works() -> None:
    assert SERVICES["create"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    others = set(OF_KLAYER) - {"create"}
    assert others == {"worker", "klayer", "dashboard"}
    for name in others:
        waits_for = SERVICES[name]["depends_on"]
        assert waits_for == {"create": {"condition": "service_completed_successfully"}}


def test_one_service_builds_the_image_and_none_pulls_it() -> None:
    assert [name for name in SERVICES if "build" in SERVICES[name]] == ["create"]
    assert {SERVICES[name]["pull_policy"] for name in OF_KLAYER} == {"never"}


@pytest.mark.parametrize("name", OF_KLAYER)
def test_klayer_has_the_commands_that_services_run(name: str) -> None:
    service = SERVICES[name]
    check_klayer(words(service))
    if service.get("healthcheck", {"test": [""]})["test"][0] == "CMD-SHELL":
        check_klayer(shlex.split(service["healthcheck"]["test"][1].partition("|")[0]))


@pytest.mark.parametrize("line", [["serve"], ["status", "--depth", "3"], ["export"]])
def test_a_command_that_klayer_does_not_have_would_be_found(line: list[str]) -> None:
    with pytest.raises(Exception, match=r"serve|--depth|name"):
        check_klayer(["klayer", *line])


def test_the_dashboard_asks_for_a_password_and_may_only_read() -> None:
    service = SERVICES["dashboard"]
    assert "--allow-edit" not in service["command"]
    environment = service["environment"]
    assert environment["KLAYER_DASHBOARD_PASSWORD_FILE"] == "/run/secrets/dashboard_password"
    assert "dashboard_password" in service["secrets"]
    assert environment["PGOPTIONS"] == "-c default_transaction_read_only=on"
    assert environment["KLAYER_STORAGE"] == "postgresql://dashboard@db/klayer"
    assert "postgres_password" not in service["secrets"]


@of_each
def test_a_service_has_limits_of_memory_and_logs(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"\dg", service["mem_limit"])
    assert {"max-size", "max-file"} <= set(service["logging"]["options"])


def test_images_are_looked_for_where_they_are_mounted_if_at_all() -> None:
    for given, inside in (("", ""), ("/srv/images", "/data")):
        worker = services(KLAYER_DATA=given)["worker"]
        assert worker["environment"]["KLAYER_DATA"] == inside
        (mount,) = (one for one in worker["volumes"] if one["target"] == "/data")
        assert mount["read_only"] is True
        assert (ROOT / mount["source"]).is_dir() or mount["source"] == given


def test_every_variable_has_a_default_but_the_one_that_may_be_absent() -> None:
    assert all(variables().values())
