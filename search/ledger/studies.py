"""Recorded studies, parsed once: a page asks for every search again each second.

A study is a frozen value, and what is recorded of it never changes, but for the folder that its
relative paths start from.
"""

import threading
from collections import OrderedDict
from typing import Any

from search.study.file import Study
from search.study.recorded import recorded_study

MOST_KEPT = 64


class Studies:
    """The studies that were asked for last. May be used by several threads.

    Args:
        most_kept: How many are kept.
    """

    def __init__(self, most_kept: int = MOST_KEPT) -> None:
        self._most_kept = most_kept
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, str, str], Study] = OrderedDict()

    def read(self, search_id: int, study_hash: str, form: dict[str, Any]) -> Study:
        """The study of a search.

        Args:
            search_id: The key of the search.
            study_hash: Of the canonical form; SQLite gives keys of deleted searches again.
            form: As it is recorded.
        """
        key = search_id, study_hash, form.get("objective", {}).get("base", "")
        with self._lock:
            known = self._kept.get(key)
            if known is not None:
                self._kept.move_to_end(key)
                return known
        study = recorded_study(form)  # outside the lock: it takes milliseconds
        with self._lock:
            self._kept[key] = study
            while len(self._kept) > self._most_kept:
                self._kept.popitem(last=False)
        return study
