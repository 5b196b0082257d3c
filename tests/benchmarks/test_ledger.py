"""The ledger's benchmark at the smallest sizes: its tables are there, and its figures can be."""

import math
import re
from pathlib import Path

import pytest

from benchmarks.ledger import Sizes, main, measured, page
from benchmarks.ledger_pool import Cell, Pool, summed
from benchmarks.ledger_tables import CONTENDERS, PEER, STACK, Found
from benchmarks.report import check
from benchmarks.timing import NotMeasuredError

SIZES = Sizes(trials=(16,), workers=(1, 2), rounds=1, seconds=0.2, alone_seconds=0.2)
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def found() -> Found:
    return measured("SQLite", SIZES)


@pytest.mark.long
def test_every_cell_is_measured_and_klayer_fails_no_trial(found: Found) -> None:
    assert set(found.cells) == {(label, 16, n) for label in CONTENDERS for n in (1, 2)}
    assert {len(tallies) for tallies in found.cells.values()} == {1}
    for (label, *_), tallies in (*found.cells.items(), *found.recorded.items()):
        for tally in tallies:
            # Of the peer, SQLite fails some where others keep it waiting for five seconds.
            assert tally.failures == 0 or label == PEER
            assert 0 <= tally.rate < 100_000
            assert tally.claims == sorted(tally.claims)
            assert 0 < tally.claim(0.5) <= tally.claim(0.99) or not tally.claims
    assert any(tallies[0].rate > 0 for tallies in found.cells.values())


@pytest.mark.long
def test_what_every_worker_is_and_takes_is_known(found: Found) -> None:
    assert found.prepared[STACK, 16]["open"] > 0
    assert found.prepared[PEER, 16]["first look"] > 0
    for tally in found.alone.values():
        assert all(10 < megabytes < 1_000 for _, megabytes in tally.memory)


@pytest.mark.long
def test_a_page_shows_every_part(found: Found) -> None:
    text = page([found], SIZES, 3.0, [])
    headings = re.findall(r"^### (.*)$", text, re.MULTILINE)
    assert [one[:2] for one in headings] == ["1.", "2.", "3.", "4.", "5.", "Go"]
    for workers in (1, 2):
        assert len(re.findall(rf"^\| 16 \| {workers} \| ", text, re.MULTILINE)) == 2
    assert "SQLite, 8 workers: klayer, cohorts of 8, times Optuna's trials | ≥ 5.00" in text


def test_the_page_of_the_docs_has_a_place() -> None:
    check(ROOT / "docs" / "reliability.md", "bench-ledger")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "nothing"], "invalid choice: 'nothing'"),
        (["--rounds", "0"], "--rounds must be 1 or more, not 0"),
        (["--output", str(ROOT / "docs" / "performance.md")], "expected a page with one line"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert message in str(stopped.value) + capsys.readouterr().err


def test_trials_count_that_are_handed_in_before_the_time_is_over() -> None:
    def worker(began: float, *done: tuple[float, float, int]) -> dict[str, object]:
        return {"began": began, "done": done, "memory": [(0, 50.0)]}

    first = worker(10.0, (10.5, 0.2, 8), (11.5, 0.1, 8), (12.5, 0.3, 8))
    second = worker(10.5, (11.0, 0.4, 8), (12.0, 5.0, 0))
    tally = summed([first, second], 1.5)  # from 10.5, when the last began, to 12.0
    assert tally.rate == pytest.approx(3 * 8 / 1.5)
    assert tally.claims == [0.1, 0.2, 0.3, 0.4]
    assert tally.failures == 1


def test_the_time_ends_with_the_work() -> None:
    one = {"began": 1.0, "done": [(1.25, 0.1, 8), (1.5, 0.1, 8)], "memory": [(0, 50.0)]}
    assert summed([one], 10.0).rate == pytest.approx(16 / 0.5)


def test_without_any_claim_there_is_no_time_of_one() -> None:
    tally = summed([{"began": 1.0, "done": [], "memory": [(0, 50.0)]}], 1.0)
    assert tally.rate == 0
    assert math.isnan(tally.claim(0.5))


class _Broken:
    """A contender without a database."""

    def prepare(self) -> dict[str, float]:
        raise OSError("no room")


def test_why_a_contender_could_not_be_measured_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    with Pool(_Broken) as pool:  # type: ignore[arg-type]
        with pytest.raises(NotMeasuredError, match="OSError: no room"):
            pool.prepare()
        with pytest.raises(NotMeasuredError, match="AttributeError"):
            pool.measure(Cell(1, 0.1))
    assert "no room" in capfd.readouterr().err
