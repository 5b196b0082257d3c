"""Read a pickle that can hold lists, dicts, numbers, text and uint8 arrays, and nothing else.

The official Python batches of CIFAR-10 are pickles, and a pickle is a program. So it is read twice:
first `pickletools` lists its opcodes, and any that such a batch does not need is refused; then
Python's unpickler runs it, which imports no name (`find_class`, "Restricting Globals" in the manual
of `pickle`): the three names that an array needs are stand-ins, which check what they are given.

Time and memory are bounded by the length of the file and `MOST_OPCODES`: lengths are checked
against the file's end, places of the memo are small, and no tuple is used twice, since a nest of
them, as the key of a dict, would take for ever to be hashed.
"""

import io
import pickle
import pickletools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from model.errors import DataFileError

MOST_OPCODES = 200_000  # an official batch has about 30,000
_OTHER_CALL = "it asks for a call other than that of a uint8 array"

# As Python 2 writes a batch, or Python 3 with protocol 2 to 4.
_TUPLES = {"EMPTY_TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "TUPLE"}
_PUTS = {"BINPUT", "LONG_BINPUT", "MEMOIZE"}
_GETS = {"BINGET", "LONG_BINGET"}
_LISTED = """
    NONE NEWTRUE NEWFALSE BININT1 BININT2 BININT LONG1 SHORT_BINSTRING BINSTRING SHORT_BINBYTES
    BINBYTES SHORT_BINUNICODE BINUNICODE EMPTY_LIST EMPTY_DICT GLOBAL STACK_GLOBAL REDUCE
"""
_VALUES = set(_LISTED.split())
_FILLS = {"APPEND", "APPENDS", "SETITEM", "SETITEMS", "BUILD", "MARK", "STOP"}
_KNOWN = {"PROTO", "FRAME", *_TUPLES, *_PUTS, *_GETS, *_VALUES, *_FILLS}


class _PickleError(Exception):
    """What is wrong with a pickle, without the file's name."""


def loads(payload: bytes, where: str) -> dict[bytes, object]:
    """The dict that the pickle `payload` holds; its keys are bytes (UTF-8).

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
        _check_opcodes(payload)
        return _read(payload)
    except Exception as fault:  # an unpickler may raise anything
        raise DataFileError(
            f"{where}: is not a pickled batch ({fault}); expected a dict of plain lists, numbers "
            "and text and a uint8 array, and nothing else"
        ) from None


def _opcodes(payload: bytes) -> Iterator[tuple[str, int | None]]:
    """The names of all opcodes, and the place in the memo of those that have one."""
    if payload[:2] not in (b"\x80\x02", b"\x80\x03", b"\x80\x04"):
        raise _PickleError("it doesn't begin as a pickle of protocol 2, 3 or 4")
    place = 0
    for count, (opcode, argument, at) in enumerate(pickletools.genops(payload)):
        place = at or 0
        if count == MOST_OPCODES:
            raise _PickleError(f"more than {MOST_OPCODES:,} opcodes")
        if opcode.name not in _KNOWN:
            raise _PickleError(f"opcode {opcode.name} at byte {place:,}")
        yield opcode.name, argument if isinstance(argument, int) else None
    if place + 1 != len(payload):
        raise _PickleError(f"more after its end at byte {place + 1:,}")


def _check_opcodes(payload: bytes) -> None:
    memo: dict[int | None, bool] = {}  # whether a tuple may be there
    is_tuple = False  # whether the last value may be one
    for name, index in _opcodes(payload):
        if name in _PUTS:
            index = len(memo) if index is None else index
            if index >= MOST_OPCODES:
                raise _PickleError(f"place {index:,} of its memo")
            memo[index] = is_tuple
        elif name in _GETS:
            if memo.get(index):
                raise _PickleError("a tuple that is used twice")
            is_tuple = False
        elif name not in ("PROTO", "FRAME"):
            is_tuple = name not in _VALUES  # what is filled may be one, where nothing is filled in


def _read(payload: bytes) -> dict[bytes, object]:
    top = _Reader(io.BytesIO(payload), encoding="bytes").load()
    if not isinstance(top, dict):
        raise _PickleError("no dict at the top")
    return {_text(key): v.built() if isinstance(v, _Array) else v for key, v in top.items()}


class _Reader(pickle.Unpickler):
    """Knows the three names of a uint8 array."""

    def find_class(self, module: str, name: str) -> object:
        """The stand-in of a name."""
        if (module, name) not in _NAMES:
            raise _PickleError(f"it asks for {module[:60]!r}.{name[:60]!r}")
        return _NAMES[module, name]


# With other attributes than these slots, a pickle could set them.


class _NDArray:
    """Stands for NumPy's class of arrays; it is only mentioned."""

    __slots__ = ()

    def __call__(self, *_: object) -> None:
        raise _PickleError(_OTHER_CALL)


class _Uint8:
    """Stands for NumPy's dtype of unsigned bytes."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        if _texts(state) != (3, b"|", None, None, None, -1, -1, 0):
            raise _PickleError("an array that is not of uint8")


class _Array:
    """Stands for an array, until its state is set."""

    __slots__ = ("_built",)

    def __init__(self) -> None:
        self._built: npt.NDArray[np.uint8] | None = None

    def built(self) -> npt.NDArray[np.uint8]:
        """The array itself: (rows, columns) uint8, read-only, without a copy of its bytes."""
        if self._built is None:
            raise _PickleError("an array without content")
        return self._built

    def __setstate__(self, state: object) -> None:
        if self._built is not None:
            raise _PickleError("it sets the state of something other than a new uint8 array")
        match state:
            case (1, (int(rows), int(columns)), _Uint8(), bool(is_fortran), bytes(content)):
                if rows < 1 or columns < 1 or rows * columns != len(content):
                    raise _PickleError(
                        f"an array of shape {rows} x {columns} with {len(content):,} bytes"
                    )
                flat = np.frombuffer(content, np.uint8)
                shaped = flat.reshape((rows, columns), order="F" if is_fortran else "C")
                self._built = shaped
            case _:
                raise _PickleError("an array that is not of uint8 and of two dimensions")


class _Reconstruct:
    """Stands for the function that makes an empty array."""

    __slots__ = ()

    def __call__(self, *arguments: object) -> _Array:
        if _texts(arguments) != (_NDARRAY, (0,), b"b"):
            raise _PickleError(_OTHER_CALL)
        return _Array()


class _DType:
    """Stands for the class of dtypes."""

    __slots__ = ()

    def __call__(self, *arguments: object) -> _Uint8:
        if _texts(arguments) != (b"u1", 0, 1):
            raise _PickleError(_OTHER_CALL)
        return _Uint8()


_NDARRAY = _NDArray()
_NAMES = {
    ("numpy.core.multiarray", "_reconstruct"): _Reconstruct(),
    ("numpy._core.multiarray", "_reconstruct"): _Reconstruct(),  # since NumPy 2
    ("numpy", "ndarray"): _NDARRAY,
    ("numpy", "dtype"): _DType(),
}


def _text(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, bytes):
        return value
    raise _PickleError("a dict's key that is not text")


def _texts(values: object) -> object:
    """A tuple with its text as bytes, which is what Python 2 wrote."""
    if not isinstance(values, tuple):
        return values
    return tuple(_text(value) if isinstance(value, str) else value for value in values)
