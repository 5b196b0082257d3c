"""A recorded study is parsed once, as it was recorded, whoever asks and however often."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from search.errors import StudyFileError
from search.ledger.ledger import Ledger
from search.ledger.records import Search
from search.ledger.studies import Studies
from search.study.file import Study
from search.study.hashing import fingerprint
from search.study.reading import load
from search.study.recorded import recorded_form

STUDIES = [load("digits", [f"seed={seed}"]) for seed in range(4)]
FORMS = [recorded_form(study) for study in STUDIES]


def read(studies: Studies, place: int) -> Study:
    return studies.read(place, fingerprint(STUDIES[place].canonical()), FORMS[place])


def test_a_study_is_parsed_once_and_kept_as_it_was() -> None:
    studies = Studies()
    first = read(studies, 0)
    assert read(studies, 0) is first
    assert first == STUDIES[0]


def test_a_key_that_is_given_again_is_another_study() -> None:
    """SQLite gives the keys of deleted searches again."""
    studies = Studies()
    assert studies.read(1, "a", FORMS[0]).seed == 0
    assert studies.read(1, "b", FORMS[1]).seed == 1
    assert studies.read(1, "a", {}).seed == 0


def test_only_those_that_were_asked_for_last_are_kept() -> None:
    studies = Studies(most_kept=2)
    first, second = read(studies, 0), read(studies, 1)
    assert read(studies, 0) is first
    read(studies, 2)
    assert read(studies, 0) is first
    assert read(studies, 1) is not second


def test_many_threads_read_the_same() -> None:
    studies, begin = Studies(most_kept=2), Barrier(8)

    def asked(thread: int) -> list[int]:
        begin.wait()
        return [read(studies, (thread + place) % 4).seed for place in range(200)]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(asked, range(8)))
    assert found == [[(thread + place) % 4 for place in range(200)] for thread in range(8)]


def test_who_asks_again_gets_the_same_study_and_what_has_changed(
    ledger: Ledger, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ledger.read.search("digits")

    def refused(_: dict[str, Any]) -> Study:
        raise StudyFileError("a rule has become stricter")

    monkeypatch.setattr("search.ledger.studies.recorded_study", refused)
    ledger.stop(search)
    again = ledger.read.search("digits")
    assert again.study is first.study
    assert (first.stopped_at, again.stopped_at is None) == (None, False)
