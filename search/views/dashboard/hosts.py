"""Under which names the server may be addressed.

A page on the internet can let its own name point to this machine, and its scripts may then read
whatever answers under that name (DNS rebinding). So the server answers only to names that are its
own. Ports are not compared: what is forwarded, by SSH or by Docker, has another one outside.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from search.errors import KlayerError

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Hosts:
    """What the header `Host` may say.

    Attributes:
        names: Names and addresses, in lower case, without ports and brackets.
        any_address: Whether it may also be any address that is written as a number: nobody else's
            page has that one.
    """

    names: frozenset[str]
    any_address: bool = False

    def admit(self, header: str) -> bool:
        """Whether a request that names this host is meant for this server."""
        found = _HOST.fullmatch(header)
        if found is None:
            return False
        name = found[1].strip("[]").rstrip(".").lower()
        return name in self.names or (self.any_address and _address(name) is not None)


def hosts(asked: str, bound: str, allowed: Iterable[str] = ()) -> Hosts:
    """The names of a server.

    Args:
        asked: The host as it was given, a name or an address.
        bound: The address that the server's socket has.
        allowed: Other names, such as that of a proxy before it.

    Raises:
        KlayerError: One of those is no name.
    """
    names = {asked.lower(), bound.lower()}
    for name in allowed:
        if not _NAME.fullmatch(name) and _address(name.strip("[]")) is None:
            raise KlayerError(
                f"--allowed-host: found {name!r}; give a name as it stands in the browser's "
                "address, without scheme and port, such as klayer.example"
            )
        names.add(name.strip("[]").rstrip(".").lower())
    everywhere = ipaddress.ip_address(bound).is_unspecified
    if everywhere or is_loopback(bound):
        names.update(_LOOPBACK)
    return Hosts(frozenset(names), any_address=everywhere)


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches that address."""
    found = _address(address)
    return found is not None and found.is_loopback


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
