"""Which names a server answers to, and which it does not."""

import pytest

from search.errors import KlayerError
from search.views.dashboard.hosts import hosts, is_loopback


@pytest.mark.parametrize(
    "header",
    ["127.0.0.1:8080", "localhost:8080", "LOCALHOST", "localhost.:9000", "[::1]:8080", "[::1]"],
)
def test_a_server_on_loopback_answers_to_the_names_of_loopback(header: str) -> None:
    assert hosts("127.0.0.1", "127.0.0.1").admit(header)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example:8080",
        "localhost@evil.example",
        "localhost, evil.example",
        "localhost:8080/evil",
        "localhost:port",
        "localhost ",
        "10.0.0.5:8080",
        "2130706433",
        "::1",
        "[::1",
        "localhost:8080\n",
    ],
)
def test_a_server_on_loopback_answers_to_no_other(header: str) -> None:
    assert not hosts("127.0.0.1", "127.0.0.1").admit(header)


def test_a_server_of_one_address_answers_to_it_and_to_the_name_it_was_given() -> None:
    own = hosts("GPU1.example", "10.0.0.5")
    assert own.admit("gpu1.example:8080")
    assert own.admit("10.0.0.5:8080")
    assert not own.admit("10.0.0.6:8080")
    assert not own.admit("localhost:8080")


def test_a_server_of_all_addresses_answers_to_any_address_but_to_no_name() -> None:
    own = hosts("0.0.0.0", "0.0.0.0")
    assert own.admit("10.0.0.5:8080")
    assert own.admit("[2001:db8::1]:8080")
    assert own.admit("localhost:8080")
    assert not own.admit("evil.example:8080")


def test_more_names_may_be_given() -> None:
    own = hosts("127.0.0.1", "127.0.0.1", ["Klayer.example", "10.0.0.7"])
    assert own.admit("klayer.example")
    assert own.admit("10.0.0.7:80")
    assert not own.admit("other.example")


@pytest.mark.parametrize("name", ["https://klayer.example", "klayer.example:80", "", "*", "a b"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(KlayerError, match=r"--allowed-host: found .* without scheme and port"):
        hosts("127.0.0.1", "127.0.0.1", [name])


@pytest.mark.parametrize(
    ("address", "only_here"),
    [("127.0.0.1", True), ("127.0.1.1", True), ("::1", True), ("0.0.0.0", False), ("::", False)],
)
def test_loopback_is_what_only_this_machine_reaches(address: str, only_here: bool) -> None:
    assert is_loopback(address) is only_here
