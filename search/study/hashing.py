"""A hash of a study's canonical form: equal studies have equal hashes, however written."""

import hashlib
import json
from typing import Any


def fingerprint(canonical: dict[str, Any]) -> str:
    """SHA-256, in hexadecimal digits, of the canonical form with its keys in order."""
    text = json.dumps(canonical, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
