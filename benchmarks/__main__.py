"""`python -m benchmarks`: run the parts, print their tables, and write them to a page."""

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import (
    coarse_to_fine,
    goals,
    growth,
    halving,
    machine,
    memory,
    one_network,
    peak,
    report,
    start_up,
    throughput,
)
from benchmarks.problem import write_images
from benchmarks.real_images import folder_given
from benchmarks.report import Section
from benchmarks.setting import Setting, say
from benchmarks.timing import NotMeasuredError

PARTS: dict[str, Callable[[Setting], Section]] = {
    "one-network": one_network.run,
    "throughput": throughput.run,
    "peak": peak.run,
    "c4": coarse_to_fine.run,
    "memory": memory.run,
    "growth": growth.run,
    "start-up": start_up.run,
    "halving": halving.run,
}
ROUNDS = 5


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what the command line asks for; exit status 1 if a part could not be measured."""
    given = _arguments(arguments)
    report.ready("benchmarks", given.output)
    data = folder_given("benchmarks")
    about = machine.description()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="klayer-benchmarks-") as place:
        setting = Setting(
            folder=Path(place),
            quick=given.quick,
            rounds=1 if given.quick else given.rounds,
            processes=machine.cores(),
            data=data,
        )
        problem = setting.problem
        rows = problem.rows + problem.validation
        write_images(setting.images, rows, problem.inputs, problem.classes)
        sections = [_measured(name, setting) for name in given.only or PARTS]
    text = _text(sections, about, time.monotonic() - began, quick=given.quick)
    report.publish(text, given.output)
    failed = [section.title for section in sections if section.failed]
    if failed:
        sys.exit(f"benchmarks: not measured: {'; '.join(failed)}")


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="klayer beside its peers, measured in one run."
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=list(PARTS),
        help="run this part; may be given again; all, unless given",
    )
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, help="how often contenders take turns (%(default)s)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, one round: figures mean nothing"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="page whose generated section is rewritten"
    )
    given = parser.parse_args(arguments)
    if given.rounds < 1:
        parser.error(f"--rounds must be 1 or more, not {given.rounds}")
    return given


def _measured(name: str, setting: Setting) -> Section:
    """What a part found; or why it failed, for the other parts not to be lost with it."""
    say(f"-- {name}")
    try:
        return PARTS[name](setting)
    except Exception as error:
        say(traceback.format_exc())
        lines = str(error).strip().splitlines()
        reason = lines[-1] if lines else ""
        if not isinstance(error, NotMeasuredError):
            reason = f"{type(error).__name__}: {reason}"
        title = f"{list(PARTS).index(name) + 1}. {name}"
        return Section(title, [], notes=[f"**Not measured: {reason}**"], failed=True)


def _text(sections: Sequence[Section], about: Sequence[str], seconds: float, *, quick: bool) -> str:
    figures: dict[str, float] = {}
    for section in sections:
        figures |= section.figures
    head = [
        f"Measured {time.strftime('%Y-%m-%d')}, in {seconds / 60:.0f} minutes; medians over "
        "the rounds that each part names, and in brackets the least and the greatest.",
        "\n".join(f"- {line}" for line in about),
    ]
    if quick:
        head.insert(0, "**A quick run to try the harness: its figures mean nothing.**")
    held = f"### Goals\n\n{goals.table(figures).text()}"
    return "\n\n".join([*head, *(section.text() for section in sections), held])


if __name__ == "__main__":
    main()
