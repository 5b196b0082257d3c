"""One run from a study to its summary: data, ledger, workers, and what the terminal shows of it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from search.errors import FailedTrialsError, KlayerError
from search.ledger.faults import DatabaseFaultError, NoLedgerError
from search.ledger.ledger import LEASE_SECONDS, PATIENCE_SECONDS, Ledger
from search.ledger.location import locate
from search.ledger.opening import card_of
from search.ledger.records import Search, WorkerState
from search.runtime import blas
from search.runtime.environment import code_version, environment, kernels, package_changes
from search.runtime.formatting import duration, plural
from search.runtime.lines import say
from search.study.file import Study
from search.views.reading.spread import error_of
from search.views.terminal import summary
from search.views.terminal.progress import RunView
from search.views.terminal.summary import Summary, summarise
from search.views.terminal.verdict import NEXT, verdict, where
from search.workers.engines import Engine
from search.workers.pool import InterruptedRunError, launch

Beside = Callable[[Callable[[str], None]], AbstractContextManager[object]]
"""What goes on beside a run while workers work; it is given a way to say a line."""


def _nothing(_: Callable[[str], None]) -> AbstractContextManager[object]:
    return nullcontext()


def run_search(
    study: Study,
    text: str,
    storage: str,
    data_folder: Path | None,
    workers: int,
    engine: Callable[[], Engine],
    console: Console,
    beside: Beside = _nothing,
    devices: Sequence[str] = (),
) -> Summary:
    """Run a search with workers until it is finished, or go on with it.

    Args:
        study: What to search.
        text: The study file as it was read, for the record.
        storage: The ledger's URL; the database is made where there is none.
        data_folder: Where the data set's files lie; None for the cache.
        workers: How many processes.
        engine: Opens what runs them; it is opened when there is work, and closed again.
        console: Where progress and summary go.
        beside: What goes on beside it, such as a dashboard.
        devices: The graphics processors that the workers share.

    Raises:
        KlayerError: Something that was given is wrong; nothing was written, or it is a search that
            is recorded with another study file.
        InterruptedRunError: It was asked to stop; the same command goes on.
    """
    told = complete_search(
        study,
        text,
        storage,
        data_folder,
        workers,
        engine,
        console,
        beside=beside,
        devices=devices,
    )
    summary.show(told, console)
    where = _where(storage)
    say(
        console,
        f"\nklayer status {study.name}{where} shows this again; "
        f"klayer export {study.name}{where} writes every trial.",
    )
    return told


def check_result(told: Summary, storage: str) -> None:
    """Whether a search came to a result, and to its end without a failed trial.

    Raises:
        KlayerError: No trial has a value.
        FailedTrialsError: Some failed.
    """
    if told.failure is not None and told.best is None:
        raise KlayerError(f"{told.name}: {told.failure}; {dict(told.verdict)[NEXT]}")
    failed = sum(stage.failed for stage in told.stages)
    if failed:
        raise FailedTrialsError(
            f"{told.name}: {plural(failed, 'trial')} failed; `klayer retry "
            f"{told.name}{_where(storage)}` lets them be trained again"
        )


def complete_search(
    study: Study,
    text: str,
    storage: str,
    data_folder: Path | None,
    workers: int,
    engine: Callable[[], Engine],
    console: Console,
    beside: Beside = _nothing,
    devices: Sequence[str] = (),
) -> Summary:
    """As `run_search`, but the summary is handed back and not shown."""
    known = _recorded(study, text, storage)
    if known is None or known.finished_at is None:
        card = card_of(study, data_folder)
        with (
            closing(engine()) as opened,  # where there is none, nothing is recorded
            Ledger(storage, create=True, patience_seconds=PATIENCE_SECONDS) as ledger,
        ):
            search = ledger.record(study, text, card, environment())
            ledger.take_up(search, study)
            _work(ledger, storage, search, data_folder, workers, opened, console, beside, devices)
            return summary_of(ledger, study.name)
    say(console, f"{study.name}: this search is finished already; nothing was run.")
    _tell_of_other_data(study, known, data_folder, console)
    with Ledger(storage) as ledger:
        if any(one.missing or one.changed for one in ledger.read.strays(known)):
            ledger.take_up(known)
        return summary_of(ledger, study.name)


def submit_search(
    study: Study, text: str, storage: str, data_folder: Path | None, console: Console
) -> Search:
    """Record a search for workers that serve all, or let one go on that was stopped.

    Args:
        study: What to search.
        text: The study file as it was read, for the record.
        storage: The ledger's URL; the database is made where there is none.
        data_folder: Where the data set's files lie, which the workers must have too.
        console: Where it is said what was done.

    Raises:
        KlayerError: Something that was given is wrong; nothing was written.
    """
    known = _recorded(study, text, storage)
    name, where = study.name, _where(storage)
    if known is not None and known.finished_at is not None:
        say(console, f"{name}: this search is finished already.")
        _tell_of_other_data(study, known, data_folder, console)
        return known
    # Data that have a name may be on the workers' hosts alone; a study with others was read here.
    card = None if known is None or study.objective.own_data else known.data
    card = card or card_of(study, data_folder)
    with Ledger(storage, create=True) as ledger:
        search = ledger.record(study, text, card, environment())
        ledger.take_up(search, study)
        serving = [one for one in ledger.read.workers() if _serves_all(one)]
    there = f"{plural(len(serving), 'worker')} serving every search" if serving else "no worker yet"
    say(console, f"{name}: {_taken(known)}; {there}.")
    if not serving:
        say(console, f"klayer worker{where} starts one, on this host or any other.")
    say(console, f"klayer status {name}{where} shows how it stands.")
    return search


def _tell_of_other_data(
    study: Study, known: Search, data_folder: Path | None, console: Console
) -> None:
    """Say where a finished search had other data than a study's file has now."""
    found = card_of(study, data_folder) if study.objective.own_data else known.data
    if found.fingerprint != known.data_fingerprint:
        say(
            console,
            f"{found.source} is another file now than the one that this search ran on "
            f"(fingerprint {known.data_fingerprint[:12]}, now {found.fingerprint[:12]}); its "
            "result is that of the old one. --name NAME searches the new one.",
        )


def _serves_all(one: WorkerState) -> bool:
    return one.kind == "worker" and one.search is None and not one.lost


def _taken(known: Search | None) -> str:
    """What a submitted search is from now on, which was recorded before or not."""
    if known is None:
        return "recorded"
    stood_still = known.stopped_at is not None or known.failure is not None
    return "taken up again" if stood_still else "recorded already"


def stop_search(name: str, storage: str, console: Console) -> None:
    """Stop a search: workers release their trials; `run` or `submit` goes on with it.

    Raises:
        LedgerError: There is no search of that name.
    """
    with Ledger(storage, patience_seconds=PATIENCE_SECONDS) as ledger:
        search = ledger.read.search(name)
        if search.finished_at is not None:
            say(console, f"{name}: this search is finished already; there is nothing to stop.")
            return
        known = ledger.read.workers(search)
        held = sum(1 for one in known if one.working_on == name and not one.lost)
        ledger.stop(search)
    at_work = f"{plural(held, 'worker')} at work on it" if held else "nobody was at work on it"
    say(
        console,
        f"{name}: stopped; {at_work}. What is held is handed back after the "
        f"{search.study.objective.step} that is being trained. The same `klayer run` or `klayer "
        "submit` as before goes on with it.",
    )


def _where(storage: str) -> str:
    """What a command needs to find the same database, for a shell; without a password."""
    return where(locate(storage).shown)


def summary_of(ledger: Ledger, name: str, *, strays: bool = True) -> Summary:
    """The summary of a recorded search.

    Args:
        ledger: Its database.
        name: Of the search.
        strays: Whether to look what others have done to its Optuna studies.

    Raises:
        LedgerError: There is no search of that name.
    """
    read = ledger.read
    search = read.search(name)
    stages, trials = read.stages(search), read.trials(search)
    found = summarise(search, stages, trials)
    if strays:
        found = replace(found, strays=read.strays(search))
    if not found.finished:
        at_work = sum(one.works_for(name) for one in read.workers(search))
        found = replace(found, set_aside=tuple(read.set_aside(search)), workers=at_work)
    best, shown = found.best, where(ledger.database.shown)
    told = verdict(search, stages, trials, best, read.clock(), shown)
    found = replace(found, verdict=told, training=read.now_trained(search))
    if best is None or not any(one.spread_of for one in found.objective.metrics):
        return found
    curve = read.curves_of([best.id]).get(best.id, ())
    return replace(found, error=error_of(found.objective, curve))


def _recorded(study: Study, text: str, storage: str) -> Search | None:
    """The search as it is recorded, None where it is not: found out before data are prepared.

    Raises:
        LedgerError: It is recorded with another study file, or the URL cannot be the ledger's.
    """
    try:
        ledger = Ledger(storage)
    except NoLedgerError:
        return None
    with ledger:
        if study.name not in ledger.read.names():
            return None
        known = ledger.read.search(study.name)
        # On the data of its record, so that only the study file is compared; nothing is written.
        return ledger.record(study, text, known.data, environment())


def _work(
    ledger: Ledger,
    storage: str,
    search: Search,
    data_folder: Path | None,
    workers: int,
    engine: Engine,
    console: Console,
    beside: Beside,
    devices: Sequence[str],
) -> None:
    name, began = search.study.name, time.monotonic()
    with RunView(console, ledger, search) as view, beside(view.say):
        for line in _beginning(ledger, search, workers):
            view.say(line)

        def on_stop() -> None:
            view.say("Stopping: workers hand back what they hold. Ctrl-C again ends them at once.")

        def on_loss() -> None:
            view.say("A worker was killed; another begins, and goes on from what was stored.")
            for one in ledger.read.set_aside(search):
                view.say(one.text, indent=1)

        try:
            launch(
                ledger,
                storage,
                search,
                data_folder,
                workers,
                engine,
                view.update,
                on_stop,
                devices,
                on_loss,
            )
        except InterruptedRunError:
            view.update(now=True)
            kept = sum(stage.finished for stage in ledger.read.stages(search))
            raise InterruptedRunError(
                f"{name}: stopped; {plural(kept, 'finished trial')} kept in "
                f"{ledger.database.shown}. The same command goes on from here."
            ) from None
        except KlayerError:
            with suppress(DatabaseFaultError):
                view.update(now=True)  # the last trials say why
            raise
        view.update(now=True)
    say(console, f"{name}: finished in {duration(time.monotonic() - began)}")


def _beginning(ledger: Ledger, search: Search, workers: int) -> Iterator[str]:
    """What is said of a run before any of its workers begins."""
    stages = ledger.read.stages(search)
    done, held = sum(one.finished for one in stages), sum(one.running for one in stages)
    here, before = kernels(environment()), kernels(search.environment)
    going_on = f", going on behind {plural(done, 'finished trial')}" if done else ""
    named = f", {here} kernels" if here else ""
    shown = f"{ledger.database.shown}{named}{going_on}"
    yield f"{search.study.name}: {plural(workers, 'worker')}, {shown}"
    if before and here != before:
        keep = f" ({blas.SETTING}={before} keeps to those)" if before in blas.KERNELS else ""
        yield (
            f"This search was begun with {before} kernels of the BLAS{keep}: with others, "
            "numbers may differ in their last bits from those of an undisturbed run."
        )
    if others := package_changes(search.environment, environment()):
        yield (
            f"This run computes with {' and '.join(others)}: its numbers may differ in their "
            "last bits from those that are recorded."
        )
    if search.klayer != code_version():
        yield (
            f"klayer {search.klayer} worked on this search so far; from here on klayer "
            f"{code_version()} does, whose numbers may be others."
        )
    if held:
        are = "is" if held == 1 else "are"
        yield (
            f"{plural(held, 'trial')} {are} held by other workers, or by killed ones: this run "
            f"takes over where a lease has run out, which takes {LEASE_SECONDS:.0f} s at most."
        )
