"""Seeds for every purpose of a search, derived from its one seed.

A seed depends on the search's seed and on the path that names the purpose, and on nothing else:
not on the order in which seeds are asked for, on the number of workers, on the machine or on the
version of Python.
"""

import hashlib
import json
import operator


def derive(seed: int, *path: str | int) -> int:
    """A seed for the purpose that `path` names, such as `derive(1, "stage", "coarse", "trial", 3)`.

    The first 53 bits of the SHA-256 of the JSON list `[seed, *path]`; JSON keeps `"3"` and 3, and
    `"ab", "c"` and `"a", "bc"`, apart. Of n different paths two share a seed with a probability of
    about n² / 2⁵⁴: 6e-5 for a million seeds.

    Args:
        seed: The search's seed; any whole number.
        path: Words and whole numbers that name the purpose.

    Returns:
        A whole number from 0 to 2⁵³ - 1, which every reader of JSON takes without rounding.

    Raises:
        TypeError: The seed or a part of the path is neither a whole number nor, in the path, text.
    """
    named = [part if isinstance(part, str) else int(operator.index(part)) for part in path]
    digest = hashlib.sha256(
        json.dumps([int(operator.index(seed)), *named]).encode("ascii")
    ).digest()
    return int.from_bytes(digest[:8], "big") >> 11
