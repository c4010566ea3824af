"""Read DeepLabCut's HDF5 files without pandas, and without ever building an object that a file asks for.

DeepLabCut saves a pandas data frame: a group with the attribute ``pandas_type``, as ``frame_table`` (a table
``table`` with an ``index`` field and one ``values_block_N`` field per kind of number, the names of whose columns
are pickled in the attribute ``values_block_N_kind``) or as ``frame`` (``blockN_values`` with the levels
``blockN_items_levelM`` and codes ``blockN_items_labelM`` of its columns; nothing pickled).
"""

import io
import math
import pickle
import pickletools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import h5py
import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.dataset.deeplabcut_columns import Column, PoseTable, column_of

_NOTHING_BUT_NAMES = {
    *("PROTO", "FRAME", "STOP", "MARK", "POP", "POP_MARK", "NONE", "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1"),
    *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "STRING", "BINSTRING", "SHORT_BINSTRING"),
    *("LIST", "EMPTY_LIST", "APPEND", "APPENDS", "TUPLE", "EMPTY_TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"),
    *("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE", "GET", "BINGET", "LONG_BINGET"),
}
_BROKEN_PICKLE = (pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, LookupError, OverflowError)
_BYTES_PER_BYTE, _BYTES_OF_ANY = 200, 64 * 2**20  # what a file may claim to hold: well beyond what compression reaches
Block = tuple[tuple[Column, ...], "h5py.Dataset", str]  # its columns, where its numbers are, the field that holds them or ""


class RefusedPickle(InputError):
    """The file holds a pickled object where the names of columns should be."""


class _NamesUnpickler(pickle.Unpickler):
    """Builds lists, tuples, strings and whole numbers; whatever would import something is refused."""

    def find_class(self, module_name: str, global_name: str, /) -> NoReturn:
        raise pickle.UnpicklingError(f"{module_name}.{global_name}")


def load_names(pickled: bytes) -> Any:
    """Load a pickle of nothing but lists, tuples, strings, whole numbers and None.

    Raises
    ------
    RefusedPickle
        For any other pickle. None of its content is built or run.
    """
    try:
        for operation, argument, _ in pickletools.genops(pickled):
            if operation.name not in _NOTHING_BUT_NAMES:
                raise pickle.UnpicklingError(operation.name)
            if "PUT" in operation.name and int(argument or 0) > len(pickled):  # asks for more memory than it can mean to use
                raise pickle.UnpicklingError(operation.name)
        return _NamesUnpickler(io.BytesIO(pickled), encoding="utf-8").load()
    except _BROKEN_PICKLE:
        raise RefusedPickle(
            "the names of its columns hold a pickled object, which ethocache never loads because it could run a program; "
            "export the track as CSV from DeepLabCut and keep only the .csv"
        ) from None


def read_columns(path: Path) -> tuple[Column, ...]:
    """Read only which columns the file has."""
    with _frame(path) as frame:
        return tuple(column for columns, _, _ in _blocks(frame) for column in columns)


def read_h5(path: Path) -> PoseTable:
    """Read a DeepLabCut HDF5 file.

    Raises
    ------
    InputError
        If it is none, is damaged, lacks frames, or names its columns by a pickled object. The path is not named.
    """
    with _frame(path) as frame:
        _check_frames(frame)
        blocks = _blocks(frame)
        columns = tuple(column for names, _, _ in blocks for column in names)
        return PoseTable(columns, np.concatenate([_numbers(block) for block in blocks], axis=1))


@contextmanager
def _frame(path: Path) -> Iterator["h5py.Group"]:
    try:
        with h5py.File(path, "r") as file:
            frames = [item for item in file.values() if isinstance(item, h5py.Group) and _kind(item) in ("frame", "frame_table")]
            if len(frames) != 1:
                raise InputError(f"expected one table of DeepLabCut in the file, found {len(frames)}")
            yield frames[0]
    except (FileNotFoundError, PermissionError):
        raise
    except (OSError, LookupError, RuntimeError, ValueError, TypeError, AttributeError) as error:  # h5py on broken files
        raise InputError(f"not an HDF5 file of DeepLabCut, or a damaged one ({' '.join(str(error).split())})") from None


def _kind(frame: "h5py.Group") -> str:
    value = frame.attrs.get("pandas_type", "")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _dataset(frame: "h5py.Group", name: str) -> "h5py.Dataset":
    """Return a dataset that may be read: a small file can claim any number of rows, and reading them would fill the memory."""
    dataset = frame[name]
    size = dataset.file.id.get_filesize()
    if math.prod(dataset.shape) * dataset.dtype.itemsize > _BYTES_PER_BYTE * size + _BYTES_OF_ANY:
        raise InputError(f"'{dataset.name}' claims the shape {dataset.shape}, more than a file of {size} bytes can hold; copy it again")
    return dataset


def _blocks(frame: "h5py.Group") -> list[Block]:
    if _kind(frame) == "frame_table":
        table = _dataset(frame, "table")
        return [(_pickled_columns(table, field), table, field) for field in table.dtype.names if field.startswith("values_block_")]
    numbers = range(int(frame.attrs["nblocks"]))
    return [(_levelled_columns(frame, f"block{number}_items"), _dataset(frame, f"block{number}_values"), "") for number in numbers]


def _pickled_columns(table: "h5py.Dataset", field: str) -> tuple[Column, ...]:
    kind = table.attrs[f"{field}_kind"]
    entries = load_names(kind if isinstance(kind, bytes) else str(kind).encode("latin-1"))
    if not isinstance(entries, list) or not all(_is_levels(entry) for entry in entries):
        raise InputError("the names of its columns are no list of scorer, bodyparts and coords; export the track as CSV from DeepLabCut")
    return tuple(column_of(entry) for entry in entries)


def _is_levels(entry: object) -> bool:
    return isinstance(entry, tuple) and all(isinstance(level, str) for level in entry)


def _levelled_columns(frame: "h5py.Group", items: str) -> tuple[Column, ...]:
    levels = range(int(frame.attrs[f"{items}_nlevels"]))
    names = [_dataset(frame, f"{items}_level{level}").asstr("utf-8")[:] for level in levels]
    codes = [_dataset(frame, f"{items}_label{level}")[:] for level in levels]
    if any(code.min(initial=0) < 0 for code in codes):
        raise InputError("a column has no name; export the track again from DeepLabCut")
    return tuple(column_of([name[code] for name, code in zip(names, place, strict=True)]) for place in zip(*codes, strict=True))


def _numbers(block: Block) -> npt.NDArray[np.float64]:
    columns, dataset, field = block
    values = dataset[field] if field else dataset[:]
    if values.dtype.kind not in "fiu":
        raise InputError(f"'{dataset.name}' holds {values.dtype.name} values, expected numbers; export the track as CSV from DeepLabCut")
    if not field and not dataset.attrs.get("transposed", 0):
        values = values.T
    if values.ndim != 2 or values.shape[1] != len(columns):
        raise InputError(f"'{dataset.name}' has the shape {values.shape}, expected one row per frame and {len(columns)} columns")
    return np.asarray(values, np.float64)


def _check_frames(frame: "h5py.Group") -> None:
    table = _kind(frame) == "frame_table"
    if table and "index" not in frame["table"].dtype.names:
        raise InputError("expected frame numbers 0, 1, 2 ..., found no index")
    index = _dataset(frame, "table")["index"] if table else _dataset(frame, "axis1")[:]
    if index.dtype.kind not in "iu":
        raise InputError(f"expected frame numbers 0, 1, 2 ..., found {index.dtype.name} values")
    wrong = np.flatnonzero(index != np.arange(len(index)))
    if len(wrong):
        row = wrong[0]
        raise InputError(f"row {row + 1}: expected frame {row}, found {index[row]}; every frame must be there once and in order")
