"""Access to the dashboard: the password is given once; a cookie then stands for it.

The password comes by HTTP Basic, with any user's name, or in an address as `?token=`, which is
exchanged at once for the cookie, so that it stays in no address. The cookie is drawn anew whenever
a server starts; scripts cannot read it, and no other site's page can send it along. All is compared
as digests and in constant time, so that how long it takes says nothing.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode

from werkzeug.datastructures import Authorization
from werkzeug.sansio.http import parse_cookie

from search.errors import KlayerError
from search.runtime.outside_password import outside_password
from search.views.dashboard.answers import Answer
from search.views.dashboard.tries import Tries

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

PASSWORD = "KLAYER_DASHBOARD_PASSWORD"  # noqa: S105 (the name of a variable)
PASSWORD_FILE = f"{PASSWORD}_FILE"
FEWEST = 8  # characters

_CHALLENGE = ("WWW-Authenticate", 'Basic realm="klayer", charset="UTF-8"')


def needed_password(
    host: str, *, loopback: bool, environment: Mapping[str, str] = os.environ
) -> str | None:
    """The password that a server asks for; None where none is set and nobody else reaches it.

    Args:
        host: Where the server is to listen, as it was given.
        loopback: Whether only this machine reaches it there.
        environment: Where the password, or the name of its file, is.

    Raises:
        KlayerError: There is none, and others would reach the server; or it is too short, or
            cannot be read.
    """
    password = outside_password(environment, PASSWORD)
    if password is None and not loopback:
        raise KlayerError(
            f"--host: at {host} others reach the dashboard too, and so it needs a password: set "
            f"{PASSWORD}, or {PASSWORD_FILE} to a file that holds it; or leave the host at "
            "127.0.0.1"
        )
    if password is not None and len(password) < FEWEST:
        raise KlayerError(
            f"{PASSWORD}: the password has {len(password)} characters; give at least {FEWEST}, "
            "for example from `openssl rand -hex 12`"
        )
    return password


class Access:
    """Lets in whoever knows the password.

    Args:
        password: The password.
        port: Of the server: cookies of one host are sent to all its ports.
        tries: Counts wrong ones.
    """

    def __init__(self, password: str, port: int, tries: Tries) -> None:
        self._password, self._tries = _digest(password), tries
        self._cookie, session = f"klayer_{port}", secrets.token_urlsafe(32)
        self._session = _digest(session)
        self.new_cookie = (
            "Set-Cookie",
            f"{self._cookie}={session}; Path=/; HttpOnly; SameSite=Strict",
        )

    def knows(self, asked: "WSGIEnvironment") -> bool:
        """Whether a request brings the cookie."""
        values = parse_cookie(asked.get("HTTP_COOKIE")).getlist(self._cookie)
        return any(_same(value, self._session) for value in values)

    def refusal(self, asked: "WSGIEnvironment") -> Answer | None:
        """What to answer a request without the cookie; None where it brings the password."""
        query = parse_qsl(asked.get("QUERY_STRING", ""), keep_blank_values=True)
        tokens = [value for key, value in query if key == "token"]
        given = tokens[0] if tokens else _basic(asked.get("HTTP_AUTHORIZATION", ""))
        if given is None:
            return _unknown("This dashboard asks for its password; any user name will do.")
        address = asked.get("REMOTE_ADDR", "")
        wait = self._tries.wait_seconds(address)
        if wait:
            return Answer(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"Too many wrong passwords; try again in {wait} s.",
                (("Retry-After", str(wait)),),
            )
        if not _same(given, self._password):
            self._tries.wrong(address)
            return _unknown("That is not the password of this dashboard.")
        if not tokens:
            return None
        rest = urlencode([(key, value) for key, value in query if key != "token"])
        return Answer(
            HTTPStatus.SEE_OTHER,
            "Go on without the token.",
            (("Location", _own_path(asked) + (f"?{rest}" if rest else "")), self.new_cookie),
        )


def _unknown(reason: str) -> Answer:
    return Answer(HTTPStatus.UNAUTHORIZED, reason, (_CHALLENGE,))


def _basic(header: str) -> str | None:
    """The password of a header `Authorization`; None where it holds none."""
    found = Authorization.from_header(header)
    return found.password if found is not None and found.type == "basic" else None


def _own_path(asked: "WSGIEnvironment") -> str:
    """The path that was asked for; with two slashes before it, it would name another host."""
    path = asked.get("SCRIPT_NAME", "") + asked.get("PATH_INFO", "")
    return "/" + quote(path.lstrip("/").encode("latin-1"))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _same(given: str, digest: bytes) -> bool:
    return hmac.compare_digest(_digest(given), digest)
