"""Part 5: what a worker of `klayer run` holds for itself, and what workers share."""

import signal
import time

from benchmarks.real_images import STUDY, experiment
from benchmarks.report import Section, Table
from benchmarks.service import Memory, descendants, is_worker, memory, start, storage
from benchmarks.setting import Setting, say

SAMPLE_SECONDS = 0.25
# Trainings of one short cycle: the same images and stacks as in the whole search, in less time.
SHORT = (
    "training.schedule={kind='cycles', cycles=1, half_cycle_epochs=1}",
    "final.training={schedule={kind='cycles', cycles=1, half_cycle_epochs=1}}",
    "stages.fine.trials=8",
    "stages.finest.trials=8",
)


def run(setting: Setting) -> Section:
    """The most that any worker held at any time of a whole search, its final included."""
    folder = setting.folder
    wanted = experiment(folder, setting.data, quick=setting.quick)
    say("memory of workers")
    options = [part for change in SHORT for part in ("--set", change)]
    command = [*("run", STUDY, "--workers", str(setting.processes)), *wanted.options, *options]
    child = start([*command, *storage(folder / "memory.db")], folder, wanted.data)
    most: dict[int, Memory] = {}
    try:
        while child.poll() is None:
            for process in filter(is_worker, descendants(child.pid)):
                now, before = memory(process), most.get(process, Memory(0, 0))
                if now is not None:
                    most[process] = Memory(
                        max(now.private, before.private), max(now.shared, before.shared)
                    )
            time.sleep(SAMPLE_SECONDS)
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGINT)
        out, _ = child.communicate()
    if child.returncode or not most:
        raise RuntimeError(f"klayer run: exit status {child.returncode}:\n{out}")
    rows = [
        [f"worker {number}", f"{one.private:.0f}", f"{one.shared:.0f}"]
        for number, one in enumerate(most.values(), start=1)
    ]
    return Section(
        "5. Memory of a worker",
        [Table(["", "private, MB", "shared, MB"], rows)],
        {"private memory": max(one.private for one in most.values())},
        [
            "One run. The most of each at any time of the whole search, its final included, from "
            "/proc/PID/smaps_rollup: private are the anonymous pages (heap and stacks), shared "
            "is the rest of what is resident, pages of mapped files: images, programs, libraries."
        ],
    )
