"""What is written into links is read back, and nothing else is a page."""

from urllib.parse import quote

import pytest

from search.views.dashboard.pages import address
from search.views.dashboard.pages.address import Address

ODD = ("plain", "with space", "a/b", "a?b#c", "ü%2F", "<b>", "..", "a&b=c")


@pytest.mark.parametrize("name", ODD)
def test_a_link_leads_where_it_says(name: str) -> None:
    assert address.read(address.of_search(name), "") == Address("search", (name,))
    assert address.read(address.of_trial(name, "s/1", 7), None) == Address(
        "trial", (name,), "s/1", 7
    )
    query = f"?with={quote(name, safe='')},other,third"  # as the page's script writes it
    assert address.read("/klayer/compare", query) == Address("compare", (name, "other", "third"))


@pytest.mark.parametrize(
    "query",
    [None, "", "?with=", "?with=a", "?with=a,a,", "?a=x&b=y", f"?with={','.join('abcdefg')}"],
)
def test_two_to_six_different_searches_are_compared(query: str | None) -> None:
    assert address.read("/klayer/compare", query) == Address("compare")
    assert address.read("/klayer/compare", "?with=b,a,b") == Address("compare", ("b", "a"))


@pytest.mark.parametrize("path", ["", None, "/klayer", "/klayer/", 7, ["x"], {"a": "b"}])
def test_home(path: object) -> None:
    assert address.read(path, None) == Address("searches")


@pytest.mark.parametrize(
    "path",
    [
        "/elsewhere",
        "/klayer/search",
        "/klayer/search/a/b",
        "/klayer/trial/a/b",
        "/klayer/trial/a/b/x",
        "/klayer/trial/a/b/-1",
        "/klayer/trial/a/b/²",
    ],
)
def test_no_page(path: str) -> None:
    assert address.read(path, "") is None


def test_data_of_a_trial_say_which() -> None:
    assert address.of_trial_data("a/b", "coarse", 3, "trial-loss") == (
        "/klayer/data/a%2Fb/trial-loss.csv?stage=coarse&number=3"
    )
