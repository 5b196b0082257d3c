"""What is said of data in a terminal."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from model.data.cache import Kept
from search.errors import DataError
from search.objective.data_card import DataCard
from search.objectives.network.data import most_bytes
from search.objectives.network.views.data_view import kept_json, show_card, show_kept

Here = Callable[..., tuple[int, str, str]]


def printed(show: Callable[..., None], *given: object) -> str:
    file = io.StringIO()
    show(*given, Console(file=file, width=120))
    return file.getvalue()


def test_the_card_of_a_study_is_shown_and_is_what_a_search_records(klayer_here: Here) -> None:
    status, out, _ = klayer_here("data", "show", "digits")
    assert status == 0
    assert "1,200 for training, 300 for validation" in out
    assert "64, as 1 x 8 x 8" in out
    status, out, _ = klayer_here("data", "show", "digits", "--json")
    card = DataCard.of(json.loads(out))
    assert (card.rows, card.held_out, len(card.classes)) == (1_200, 300, 10)


def test_what_is_not_known_is_left_out_and_many_classes_are_cut() -> None:
    assert printed(show_card, DataCard("mine", "f" * 64)).split("\n")[1].startswith("Fingerprint")
    names = ("[bold]x[/]", *(f"class {number}" for number in range(40)))
    text = printed(show_card, DataCard("mine", "f", 10, 5, 3, (), "classification", names))
    assert text.splitlines()[-1].strip() == "29 more"
    assert "[bold]x[/]" in text
    assert "class 11" not in text


def test_the_cache_is_listed_and_cleared(klayer_here: Here) -> None:
    klayer_here("data", "clear")
    assert klayer_here("data", "list")[1] == "Nothing is prepared.\n"
    klayer_here("data", "show", "digits")
    (one,) = json.loads(klayer_here("data", "list", "--json")[1])
    assert (one["name"], one["rows"], one["inputs"]) == ("digits", 1_500, 64)
    assert Path(one["folder"]).is_dir()
    assert klayer_here("data", "clear", "digits")[0] == 0
    assert not Path(one["folder"]).exists()
    status, _, errors = klayer_here("data", "clear", "digits")
    assert status == 2
    assert "digits: no data of this name are kept" in errors


def test_a_folder_without_a_name_says_so() -> None:
    kept = Kept(Path("/cache/x-0"), "", 0, 0, 5_000_000, 0.0)
    text = printed(show_kept, [kept])
    assert "(unreadable)" in text
    assert "5.0 MB in /cache" in text
    assert kept_json(kept)["folder"] == "/cache/x-0"


def test_the_cache_is_bounded_by_a_setting() -> None:
    assert most_bytes({}) == 20_000_000_000
    assert most_bytes({"KLAYER_CACHE_GIGABYTES": "0.5"}) == 500_000_000
    for text in ("", "x", "0", "-1", "nan", "inf"):
        with pytest.raises(DataError, match=r"KLAYER_CACHE_GIGABYTES: found .*; give gigabytes"):
            most_bytes({"KLAYER_CACHE_GIGABYTES": text})
