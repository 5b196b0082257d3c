"""A recorded study that goes on as another: what is planned stays, and what follows may differ.

Seeds follow from the study's own seed and the names of its stages, so that a search that was
extended comes to what the longer study would have come to from its beginning.
"""

from typing import Any

from search.errors import StudyFileError
from search.study.changes import differences
from search.study.file import Study
from search.study.learning import generation_faults
from search.study.stage_table import COUNTED, MOST_TRIALS
from search.study.stopping import stop_faults

_FREE = ("description", "final", "budget")


def fixed_differences(recorded: Study, now: Study, planned: int) -> list[str]:
    """What differs that may not, a line each.

    Args:
        recorded: The study as it is recorded.
        now: What it is to go on as.
        planned: How many of its stages are planned.
    """
    before, after = (_fixed(study.in_full(), planned) for study in (recorded, now))
    lines = differences(before, after)
    metrics = [[metric.name for metric in one.objective.metrics] for one in (recorded, now)]
    if metrics[0] != metrics[1]:
        lines.append(f"metrics: {', '.join(metrics[0])} before, {', '.join(metrics[1])} now")
    return lines


def with_more_trials(study: Study, trials: int) -> Study:
    """A study with one stage more, which draws as the last one does.

    Where that zooms, the new stage zooms on its trials as well.

    Args:
        study: The study.
        trials: How many trials the new stage has.

    Raises:
        StudyFileError: The last stage has as many trials as its points or its grid, or they are
            too few for its sampler, or more than a stage may have.
    """
    if trials > MOST_TRIALS:
        raise StudyFileError(f"{study.name}: found {trials:,} trials; give {MOST_TRIALS:,} or less")
    last = study.stages[-1]
    if last.sampler in COUNTED:
        raise StudyFileError(
            f"{study.name}: the last stage, {last.name}, has the trials of its {last.sampler}, so "
            "it cannot have more; give a study file with a stage behind it: --stages FILE"
        )
    taken = {stage.name for stage in study.stages}
    names = ("more" if place == 1 else f"more-{place}" for place in range(1, len(taken) + 2))
    changed: dict[str, Any] = {"name": next(one for one in names if one not in taken)}
    changed["trials"] = trials
    stops = last.stop is not None
    faults = generation_faults(
        last.sampler, trials, last.generation, len(last.boxes) or 1, last.halving, stops=stops
    )
    for fault in (*faults, *stop_faults(last.stop, last.sampler, trials, last.halving)):
        raise StudyFileError(f"{study.name}: trials of a stage like {last.name}: {fault.text}")
    if last.zoom is not None:
        sources = (*last.zoom.sources, last.name)
        changed["zoom"] = last.zoom.model_copy(update={"sources": sources})
    return study.model_copy(update={"stages": (*study.stages, last.model_copy(update=changed))})


def _fixed(written: dict[str, Any], planned: int) -> dict[str, Any]:
    kept = {key: value for key, value in written.items() if key not in _FREE}
    return kept | {"stages": written["stages"][:planned]}
