"""The embeddings of a video on disk: one HDF5 file per video and stream.

``features`` (T, D) float16, ``time_s`` (T,) float64 seconds, ``valid`` (T,) bool (the animal was seen),
and as attributes the recipe that decided the numbers. Every chunk carries a checksum (fletcher32) and so
does the file's structure (HDF5 1.10 format), so a flipped byte is an error and never another number.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.common.files import canonical_json, require_space

FORMAT = "ethocache features 1"
_REMOVE = "remove the unfinished work beside {} and run again"
VIEW = "of_view"  # in the recipe of another camera's features
_CHUNK_BYTES = 2**18  # read in ranges of a few hundred frames: small enough not to read much else, large enough to be quick


class FeatureFile:
    """The embeddings of one video by one stream, read range by range.

    Attributes
    ----------
    frames, dimensions
        T frames of D numbers each.
    recipe
        Everything that decided the numbers.
    key
        The sha256 of the recipe, under which the store keeps the file.
    """

    def __init__(self, path: Path, file: h5py.File) -> None:
        self.path = path
        self._file = file
        with _reading(path):
            if file.attrs.get("format") != np.bytes_(FORMAT.encode()):
                raise InputError(f"{path} is not a feature file of this version ({FORMAT}): run `dvc repro` to make it again")
            self._features = file["features"]
            self.frames, self.dimensions = (int(size) for size in self._features.shape)
            self.recipe: dict[str, Any] = json.loads(bytes(file.attrs["recipe"]))
            self.key = bytes(file.attrs["key"]).decode()

    @property
    def tuned_on(self) -> tuple[str, frozenset[str]]:
        """The file of the weights of a network that was fine-tuned, and the animals that they have seen; empty of any other."""
        about = self.recipe.get("tuned_on") or {"file": "", "animals": ()}
        return str(about["file"]), frozenset(about["animals"])

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a feature file; use it in a ``with`` block, or `close` it.

        Raises
        ------
        InputError
            If the file is missing, damaged, or something else.
        """
        with _reading(path):
            file = h5py.File(path, "r", locking=False)  # finished files never change, and some network disks cannot lock
        try:
            return cls(path, file)
        except InputError:
            file.close()
            raise

    @cached_property
    def time_s(self) -> npt.NDArray[np.float64]:
        """(T,) seconds since the video's first frame."""
        with _reading(self.path):
            return np.asarray(self._file["time_s"][:], np.float64)

    @cached_property
    def valid(self) -> npt.NDArray[np.bool_]:
        """(T,) True where the animal was seen."""
        with _reading(self.path):
            return np.asarray(self._file["valid"][:], np.bool_)

    def rows(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Return the embeddings of frames [start, stop) as (stop - start, D) float32; reads no others.

        Raises
        ------
        InputError
            If the file is damaged there.
        """
        if not 0 <= start <= stop <= self.frames:
            raise IndexError(f"frames {start} to {stop} are not within the {self.frames} of {self.path}")
        with _reading(self.path):
            return np.asarray(self._features[start:stop], np.float32)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


@dataclass(frozen=True)
class FeatureSet:
    """Several streams of one video, side by side, as one (T, sum of D) sequence.

    Streams of a session's further cameras (`ethocache.dataset.aligned_features`) say in their recipe which view they are of. With
    `several_views`, as there are then, the numbers of every view are NaN in frames in which it does not show the animal.
    """

    files: tuple[FeatureFile, ...]
    several_views: bool = False  # streams are then called "side.pose" (`ethocache.dataset.views.stream_of`)

    def __post_init__(self) -> None:
        first = self.files[0]
        for other in self.files[1:]:
            if not np.array_equal(other.time_s, first.time_s):
                raise InputError(
                    f"{other.path} ({other.frames} frames) and {first.path} ({first.frames} frames) have different time stamps, "
                    "so they are not of the same crop: run `dvc repro extract`"
                )

    @classmethod
    def open(cls, folder: Path, video_id: str, streams: Sequence[str]) -> Self:
        """Open ``<folder>/<video_id>.<stream>.h5`` of every stream; use it in a ``with`` block, or `close` it.

        Raises
        ------
        InputError
            If a file is missing or damaged, or the streams have different frames.
        """
        return cls.open_files([*feature_files(folder, video_id, streams).values()], any("." in stream for stream in streams))

    @classmethod
    def open_files(cls, paths: Sequence[Path], several_views: bool = False) -> Self:
        """Open the streams of one video, wherever they are; otherwise as `open`."""
        with ExitStack() as opened:
            files = tuple(opened.enter_context(FeatureFile.open(path)) for path in paths)
            together = cls(files, several_views)
            opened.pop_all()
        return together

    @property
    def frames(self) -> int:
        return self.files[0].frames

    @property
    def dimensions(self) -> int:
        return sum(file.dimensions for file in self.files)

    @property
    def widths(self) -> tuple[int, ...]:
        """Dimensions of each stream."""
        return tuple(file.dimensions for file in self.files)

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(file.key for file in self.files)

    @property
    def time_s(self) -> npt.NDArray[np.float64]:
        """(T,) seconds since the video's first frame."""
        return self.files[0].time_s

    @property
    def valid(self) -> npt.NDArray[np.bool_]:
        """(T,) True where the animal was seen in every stream; of several views, in all streams of one of them."""
        together: npt.NDArray[np.bool_] = np.logical_or.reduce([*self._valid_in.values()])
        return together

    def rows(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Return the embeddings of frames [start, stop) of all streams, (stop - start, sum of D) float32."""
        rows = [file.rows(start, stop) for file in self.files]
        if self.several_views or any(self._views):
            for view, x in zip(self._views, rows, strict=True):
                x[~self._valid_in[view][start:stop]] = np.nan
        return np.concatenate(rows, axis=1)

    @cached_property
    def _views(self) -> tuple[str, ...]:
        """The view of each stream; empty of the one whose frames these are."""
        return tuple(str(file.recipe.get(VIEW, "")) for file in self.files)

    @cached_property
    def _valid_in(self) -> dict[str, npt.NDArray[np.bool_]]:
        valid: dict[str, npt.NDArray[np.bool_]] = {}
        for view, file in zip(self._views, self.files, strict=True):
            valid[view] = valid[view] & file.valid if view in valid else file.valid
        return valid

    def close(self) -> None:
        for file in self.files:
            file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def file_name(video_id: str, stream: str) -> str:
    """Return the name of the file that holds a stream of a video."""
    return f"{video_id}.{stream}.h5"


def feature_files(folder: Path, video_id: str, streams: Sequence[str]) -> dict[str, Path]:
    """Return stream -> its file of a video in a folder."""
    return {stream: folder / file_name(video_id, stream) for stream in streams}


def assemble(
    path: Path,
    segments: Sequence[Path],
    time_s: npt.NDArray[np.float64],
    valid: npt.NDArray[np.bool_],
    recipe: dict[str, Any],
    key: str,
) -> None:
    """Join segments into one feature file; the same content gives the same bytes.

    Parameters
    ----------
    segments
        ``.npy`` files of (n, D) float16, in order. One is held in memory at a time.
    time_s, valid
        (T,) seconds and (T,) whether the animal was seen, for all frames together.

    Raises
    ------
    InputError
        If the segments do not hold T frames, or hold a number that is not finite.
    """
    shapes = [segment_shape(segment) for segment in segments]
    found = sum(rows for rows, _ in shapes)
    if not found == len(time_s) == len(valid):
        raise InputError(
            f"{path}: the video has {len(time_s)} frames ({len(valid)} flags), its segments hold {found}: {_REMOVE.format(path)}"
        )
    require_space(path.parent, sum(segment.stat().st_size for segment in segments) + time_s.nbytes + valid.nbytes)
    with h5py.File(path, "w", libver=("v110", "v110")) as file:
        set_attributes(file, recipe, key)
        write(file, "time_s", np.asarray(time_s, np.float64))
        write(file, "valid", np.asarray(valid, np.bool_))
        features = create(file, "features", (found, shapes[0][1]), np.dtype(np.float16))
        start = 0
        for segment in segments:
            rows = np.load(segment)
            if not np.isfinite(rows).all():
                raise InputError(f"{segment} holds numbers that are not finite: {_REMOVE.format(path)}")
            features[start : start + len(rows)] = rows
            start += len(rows)


def segment_shape(segment: Path) -> tuple[int, int]:
    """Return (frames, dimensions) of a segment; reads its header only."""
    rows, dimensions = np.load(segment, mmap_mode="r").shape
    return int(rows), int(dimensions)


def set_attributes(file: h5py.File, recipe: dict[str, Any], key: str) -> None:
    """Write what a feature file says of itself."""
    for name, text in {"format": FORMAT, "recipe": canonical_json(recipe), "key": key}.items():
        file.attrs[name] = np.bytes_(text.encode())


def write(file: h5py.File, name: str, values: npt.NDArray[Any]) -> None:
    """Write a whole dataset."""
    dataset = create(file, name, values.shape, values.dtype)
    dataset[:] = values
    dataset.flush()  # its place in the file must not depend on when Python closes it


def create(file: h5py.File, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """Return a new dataset in checked chunks."""
    row_bytes = dtype.itemsize * int(np.prod(shape[1:]))
    chunk = (min(shape[0], max(1, _CHUNK_BYTES // row_bytes)), *shape[1:])
    return file.create_dataset(name, shape, dtype, chunks=chunk, fletcher32=True, track_times=False)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise InputError(f"{path} is not there: run `dvc repro extract`") from None
    except (PermissionError, IsADirectoryError):
        raise
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path} is damaged ({reason}): run `ethocache store verify`, then `dvc repro`") from error
