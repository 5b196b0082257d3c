"""The user's cache: what was fetched, and what was prepared of data, in one folder."""

from contextlib import suppress
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """The user's cache: fetched data sets, and standardised arrays under `prepared`."""
    return platformdirs.user_cache_path("klayer")


def size() -> int:
    """Bytes of all files in it; those that may not be read, or are just removed, count nothing."""
    total = 0
    for place in cache_folder().rglob("*"):
        with suppress(OSError):
            total += 0 if place.is_dir() else place.lstat().st_size
    return total
