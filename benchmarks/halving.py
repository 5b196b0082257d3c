"""Part 8: successive halving on experiment C4, and whether what it chooses is as good.

Three searches for each of five seeds of the study: without halving, with it, and with the choice
that is said to be hard to beat, to rank all trials after one epoch and to train the best of them to
the end, as many as cost the same epochs. What a search chooses is trained over five fresh seeds, by
klayer itself in its stage "finalists": to compare the best single values would reward luck, since
of fewer finished trials the maximum of the noise is lower.
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import halving_tables
from benchmarks.halving_tables import EARLY, HALVED, WHOLE, Searched
from benchmarks.real_images import ON_DIGITS, STUDY, experiment
from benchmarks.report import Section
from benchmarks.rounds import turn
from benchmarks.service import cohorts, exported, finish, start, storage
from benchmarks.setting import Setting, say
from search.plan.halving import expected_steps
from search.plan.plan import FINALISTS, steps
from search.study.halving import Halving
from search.study.reading import load

HALVING = Halving(keep=0.5, at=(1, 4), unit="epochs", among="stage")
EARLY_RUNG = 1  # epochs
SEEDS = (1, 2, 3, 4, 5)
FRESH_SEEDS = 5
# One configuration is chosen, and trained as the trials of the stages are.
CHOICE = ("final.finalists=1", f"final.seeds={FRESH_SEEDS}", "final.training={}")
MOST_SECONDS = 1_800  # of one search, which takes about a minute


def run(setting: Setting) -> Section:
    """The searches of each seed in turn, each seed beginning with another one."""
    title = "8. Successive halving"
    if not (setting.quick or setting.data):
        return Section(
            title,
            [],
            notes=[
                "Not measured: which λ is the better one only the real images can say, and "
                "KLAYER_DATA names no folder that holds them."
            ],
        )
    basis = ON_DIGITS if setting.quick else ()
    changes = contenders(basis)
    found: dict[int, dict[str, Searched]] = {}
    failures = []
    for number, seed in enumerate(SEEDS[:1] if setting.quick else SEEDS):
        try:
            found[seed] = _searches(setting, changes, number, seed)
        except RuntimeError as error:
            say(str(error))
            reason = str(error).strip().splitlines()[-1]
            failures.append(f"**Without seed {seed}**, of which a search failed: {reason}")
    planned = {label: planned_epochs((*basis, *some)) for label, some in changes.items()}
    notes = [*_about(planned, early_choice(basis), quick=setting.quick), *failures]
    if not found:
        return Section(title, [], notes=notes, failed=True)
    return Section(
        title,
        [halving_tables.each(found), halving_tables.together(found)],
        halving_tables.figures(found),
        notes,
        failed=bool(failures),
    )


def contenders(basis: Sequence[str] = ()) -> dict[str, tuple[str, ...]]:
    """By label what of the study is changed, as `--set` takes it.

    Args:
        basis: Changes of the study beneath those, for the early choice to cost what halving does.
    """
    return {
        WHOLE: CHOICE,
        HALVED: (*CHOICE, *_declared(HALVING)),
        EARLY: (*CHOICE, *_declared(early_choice(basis))),
    }


def early_choice(basis: Sequence[str] = ()) -> Halving:
    """The halving with one early rung whose epochs in all are nearest to those of `HALVING`.

    Of equally near ones it is the one that keeps more.
    """
    wanted = planned_epochs((*basis, *_declared(HALVING)))
    choices = [
        Halving(keep=percent / 100, at=(EARLY_RUNG,), unit="epochs", among="stage")
        for percent in range(1, 100)
    ]

    def distance(choice: Halving) -> tuple[float, float]:
        return abs(planned_epochs((*basis, *_declared(choice))) - wanted), -choice.keep

    return min(choices, key=distance)


def planned_epochs(changes: Sequence[str]) -> float:
    """Epochs of all trials of the stages that search, if none diverges."""
    study = load(STUDY, changes)
    searched = (step for step in steps(study) if step.kind == "search")
    return sum(expected_steps(study, step) or 0.0 for step in searched)


def _declared(halving: Halving) -> list[str]:
    """The halving in every stage of the study, as `--set` takes it."""
    told = (
        f"{{keep={halving.keep}, at={json.dumps(halving.at)}, unit='{halving.unit}', "
        f"among='{halving.among}'}}"
    )
    return [f"stages.{stage.name}.halving={told}" for stage in load(STUDY).stages]


def _searches(
    setting: Setting, changes: Mapping[str, Sequence[str]], number: int, seed: int
) -> dict[str, Searched]:
    """One search of each contender with a seed, on the same split of the images."""
    with tempfile.TemporaryDirectory(prefix=f"seed-{seed}-", dir=setting.folder) as place:
        folder = Path(place)  # with the images of this seed, which take a lot of room
        found = {}
        for label in turn(list(changes), number):
            say(f"seed {seed}: {label}")
            found[label] = _search(setting, folder, (f"seed={seed}", *changes[label]), label)
    return found


def _search(setting: Setting, folder: Path, changes: Sequence[str], label: str) -> Searched:
    wanted = experiment(folder, setting.data, quick=setting.quick, changes=changes)
    database = folder / f"{label.replace(' ', '-')}.db"
    command = ["run", STUDY, "--workers", str(setting.processes), *wanted.options]
    finish(start([*command, *storage(database)], folder, wanted.data), MOST_SECONDS)
    searching = [one for one in cohorts(database) if one.kind == "search"]
    stages = {one.stage for one in searching}
    trials = exported(STUDY, database, folder)["trials"]
    fresh = [trial for trial in trials if trial["stage"] == FINALISTS]
    values = tuple(trial["value"] for trial in fresh if trial["value"] is not None)
    if not values:
        raise RuntimeError(f"{label}: its choice diverges with every fresh seed")
    return Searched(
        seconds=max(one.finished for one in searching) - min(one.claimed for one in searching),
        epochs=sum(len(trial["reports"]) for trial in trials if trial["stage"] in stages),
        weight_decay=fresh[0]["parameters"]["weight_decay"],
        values=values,
        diverged=len(fresh) - len(values),
    )


def _about(planned: Mapping[str, float], early: Halving, *, quick: bool) -> list[str]:
    def told(halving: Halving) -> str:
        return (
            f"keep = {halving.keep:g}, at = {json.dumps(halving.at)} {halving.unit}, "
            f"among the {halving.among}"
        )

    images = "stand-in images: values mean nothing" if quick else "real images"
    return [
        f"{images}. In every stage, {HALVED}: {told(HALVING)}; {EARLY}: {told(early)}. "
        "Planned epochs of the 40 trials: "
        f"{', '.join(f'{name} {count:g}' for name, count in planned.items())}.",
        "Each search of a seed ran once. Seconds are those of the 40 trainings, from the first "
        "claim to the last finish. The choice's accuracy is its mean over "
        f"{FRESH_SEEDS} fresh seeds ± their standard deviation, on the validation images; the "
        "three searches of a seed have the same ones. The mean of the differences is "
        "shown ± its standard error.",
    ]
