"""Read a pickle that can hold lists, dicts, numbers, text and uint8 arrays, and nothing else.

The official Python batches of CIFAR-10 are pickles, and Python's own unpickler runs whatever
program a pickle contains. So this module does not use it: it drives a small stack machine that
knows the opcodes of such a batch (as Python 2 wrote it, or Python 3 with protocol 2 to 4) and
refuses any other. No name is ever looked up or imported: a name is compared with three known ones.
The pickle's array is only recorded, checked against its own bytes, and then built by
`np.frombuffer`, so a declared shape allocates nothing. Time and memory are bounded by the length
of the file and `MOST_OPCODES`.

The opcodes are those of CPython's `pickletools`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from model.data.pickle_stack import Machine, PickleError
from model.errors import DataFileError

MOST_OPCODES = 200_000  # an official batch has about 30,000


@dataclass(frozen=True)
class _Name:
    """One of the three names that may be mentioned; it cannot be called."""

    text: str


@dataclass
class _Uint8:
    """Stands for NumPy's dtype of unsigned bytes."""


@dataclass
class _Array:
    """Stands for an array: its shape, the order of its elements, and their bytes."""

    shape: tuple[int, int] = (0, 0)
    order: str = "C"
    content: bytes | None = None

    def built(self) -> npt.NDArray[np.uint8]:
        """The array itself: (rows, columns) uint8, read-only, without a copy where order is C."""
        if self.content is None:
            raise PickleError("an array without content")
        flat = np.frombuffer(self.content, np.uint8)
        if self.order == "C":
            return flat.reshape(self.shape)
        return flat.reshape(self.shape[::-1]).T


_RECONSTRUCT, _NDARRAY, _DTYPE = _Name("_reconstruct"), _Name("ndarray"), _Name("dtype")
_NAMES = {
    (b"numpy.core.multiarray", b"_reconstruct"): _RECONSTRUCT,
    (b"numpy._core.multiarray", b"_reconstruct"): _RECONSTRUCT,  # since NumPy 2
    (b"numpy", b"ndarray"): _NDARRAY,
    (b"numpy", b"dtype"): _DTYPE,
}
_UINT8_STATE = (3, b"|", None, None, None, -1, -1, 0)


def loads(payload: bytes, where: str) -> dict[bytes, object]:
    """The dict that the pickle `payload` holds; all text in it is bytes (UTF-8).

    Args:
        payload: The whole file.
        where: The file's name, for messages.

    Returns:
        Values by key; uint8 arrays are (rows, columns) and read-only.

    Raises:
        DataFileError: The pickle is broken, has anything after its end, or asks for anything but
            plain values and uint8 arrays of two dimensions.
    """
    try:
        top = _run(Machine(payload))
        return {k: v.built() if isinstance(v, _Array) else v for k, v in top.items()}
    except PickleError as fault:
        raise DataFileError(
            f"{where}: is not a pickled batch ({fault}); expected a dict of plain lists, numbers "
            "and text and a uint8 array, and nothing else"
        ) from None


def _run(machine: Machine) -> dict[bytes, object]:
    if machine.take(1) != b"\x80" or machine.number("B") not in (2, 3, 4):
        raise PickleError("it doesn't begin as a pickle of protocol 2, 3 or 4")
    for _ in range(MOST_OPCODES):
        opcode = machine.take(1)
        if opcode == b".":
            top = machine.stop()
            if not isinstance(top, dict):
                raise PickleError("no dict at the top")
            return top
        step = _STEPS.get(opcode)
        if step is None:
            raise PickleError(f"opcode {opcode!r} at byte {machine.place - 1:,}")
        step(machine)
    raise PickleError(f"more than {MOST_OPCODES:,} opcodes")


def _frame(machine: Machine) -> None:
    machine.number("Q")  # a hint for buffering; the length is not relied on


def _long(machine: Machine) -> None:
    size = machine.number("B")
    if size > 8:
        raise PickleError(f"a number of {size} bytes")
    machine.push(int.from_bytes(machine.take(size), "little", signed=True))


def _append(machine: Machine) -> None:
    value = machine.pop()
    machine.top(list).append(value)


def _appends(machine: Machine) -> None:
    values = machine.since_mark()
    machine.top(list).extend(values)


def _fill(machine: Machine, values: tuple[Any, ...]) -> None:
    target = machine.top(dict)
    keys = values[::2]
    # Keys are bytes alone: hashing a nested tuple can take for ever.
    if len(values) % 2 or not all(isinstance(key, bytes) for key in keys):
        raise PickleError("a dict's key that is not text")
    target.update(zip(keys, values[1::2], strict=True))


def _set_item(machine: Machine) -> None:
    _fill(machine, machine.popped(2))


def _set_items(machine: Machine) -> None:
    _fill(machine, tuple(machine.since_mark()))


def _named(machine: Machine, module: object, name: object) -> None:
    pair = (module, name) if isinstance(module, bytes) and isinstance(name, bytes) else (b"", b"")
    if pair not in _NAMES:
        shown = ".".join(repr(part)[:60] for part in (module, name) if isinstance(part, bytes))
        raise PickleError(f"it asks for {shown or 'something without a name'}")
    machine.push(_NAMES[pair])


def _global(machine: Machine) -> None:
    module = machine.line()
    _named(machine, module, machine.line())


def _stack_global(machine: Machine) -> None:
    _named(machine, *machine.popped(2))


def _reduce(machine: Machine) -> None:
    called, arguments = machine.popped(2)
    if called is _RECONSTRUCT and arguments == (_NDARRAY, (0,), b"b"):
        machine.push(_Array())
    elif called is _DTYPE and arguments == (b"u1", 0, 1):
        machine.push(_Uint8())
    else:
        raise PickleError("it asks for a call other than that of a uint8 array")


def _build(machine: Machine) -> None:
    state = machine.pop()
    target = machine.top(object)
    if isinstance(target, _Uint8) and state == _UINT8_STATE:
        return
    if not (isinstance(target, _Array) and target.content is None):
        raise PickleError("it sets the state of something other than a new uint8 array")
    if not (isinstance(state, tuple) and len(state) == 5 and state[0] == 1):
        raise PickleError("an array with an unknown state")
    _, shape, kind, is_fortran, content = state
    if not isinstance(is_fortran, bool):
        raise PickleError("an array with its elements in an unknown order")
    if not (isinstance(kind, _Uint8) and isinstance(content, bytes)):
        raise PickleError("an array that is not of uint8")
    if not (isinstance(shape, tuple) and len(shape) == 2 and all(type(n) is int for n in shape)):
        raise PickleError("an array that is not of two dimensions")
    rows, columns = shape
    if rows < 1 or columns < 1 or rows * columns != len(content):
        raise PickleError(f"an array of shape {rows} x {columns} with {len(content):,} bytes")
    target.shape, target.order, target.content = shape, "F" if is_fortran else "C", content


def _constant(value: object) -> Callable[[Machine], None]:
    return lambda machine: machine.push(value)


def _number(form: str) -> Callable[[Machine], None]:
    return lambda machine: machine.push(machine.number(form))


def _text(form: str) -> Callable[[Machine], None]:
    return lambda machine: machine.push(machine.take(machine.number(form)))


def _tuple_of(count: int) -> Callable[[Machine], None]:
    return lambda machine: machine.push(machine.popped(count))


_STEPS: dict[bytes, Callable[[Machine], None]] = {
    b"N": _constant(None),
    b"\x88": _constant(True),
    b"\x89": _constant(False),
    b"K": _number("B"),
    b"M": _number("H"),
    b"J": _number("i"),
    b"\x8a": _long,
    b"U": _text("B"),  # Python 2's text, short and long
    b"T": _text("i"),
    b"C": _text("B"),  # bytes
    b"B": _text("I"),
    b"\x8c": _text("B"),  # Unicode, kept as its UTF-8 bytes
    b"X": _text("I"),
    b"(": Machine.mark,
    b")": _constant(()),
    b"\x85": _tuple_of(1),
    b"\x86": _tuple_of(2),
    b"\x87": _tuple_of(3),
    b"t": lambda machine: machine.push(tuple(machine.since_mark())),
    b"]": lambda machine: machine.push([]),
    b"a": _append,
    b"e": _appends,
    b"}": lambda machine: machine.push({}),
    b"s": _set_item,
    b"u": _set_items,
    b"c": _global,
    b"\x93": _stack_global,
    b"R": _reduce,
    b"b": _build,
    b"q": lambda machine: machine.remember(machine.number("B")),
    b"r": lambda machine: machine.remember(machine.number("I")),
    b"\x94": lambda machine: machine.remember(len(machine.memo)),
    b"h": lambda machine: machine.recall(machine.number("B")),
    b"j": lambda machine: machine.recall(machine.number("I")),
    b"\x95": _frame,
}
