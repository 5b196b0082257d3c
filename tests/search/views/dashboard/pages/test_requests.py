"""What the server of the pages says to requests that none of its pages makes."""

from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.large_search import filling
from search.ledger.ledger import Ledger
from search.views.dashboard.pages import pages_app
from search.views.dashboard.pages.requests import UPDATE


@pytest.fixture
def client(ledger: Ledger) -> Iterator[Any]:
    next(filling(ledger, 40, 5))
    with pages_app(ledger).app.test_client() as made:
        yield made


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"output": "none.data"}',
        b'{"output": ["page.children"]}',
        b'{"output": "page.children", "inputs": [1, 2, 3]}',
        b'{"output": "page.children", "inputs": {}}',
    ],
)
def test_a_question_of_no_page_is_refused_in_one_sentence(client: Any, body: bytes) -> None:
    answer = client.post(UPDATE, data=body, content_type="application/json")
    assert (answer.status_code, answer.text) == (400, "This is no question of a page.\n")


def test_a_question_of_a_page_is_answered(client: Any) -> None:
    given = (("url", "pathname", "/klayer/"), ("url", "search", ""), ("retry", "n_intervals", None))
    inputs = [{"id": key, "property": name, "value": value} for key, name, value in given]
    asked = {
        "output": "page.children",
        "outputs": {"id": "page", "property": "children"},
        "inputs": inputs,
        "changedPropIds": ["url.pathname"],
    }
    answer = client.post(UPDATE, json=asked)
    assert answer.status_code == 200
    assert "large" in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/search/large", 200),
        ("/trial/large/coarse/0", 200),
        ("/search/none", 404),
        ("/nowhere", 404),
        ("/compare?with=large,none", 404),
        ("/compare", 404),
    ],
)
def test_an_address_that_names_nothing_is_404(client: Any, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert '<html lang="en">' in answer.text
