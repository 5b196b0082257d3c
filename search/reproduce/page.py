"""The page of results as Markdown: what was run, on what, with what; then the tables."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from search.errors import KlayerError
from search.reproduce.gradients import CheckRow
from search.reproduce.results import Results
from search.reproduce.table import checks_table, results_table
from search.runtime.environment import kernels
from search.runtime.formatting import duration
from search.runtime.output import replace, writing
from search.views.terminal import generated

COMMAND = "klayer reproduce"
SOURCES = {"cifar10": "CIFAR-10", "digits": "the handwritten digits that scikit-learn carries"}
NOTES = (
    "Accuracies are in percent, differences in points. A figure with ± is the mean over seeds and "
    "their standard deviation. Test figures are of the networks that the final trains, with seeds "
    "of its own; a validation accuracy is that of the training of the search. Time is that in "
    "which workers trained the study that a row is of, all its stages and seeds; rows of one study "
    "share it."
)
CHECKED = (
    "The largest relative error |ga − gn| / max(ε, |ga| + |gn|) over all layers: of the weights W, "
    "the bias b, the scale γ and the shift β. Up to 200 entries of each array are drawn and "
    "compared, in float64; those whose difference crosses a kink are left out; b, γ and β are "
    "moved a little from where training begins, where errors could hide."
)
REHEARSAL = (
    "This is a rehearsal: fewer epochs, fewer trials, and other images. Its figures say that "
    "everything runs, and are not to be compared with the published ones."
)


def check(path: Path, *, rehearsed: bool) -> None:
    """Look whether the tables can be written to a page, before anything runs.

    Raises:
        KlayerError: The page is there, and has no place for them; or they are of a rehearsal, and
            figures stand there that are not.
    """
    if not path.exists():
        with writing(path):
            next(path.parent.iterdir(), None)  # where there is no such folder, it says so
        return
    there = generated.check(path, COMMAND)
    if rehearsed and "## Results" in there and REHEARSAL not in there:
        raise KlayerError(
            f"--output: {path}: holds figures of whole runs, which those of --quick would replace; "
            "give another file"
        )


def write(path: Path, text: str) -> None:
    """Put the tables into a page, or into a new one where there is none.

    Raises:
        KlayerError: The page has no place for them, or cannot be written.
    """
    if not path.exists():
        begin, end = generated.markers(COMMAND)
        replace(path, f"# Published experiments, run again\n\n{begin}\n{end}\n")
    generated.write(path, text, COMMAND)


def section(command: str, found: Results, checks: Sequence[CheckRow], *, rehearsed: bool) -> str:
    """What stands between the markers of the page.

    Args:
        command: As it was typed.
        found: The experiments as they stand.
        checks: The gradient checks.
        rehearsed: Whether everything was made small.
    """
    lines = [f"- {line}" for line in facts(command, found)]
    parts = ["\n".join(lines), *([REHEARSAL] if rehearsed else [])]
    if found.rows:
        parts += ["## Results", results_table(found.rows).markdown(), NOTES]
    if checks:
        parts += [
            "## Gradient checks",
            checks_table(checks).markdown(),
            CHECKED,
        ]
    return "\n\n".join(parts)


def facts(command: str, found: Results) -> list[str]:
    """What the figures stand on: the command, the time, the images, the machine."""
    lines = [f"command: `{command}`"]
    if not found.searches:
        return [*lines, *(["no search is finished yet"] if found.rows else [])]
    searches = [one.data.search for one in found.searches]
    begun = min(one.created_at for one in searches)
    ended = max(one.finished_at or one.created_at for one in searches)
    first, last = _date(begun), _date(ended)
    count = "1 search" if len(searches) == 1 else f"{len(searches)} searches"
    lines.append(f"date: {first if first == last else f'{first} to {last}'}")
    lines.append(f"total time: {count}, trained in {duration(found.seconds)}")
    images = {
        _images(one.study.objective.data.source, one.data_fingerprint): None for one in searches
    }
    lines += [f"images: {line}" for line in images]
    machines = {_machine(one.environment): None for one in searches}
    return lines + [f"run with: {line}" for line in machines]


def _images(source: str, fingerprint: str) -> str:
    return f"{SOURCES[source]}, training images with the SHA-256 {fingerprint[:16]}…"


def _machine(environment: Mapping[str, Any]) -> str:
    packages = environment.get("packages", {})
    versions = [f"{name} {packages[name]}" for name in ("klayer", "numpy") if name in packages]
    blas = kernels(environment)
    kind = f" ({blas} kernels of the BLAS)" if blas else ""
    python, cores = environment.get("python", "?"), environment.get("cores", "?")
    machine = environment.get("machine", "?")
    return f"{', '.join(versions)}{kind}, Python {python}, {machine}, {cores} cores"


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
