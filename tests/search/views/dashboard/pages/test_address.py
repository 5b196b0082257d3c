"""What is written into links is read back, and nothing else is a page."""

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
    path, _, query = address.of_pair(name, "other").partition("?")
    assert address.read(path, f"?{query}") == Address("compare", (name, "other"))


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
