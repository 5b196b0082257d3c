"""`python -m benchmarks`: run the parts, print their tables, and write them to a page."""

import argparse
import os
import sys
import tempfile
import time
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
from benchmarks.report import Section
from benchmarks.setting import Setting, say

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
    """Run what the command line asks for."""
    given = _arguments(arguments)
    try:
        if given.output is not None:
            report.check(given.output)
    except ValueError as error:
        sys.exit(f"benchmarks: --output: {error}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="klayer-benchmarks-") as place:
        data = os.environ.get("KLAYER_DATA")
        setting = Setting(
            folder=Path(place),
            quick=given.quick,
            rounds=1 if given.quick else given.rounds,
            processes=machine.cores(),
            data=Path(data).absolute() if data else None,
        )
        problem = setting.problem
        rows = problem.rows + problem.validation
        write_images(setting.images, rows, problem.inputs, problem.classes)
        sections = []
        for name in given.only or PARTS:
            say(f"-- {name}")
            sections.append(PARTS[name](setting))
    text = _text(sections, setting, time.monotonic() - began)
    sys.stdout.write(text + "\n")
    if given.output is not None:
        report.write(given.output, text)


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


def _text(sections: Sequence[Section], setting: Setting, seconds: float) -> str:
    figures: dict[str, float] = {}
    for section in sections:
        figures |= section.figures
    head = [
        f"Measured {time.strftime('%Y-%m-%d')}, in {seconds / 60:.0f} minutes, {setting.rounds} "
        "rounds; medians, and in brackets the least and the greatest.",
        "\n".join(f"- {line}" for line in machine.description()),
    ]
    if setting.quick:
        head.insert(0, "**A quick run to try the harness: its figures mean nothing.**")
    held = f"### Goals\n\n{goals.table(figures).text()}"
    return "\n\n".join([*head, *(section.text() for section in sections), held])


if __name__ == "__main__":
    main()
