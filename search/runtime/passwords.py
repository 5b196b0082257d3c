"""Passwords in database URLs: found in any text, well-formed or not, and taken out of it.

What is shown, logged or raised may hold a URL as the user gave it. Where it cannot be said what is
password and what is not, too much is hidden rather than too little. A user's name, a host and the
path of a password file are not hidden.
"""

import re
from urllib.parse import unquote_plus

HIDDEN = "***"

_KEY = re.compile(r"([\w%+-]+)\s*=")
_SECRET_KEY = re.compile(
    r"(password|passwd|passphrase|pwd|secret|token|scram_(client|server)_key|\bpass)$",
    re.IGNORECASE,
)
_COLON = re.compile(":|%3a", re.IGNORECASE)
# What stands for a port but is no number: a URL that lacks its @ and what follows it.
_NO_PORT = re.compile(r"(://(?:\[[^\]]*\]|(?!\[[^\]]*\])[^:/?#\s]*)):(?!\d*(?:[/?#\s]|$))\S*")
_NO_SLASHES = re.compile(r"(postgres\w*(?:\+\w+)?:)(?!//).*", re.IGNORECASE | re.DOTALL)


def is_secret(key: str) -> bool:
    """Whether the value of a key, in a URL's query or a connection string, is to be hidden."""
    return _SECRET_KEY.search(key) is not None


def without_password(text: str) -> str:
    """The text with `***` in place of the password of a database URL that it holds.

    A password may hold any character, blanks too, so what stands between the first `:` of a URL's
    authority and the last `@` of the text counts to it, and so does all that follows a key such as
    `password=`. Give one argument, or one URL, at a time, or more than the password is hidden.
    """
    return _without_userinfo(_without_value(text))


def _without_value(text: str) -> str:
    for key in _KEY.finditer(text):
        if is_secret(unquote_plus(key[1])):
            return text[: key.end()] + HIDDEN
    return text


def _without_userinfo(text: str) -> str:
    userinfo, at, end = text.rpartition("@")
    start = userinfo.find("://")
    colon = _COLON.search(userinfo, start + 3 if start >= 0 else 0)
    if at and colon:
        text = f"{userinfo[: colon.start()]}:{HIDDEN}@{end}"
    text = _NO_PORT.sub(rf"\1:{HIDDEN}", text) if not at else text
    return _NO_SLASHES.sub(rf"\1{HIDDEN}", text)
