"""A cohort whose stack does not fit into memory: its trials are trained one after another.

A trial that does not fit alone fails with the reason; nothing becomes of that to the others. In a
stack of its own a trial's numbers may differ in their last bits from those in the whole one. The
reports come in the order of the whole stack, once all trials are through, so that they are compared
at the same rungs.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace

from search.objective.port import Reports
from search.objective.report import Report


def train(
    whole: Reports, alone: Sequence[Callable[[], Reports]], reasons: Sequence[str]
) -> Reports:
    """Train as the whole cohort does, or one trial after another where memory runs out.

    Args:
        whole: The training of all trials as one cohort, not begun.
        alone: Begins the training of each trial as a cohort of its own.
        reasons: Why each failed, where it does not fit alone.

    Yields:
        As `Trainer.train`; nothing new after each step of a trial that is trained alone.

    Returns:
        As `Trainer.train`.
    """
    sent: list[Sequence[int] | None] = []  # after each step of the whole cohort
    told = 0  # the last step of these
    try:
        with closing(whole):
            reports = next(whole)
            while True:
                told = max((one.step for one in reports.values()), default=told)
                sent.append((yield reports))
                reports = whole.send(sent[-1])
    except StopIteration as end:
        states: dict[int, bytes] = end.value
        return states
    except MemoryError:
        pass  # outside of this clause nothing keeps what the stack had allocated
    curves: list[list[Report]] = []
    failed: dict[int, Report] = {}
    states = {}
    for place, begin in enumerate(alone):
        curves.append([])
        try:
            if len(alone) > 1:
                with closing(begin()) as training:
                    while True:
                        curves[place].append(next(training)[0])
                        yield {}
        except StopIteration as end:
            if end.value:
                states[place] = end.value[0]
            continue
        except MemoryError:
            pass
        step = max(told, *(one.step for one in curves[place][-1:]), 1)
        failed[place] = Report(step, {}, None, reasons[place])
    going = yield from _told(curves, failed, sent)
    return {place: state for place, state in states.items() if place in going}


def _told(
    curves: Sequence[Sequence[Report]],
    failed: Mapping[int, Report],
    sent: Sequence[Sequence[int] | None],
) -> Generator[Mapping[int, Report], Sequence[int] | None, list[int]]:
    """Tell reports of trials, by place and step, as those of one cohort; who goes on at the end.

    Args:
        curves: The reports of each trial, from the same step on.
        failed: The last word on those that failed.
        sent: Who went on after steps that are told already.
    """
    going = [place for place in range(len(curves)) if all(_is_in(place, one) for one in sent)]
    step = len(sent)
    while True:
        reports = {}
        for place in going:
            curve = curves[place]
            if step < len(curve):
                reports[place] = curve[step]
            elif place in failed:
                reports[place] = failed[place]
            elif curve and curve[-1].reason is not None:  # at a step that was told otherwise
                reports[place] = replace(curve[-1], metrics={})
        if not reports:
            return going
        kept = yield reports
        going = [
            place
            for place, report in reports.items()
            if report.reason is None and _is_in(place, kept)
        ]
        step += 1


def _is_in(place: int, kept: Sequence[int] | None) -> bool:
    return kept is None or place in kept
