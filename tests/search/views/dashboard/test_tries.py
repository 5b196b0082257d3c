"""Wrong passwords are counted, and for how long."""

from search.views.dashboard.tries import MOST, MOST_OF_ALL, WINDOW_SECONDS, Tries


def test_an_address_that_was_wrong_too_often_waits_until_its_first_try_is_old() -> None:
    now = [100.0]
    tries = Tries(lambda: now[0])
    for _ in range(MOST):
        assert tries.wait_seconds("a") == 0
        tries.wrong("a")
        now[0] += 1
    assert tries.wait_seconds("a") == WINDOW_SECONDS - MOST + 1
    assert tries.wait_seconds("b") == 0
    now[0] = 100.0 + WINDOW_SECONDS
    assert tries.wait_seconds("a") == 0


def test_who_has_many_addresses_waits_as_well_and_memory_stays_small() -> None:
    tries = Tries(lambda: 5.0)
    for number in range(10 * MOST_OF_ALL):
        tries.wrong(f"address {number}")
    assert tries.wait_seconds("new") == WINDOW_SECONDS + 1
    assert len(tries._wrong) == MOST_OF_ALL
