"""The memory of a pickle reader: a place in the payload, a stack with marks, and a memo.

It moves values about and never looks into them. Every read is checked against the payload's end,
so that a length that a pickle declares allocates nothing. `model.data.pickled` says which opcodes
there are.
"""

import struct
from typing import Any


class PickleError(Exception):
    """What is wrong with a pickle, without the file's name."""


class Machine:
    """The payload and the place in it, the stack with its marks, and the memo.

    Its methods raise PickleError where the payload ends too soon or a value is missing.
    """

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self.place = 0
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def stop(self) -> object:
        """The one value left, once the payload is at its end."""
        top = self.pop()
        if self.stack or self.marks or self.place != len(self.payload):
            raise PickleError(f"more after its end at byte {self.place:,}")
        return top

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        if not 0 <= count <= len(self.payload) - self.place:
            raise PickleError(f"{count:,} bytes wanted at byte {self.place:,}, beyond the end")
        self.place += count
        return self.payload[self.place - count : self.place]

    def number(self, form: str) -> int:
        """The next little-endian number, in a format of `struct`."""
        (value,) = struct.unpack(f"<{form}", self.take(struct.calcsize(f"<{form}")))
        return int(value)

    def line(self) -> bytes:
        """The next line, of at most 100 bytes, without its end."""
        end = self.payload.find(b"\n", self.place, self.place + 100)
        if end < 0:
            raise PickleError(f"a name without an end at byte {self.place:,}")
        return self.take(end + 1 - self.place)[:-1]

    def push(self, value: object) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def pop(self) -> Any:
        """Take a value off the stack."""
        if not self.stack:
            raise PickleError(f"a value is missing before byte {self.place:,}")
        return self.stack.pop()

    def top(self, kind: type) -> Any:
        """The last value, left on the stack; it must be of that kind."""
        if not self.stack or not isinstance(self.stack[-1], kind):
            raise PickleError(f"no {kind.__name__.strip('_')} to fill before byte {self.place:,}")
        return self.stack[-1]

    def mark(self) -> None:
        """Begin a run of values."""
        self.marks.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[Any]:
        """The run of values since the last mark, taken off the stack."""
        if not self.marks:
            raise PickleError(f"a mark is missing before byte {self.place:,}")
        values, self.stack = self.stack, self.marks.pop()
        return values

    def popped(self, count: int) -> tuple[Any, ...]:
        """The last `count` values, taken off the stack, in the order they were put on it."""
        return tuple([self.pop() for _ in range(count)][::-1])

    def recall(self, index: int) -> None:
        """Put a remembered value on the stack again."""
        if index not in self.memo:
            raise PickleError(f"memo {index} is empty")
        self.push(self.memo[index])

    def remember(self, index: int) -> None:
        """Remember the last value under a number."""
        self.memo[index] = self.top(object)
