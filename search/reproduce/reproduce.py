"""Runs the experiments one after another, and keeps their table as results come in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from search.errors import KlayerError
from search.ledger.faults import DatabaseFaultError, NoLedgerError
from search.ledger.ledger import PATIENCE_SECONDS, Ledger
from search.reproduce import page
from search.reproduce.album import INDEX, Chapter, write_album
from search.reproduce.experiments import Experiment, all_experiments, asked_for, order
from search.reproduce.gradients import CheckRow, quick_check, run_check
from search.reproduce.jobs import searches_of
from search.reproduce.pictures import curves_wanted
from search.reproduce.results import Results, results
from search.reproduce.table import Cells, checks_table, results_table
from search.runtime.formatting import plural
from search.runtime.lines import say, say_table
from search.study import reading
from search.views.reading.digest import Digest
from search.views.terminal.runner import complete_search
from search.workers.engines import Engine
from search.workers.pool import InterruptedRunError


@dataclass(frozen=True)
class Request:
    """What is to be reproduced, and how.

    Attributes:
        ids: Which experiments; none for all.
        seeds: How many of each study.
        rehearsed: Whether everything is made small.
        storage: The ledger's URL.
        data_folder: Where the data set's files lie; None for the cache.
        workers: How many processes.
        output: The page that the tables are written to; None for none.
        pictures: The folder that pictures are written to; None for none.
    """

    ids: tuple[str, ...]
    seeds: int
    rehearsed: bool
    storage: str
    data_folder: Path | None
    workers: int
    output: Path | None
    pictures: Path | None

    @property
    def command(self) -> str:
        """What was typed, as far as the figures depend on it."""
        return self._with(self.ids)

    @property
    def whole_command(self) -> str:
        """What fills a page, which has all experiments, whichever were asked for."""
        return self._with(())

    def _with(self, ids: Sequence[str]) -> str:
        words = [page.COMMAND, *ids, *(["--quick"] if self.rehearsed else [])]
        return " ".join([*words, *([f"--seeds {self.seeds}"] if self.seeds > 1 else [])])


def reproduce(request: Request, engine: Callable[[], Engine], console: Console) -> Results:
    """Run what is not finished yet, and show the tables.

    Args:
        request: What, and how.
        engine: Opens what runs the workers, for each search anew.
        console: Where progress and tables go.

    Raises:
        KlayerError: Something that was given is wrong; or a search came to no end, of which it is
            told when all others have.
        InterruptedRunError: It was asked to stop; the same command goes on.
    """
    known = all_experiments()
    asked = asked_for(request.ids, known)
    if request.output is not None:
        page.check(request.output, rehearsed=request.rehearsed)
    shown = known if request.output is not None else asked
    checks = _checks(shown, request)
    trained = [one for one in asked if one.published]
    lost: list[str] = []
    for place, experiment in enumerate(trained, start=1):
        ids = ", ".join(sorted({row.id for row in experiment.published}, key=order))
        say(console, f"{ids} ({place} of {len(trained)} studies)", style="bold")
        lost += _run(experiment, request, engine, console)
        _keep(request, known, checks)
    if not trained:
        _keep(request, known, checks)
    found = _read(request, asked)
    if request.pictures is not None:
        _draw(request.pictures, asked, found, request, console)
    names = {check.id for one in asked for check in one.checks}
    _show(found, [row for row in checks if row.check.id in names], request, console)
    if lost:
        raise KlayerError("\n".join(["without a figure:", *lost]))
    return found


def _run(
    one: Experiment, request: Request, engine: Callable[[], Engine], console: Console
) -> list[str]:
    """Run an experiment's searches; those that came to no end, each with why."""
    lost = []
    text = reading.text(one.study.name)
    for study in searches_of(one.study, one.listed, request.seeds, rehearsed=request.rehearsed):
        try:
            complete_search(
                study, text, request.storage, request.data_folder, request.workers, engine, console
            )
        except InterruptedRunError as error:
            raise InterruptedRunError(
                f"{error} What was finished before is not run again."
            ) from None
        except DatabaseFaultError:
            raise
        except KlayerError as error:
            if _failure(request, study.name) is None:  # nothing that others would not meet as well
                raise
            say(console, f"{study.name}: {error}", style="bold")
        failure = _failure(request, study.name)
        lost += [] if failure is None else [f"{study.name}: {failure}"]
    return lost


def _failure(request: Request, name: str) -> str | None:
    """Why a search ended without a final; None where it did not, or is not recorded."""
    try:
        with Ledger(request.storage, patience_seconds=PATIENCE_SECONDS) as ledger:
            return ledger.read.search(name).failure if name in ledger.read.names() else None
    except NoLedgerError:
        return None


def _checks(experiments: Sequence[Experiment], request: Request) -> tuple[CheckRow, ...]:
    """All gradient checks of the experiments, run: they take seconds, and are not recorded."""
    rows = []
    for one in experiments:
        whole = searches_of(one.study, one.listed, 1, rehearsed=request.rehearsed)[0]
        for check in one.checks:
            fitted = check
            if request.rehearsed:
                fitted = quick_check(check, whole.objective.facts.inputs)
            rows.append(run_check(fitted, whole, request.data_folder))
    return tuple(rows)


def _read(request: Request, experiments: Sequence[Experiment]) -> Results:
    try:
        ledger = Ledger(request.storage, patience_seconds=PATIENCE_SECONDS)
    except NoLedgerError:  # nothing has run yet
        return results(None, experiments, request.seeds, rehearsed=request.rehearsed)
    with ledger:
        return results(ledger, experiments, request.seeds, rehearsed=request.rehearsed)


def _keep(request: Request, known: Sequence[Experiment], checks: Sequence[CheckRow]) -> None:
    """Write the tables of all experiments to the page, as they stand."""
    if request.output is None:
        return
    found = _read(request, known)
    text = page.section(request.whole_command, found, checks, rehearsed=request.rehearsed)
    page.write(request.output, text)


def _show(found: Results, checks: Sequence[CheckRow], request: Request, console: Console) -> None:
    if not console.is_terminal:
        text = page.section(request.command, found, checks, rehearsed=request.rehearsed)
        console.print(text, soft_wrap=True, markup=False)
        return
    for line in page.facts(request.command, found):
        say(console, line)
    if request.rehearsed:
        say(console, page.REHEARSAL, style="bold")
    if found.rows:
        _print(results_table(found.rows), console)
        say(console, page.NOTES, style="dim")
    if checks:
        _print(checks_table(checks), console)
        say(console, page.CHECKED, style="dim")


def _print(cells: Cells, console: Console) -> None:
    table = Table(*cells.columns, box=None)
    for row in cells.rows:
        table.add_row(*map(Text, row))
    say_table(console, table)


def _draw(
    folder: Path, asked: Sequence[Experiment], found: Results, request: Request, console: Console
) -> None:
    """Write the pictures of every study that was asked for, with its first seed."""
    trained = [one for one in asked if one.published]
    if not trained:
        say(console, f"{folder}: nothing was trained that pictures could show")
        return
    chapters = []
    about = page.facts(request.command, found)
    if request.rehearsed:
        about.append(page.REHEARSAL)
    with Ledger(request.storage, patience_seconds=PATIENCE_SECONDS) as ledger:
        for one in trained:
            rows = results(ledger, [one], request.seeds, rehearsed=request.rehearsed).rows
            study = searches_of(one.study, one.listed, 1, rehearsed=request.rehearsed)[0]
            digest = Digest(ledger, study.name)
            data = digest.data(curves_wanted(digest.outline()))
            chapters.append(Chapter(data, rows))
    count = write_album(folder, chapters, about, lambda line: say(console, line))
    say(console, f"{folder / INDEX}: {plural(count, 'picture')}")
