"""Texts are packed for those who take them so, and files once."""

import gzip
from typing import Any

import pytest
from flask import Flask, Response
from werkzeug.test import Client

from search.views.dashboard import compressed
from search.views.dashboard.compressed import Compressed

TEXT = "klayer " * 1000


@pytest.fixture
def client() -> Client:
    pages = Flask(__name__)

    @pages.get("/file.js")
    def file() -> Response:
        answer = Response(TEXT, mimetype="application/javascript")
        answer.headers["Cache-Control"] = "public, max-age=31536000"
        return answer

    @pages.get("/answer")
    def answer() -> Response:
        return Response(TEXT, mimetype="application/json")

    @pages.get("/small")
    def small() -> str:
        return "small"

    @pages.get("/image")
    def image() -> Response:
        return Response(b"\x89PNG" * 1000, mimetype="image/png")

    return Client(Compressed(pages))


@pytest.mark.parametrize("path", ["/file.js", "/answer"])
def test_a_text_is_packed_for_who_takes_it_so(client: Client, path: str) -> None:
    packed = client.get(path, headers={"Accept-Encoding": "br, gzip;q=0.8"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert len(packed.data) == int(packed.headers["Content-Length"]) < len(TEXT) / 10
    assert gzip.decompress(packed.data).decode() == TEXT
    for refusing in ({}, {"Accept-Encoding": "gzip;q=0, br"}):
        assert client.get(path, headers=refusing).text == TEXT


@pytest.mark.parametrize("path", ["/small", "/image", "/none"])
def test_what_gains_nothing_stays_as_it_is(client: Client, path: str) -> None:
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers


def test_a_file_is_packed_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: Any = {"Accept-Encoding": "gzip"}
    before = client.get("/file.js", headers=taken).data
    monkeypatch.setattr(compressed.gzip, "compress", None)
    assert client.get("/file.js", headers=taken).data == before
