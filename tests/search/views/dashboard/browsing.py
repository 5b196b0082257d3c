"""Requests as a browser sends them, to a WSGI application without a socket."""

import json
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from werkzeug.test import Client, TestResponse

HOST = "127.0.0.1:8080"
OWN = f"http://{HOST}"


def echo(asked: Any, start: Any) -> Iterable[bytes]:
    """An application that answers everything, and says how it was asked."""
    start("200 OK", [("Content-Type", "text/plain")])
    return [f"{asked['REQUEST_METHOD']} {asked['PATH_INFO']}".encode()]


def ask(app: Any, path: str = "/", method: str = "GET", **headers: str | None) -> TestResponse:
    """One request; headers by their names with _ for -, None for one that is left out.

    Writes come from a page of the server, with JSON, unless said.
    """
    given: dict[str, str | None] = {"Host": HOST}
    if method not in ("GET", "HEAD", "OPTIONS"):
        given |= {"Origin": OWN, "Content-Type": "application/json", "Accept": "application/json"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {name: value for name, value in given.items() if value is not None}
    body = "{}" if "Content-Type" in sent else None
    client = Client(app, use_cookies=False)
    return client.open(path, method=method, headers=sent, data=body, buffered=True)


def basic(password: str, name: str = "anna") -> str:
    """A header `Authorization`."""
    return f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"


def reason(response: TestResponse) -> str:
    """Why a request was refused, as Optuna's dashboard reads it."""
    return str(json.loads(response.text)["reason"])
