"""A portrait is kept with its trial's result, in the same transaction, and comes back exactly."""

import io
from collections.abc import Callable

import numpy as np
import pytest

from search.errors import LedgerError
from search.ledger.claims import LostLeaseError
from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.ledger.portraits import from_bytes, to_bytes
from search.ledger.records import Claim, PlanningClaim, Search
from search.ledger.results import TrialOutcome
from search.objective.outcome import Portrait
from tests.search.ledger.conftest import Alter

OpenNext = Callable[..., PlanningClaim]
ClaimNext = Callable[..., Claim]
Outcomes = Callable[[Claim], list[TrialOutcome]]


def portrait(seed: int, *, images: bool = True) -> Portrait:
    draw = np.random.default_rng(seed)
    return Portrait(
        gradient_counts=draw.integers(0, 2**40, (3, 60)),
        gradient_edges=np.sort(draw.standard_normal((3, 61))),
        images=draw.standard_normal((2, 4, 5, 3)).astype(np.float32) if images else None,
        classes=("cat", "Föhn"),
    )


def assert_same(found: Portrait | None, expected: Portrait) -> None:
    assert found is not None
    for name in ("gradient_counts", "gradient_edges", "images"):
        one, other = getattr(found, name), getattr(expected, name)
        if other is None:
            assert one is None
        else:
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other, strict=True)
    assert found.classes == expected.classes


def kept(ledger: Ledger, search: Search) -> dict[int, Portrait]:
    found = {one.number: ledger.read.portrait(one) for one in ledger.read.trials(search)}
    return {number: one for number, one in found.items() if one is not None}


def test_portraits_come_back_exactly_and_only_of_those_that_were_drawn(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    open_next(1)
    claim = claim_next("a")
    drawn = {0: portrait(1), 4: portrait(2, images=False)}
    ledger.hand_in(claim, outcomes(claim), portraits=drawn)
    found = kept(ledger, search)
    assert sorted(found) == [0, 4]
    for number, one in drawn.items():
        assert_same(found[number], one)


def test_results_without_portraits_have_none(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    open_next(1)
    claim = claim_next("a")
    ledger.hand_in(claim, outcomes(claim))
    assert kept(ledger, search) == {}


def test_portraits_that_are_handed_in_again_change_nothing(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    open_next(1)
    claim = claim_next("a")
    ledger.hand_in(claim, outcomes(claim), portraits={0: portrait(1)})
    for again in ({0: portrait(1)}, {0: portrait(2), 1: portrait(3)}):
        with pytest.raises(LostLeaseError):
            ledger.hand_in(claim, outcomes(claim), portraits=again)
    found = kept(ledger, search)
    assert list(found) == [0]
    assert_same(found[0], portrait(1))


def test_portraits_of_a_lost_claim_are_refused(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    open_next(1)
    late = claim_next("late", -1.0)
    prompt = claim_next("prompt")
    with pytest.raises(LostLeaseError):
        ledger.hand_in(late, outcomes(late), portraits={0: portrait(1)})
    assert kept(ledger, search) == {}
    ledger.hand_in(prompt, outcomes(prompt), portraits={0: portrait(2)})
    assert_same(kept(ledger, search)[0], portrait(2))


def test_portraits_of_other_trials_are_refused_with_all_else(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    open_next(2)
    claim = claim_next("a")
    with pytest.raises(LedgerError, match="portraits of no others"):
        ledger.hand_in(claim, outcomes(claim), portraits={1: portrait(1)})
    states = {one.number: one.state for one in ledger.read.trials(search)}
    assert {states[number] for number in claim.numbers} == {"running"}
    ledger.hand_in(claim, outcomes(claim))


def test_portraits_and_results_are_taken_together_or_not_at_all(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    outcomes: Outcomes,
    alter: Alter,
) -> None:
    open_next(1)
    claim = claim_next("a")
    for table, column in (("klayer_portraits", "content"), ("klayer_stages", "finished_at")):
        alter(f"ALTER TABLE {table} RENAME COLUMN {column} TO elsewhere")
        try:
            with pytest.raises(DatabaseFaultError):
                ledger.hand_in(claim, outcomes(claim), portraits={0: portrait(1)})
            assert alter("SELECT state FROM klayer_trials GROUP BY state") == [("running",)]
            assert alter("SELECT count(*) FROM klayer_portraits") == [(0,)]
        finally:
            alter(f"ALTER TABLE {table} RENAME COLUMN elsewhere TO {column}")
    ledger.hand_in(claim, outcomes(claim), portraits={0: portrait(1)})
    assert_same(kept(ledger, search)[0], portrait(1))


def test_a_damaged_portrait_is_one_message(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    outcomes: Outcomes,
    alter: Alter,
) -> None:
    open_next(1)
    claim = claim_next("a")
    ledger.hand_in(claim, outcomes(claim), portraits={0: portrait(1), 1: portrait(2)})
    first, second = ledger.read.trials(search)[:2]
    alter("UPDATE klayer_portraits SET content = :b WHERE trial_id = :i", b=b"PK\3\4", i=first.id)
    with pytest.raises(LedgerError, match="a portrait of a trained network is damaged: "):
        ledger.read.portrait(first)
    assert_same(ledger.read.portrait(second), portrait(2))


def test_the_same_portrait_is_the_same_bytes() -> None:
    assert to_bytes(portrait(1)) == to_bytes(portrait(1))
    assert to_bytes(portrait(1)) != to_bytes(portrait(2))


def archive(**changed: object) -> bytes:
    """The bytes of a portrait with other arrays; None leaves one out."""
    with np.load(io.BytesIO(to_bytes(portrait(1))), allow_pickle=False) as good:
        arrays = {name: good[name] for name in good.files} | changed
    file = io.BytesIO()
    np.savez(file, **{name: one for name, one in arrays.items() if one is not None})  # type: ignore[arg-type]
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nothing of the kind",
        to_bytes(portrait(1))[:-40],
        bytes(byte ^ (place == 700) for place, byte in enumerate(to_bytes(portrait(1)))),
        archive(gradient_counts=None),
        archive(classes=None),
        archive(gradient_counts=np.zeros(60, int)),
        archive(gradient_edges=np.zeros((3, 60))),
        archive(classes=np.array(["one"])),
        archive(gradient_counts=np.array([[object()] * 60] * 3)),
    ],
    ids=[
        "empty",
        "text",
        "cut",
        "one byte",
        "no counts",
        "no classes",
        "one dimension",
        "edges",
        "names",
        "pickle",
    ],
)
def test_what_is_no_portrait_is_refused_and_no_pickle_is_opened(content: bytes) -> None:
    with pytest.raises(LedgerError, match="a portrait of a trained network is damaged: "):
        from_bytes(content)
    assert_same(from_bytes(archive()), portrait(1))
