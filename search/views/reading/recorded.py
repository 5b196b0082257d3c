"""What was written down of a search when it was recorded: when, of what, where and with what."""

import json

from search.ledger.records import Search
from search.runtime.formatting import instant


def recorded(search: Search) -> list[str]:
    """Lines of what it is and what its numbers depend on, such as "python: 3.11.7"."""
    said = {
        "recorded": instant(search.created_at),
        "finished": "not yet" if search.finished_at is None else instant(search.finished_at),
        "study (SHA-256)": search.study_hash,
        "training data (SHA-256)": search.data_fingerprint,
        **search.environment,
    }
    return [f"{key}: {_text(value)}" for key, value in said.items()]


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
