"""A process that does one timed thing: prepares, waits for the word, measures, reports.

    python -m benchmarks.child '{"module": …, "options": {…}, "times": 3}'

The module's `steps(**options)` gives an iterator. Its first step prepares (imports, data, a first
epoch) and is not timed; then the process writes "ready" and waits for a line, so that several
start at once. The next `times` steps are timed, and reported as JSON.
"""

import importlib
import json
import os
import resource
import sys
import time


def main() -> None:
    """Do what the command line says."""
    # What libraries print goes to standard error: standard output is for the report.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    task = json.loads(sys.argv[1])
    steps = importlib.import_module(task["module"]).steps(**task["options"])
    next(steps)
    out.write("ready\n")
    out.flush()
    sys.stdin.readline()
    seconds = []
    for _ in range(task["times"]):
        began = time.perf_counter()
        next(steps)
        seconds.append(time.perf_counter() - began)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    out.write(json.dumps({"seconds": seconds, "peak_resident_mb": megabytes}) + "\n")
    out.close()


if __name__ == "__main__":
    main()
