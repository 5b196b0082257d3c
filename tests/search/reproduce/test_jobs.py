"""The searches of a study: one a seed, each with a name of its own."""

from search.reproduce.jobs import searches_of
from search.study.reading import load

STUDY = load("digits")


def test_one_seed_is_the_study_itself() -> None:
    assert searches_of(STUDY, [], 1, rehearsed=False) == (STUDY,)


def test_seeds_count_on_from_the_studys_own() -> None:
    found = searches_of(STUDY, [], 3, rehearsed=False)
    assert [one.name for one in found] == ["digits", "digits-seed-2", "digits-seed-3"]
    assert [one.seed for one in found] == [STUDY.seed, STUDY.seed + 1, STUDY.seed + 2]
    assert found[2].stages == STUDY.stages


def test_rehearsals_have_names_that_no_real_search_has() -> None:
    found = searches_of(STUDY, [], 2, rehearsed=True)
    assert [one.name for one in found] == ["digits-quick", "digits-quick-seed-2"]
