"""Limits of this process, for as long as a test needs them."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

MOST_FILES = 4096  # pytest has fewer open


@contextmanager
def no_more_files() -> Iterator[None]:
    """This process can open no further file."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_FILES, before[1]))
    opened = []
    try:
        while True:
            try:
                opened.append(os.open(os.devnull, os.O_RDONLY))
            except OSError:
                break
        yield
    finally:
        for descriptor in opened:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
