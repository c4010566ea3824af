"""Where the animal is in every frame: key points, however they were made, and the file that keeps them."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.common.files import canonical_json, replacing
from ethocache.dataset.deeplabcut import is_named_after, is_track, match_tracks, read_points
from ethocache.dataset.text import shown

__all__ = ["Track", "fit_track", "is_named_after", "is_track", "load_pcutoff", "load_track", "match_tracks", "read_track", "write_track"]

FORMAT = "ethocache track 1"
_ROUNDING = 1e-6  # how far float32 may carry a likelihood over 1


@dataclass(frozen=True, eq=False)
class Track:
    """Key points of every frame of a video.

    Attributes
    ----------
    points
        (T, I, K, 3) float32: x px, y px, likelihood of T frames, I individuals, K key points. x and y are NaN where a
        point was not seen.
    names
        K names of key points.
    individuals
        I names; ``("",)`` for a single animal.
    pcutoff
        The likelihood from which its source trusts a point, as DeepLabCut's projects name it; None where it does not say.
    """

    points: npt.NDArray[np.float32]
    names: tuple[str, ...]
    individuals: tuple[str, ...] = ("",)
    pcutoff: float | None = None

    def __post_init__(self) -> None:
        _check_shape(self)
        infinite = np.asarray(np.isinf(self.points[..., :2]).any(axis=-1))
        if infinite.any():
            raise InputError(f"{_place(self, infinite)}: expected a position in pixels, found an infinite one")
        likelihood = self.points[..., 2]
        wrong = np.asarray((likelihood < 0) | (likelihood > 1 + _ROUNDING))
        if wrong.any():
            found = likelihood[wrong][0]
            raise InputError(f"{_place(self, wrong)}: expected a likelihood between 0 and 1, found {found:g}; are the columns mixed up?")
        if np.isnan(self.points[..., :2]).any(axis=-1).all():
            raise InputError("no point is seen in any frame; track the video again")

    @property
    def frames(self) -> int:
        return len(self.points)


def read_track(path: Path) -> Track:
    """Read a track that DeepLabCut wrote: .csv or .h5, of one animal or several; its content decides which.

    A point that lacks x, y or likelihood was not seen: NaN, NaN, 0.

    Raises
    ------
    InputError
        If the file is none of DeepLabCut's, or anything in it cannot be right.
    """
    try:
        return Track(*read_points(path))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def fit_track(track: Track, frames: int, file: str) -> tuple[Track, str | None]:
    """Return the track with one row per frame of its video, and what was done to get there.

    DeepLabCut sometimes counts one frame that the video does not hold: a single surplus last row is dropped.

    Raises
    ------
    InputError
        If rows and frames differ in any other way.
    """
    note = check_rows(track.frames, frames, file)
    return (replace(track, points=track.points[:frames]), note) if note else (track, None)


def check_rows(rows: int, frames: int, file: str) -> str | None:
    """Return a note where a track has one row more than its video has frames; raise `InputError` where they differ otherwise."""
    if rows == frames:
        return None
    if rows == frames + 1:
        return f"{file}: the track has one row more than the video's {frames} frames; its last row is dropped"
    raise InputError(
        f"{file}: expected one row for each of the video's {frames} frames (one more is dropped), found {rows} rows; "
        "is it the track of this video, or of a cut or re-encoded one?"
    )


def write_track(path: Path, track: Track) -> None:
    """Keep a track as HDF5, at once; the same track gives the same bytes."""
    with replacing(path, track.points.nbytes) as temporary, h5py.File(temporary, "w", libver="earliest") as file:
        file.attrs["format"] = FORMAT
        if track.pcutoff is not None:
            file.attrs["pcutoff"] = track.pcutoff
        for name, words in (("names", track.names), ("individuals", track.individuals)):
            text = canonical_json(list(words)).encode()
            file.create_dataset(name, data=np.frombuffer(text, np.uint8), track_times=False)  # UTF-8 of a JSON list: no limit, no heap
        chunks = (min(track.frames, 4096), *track.points.shape[1:])
        file.create_dataset("points", data=track.points.astype("<f4"), chunks=chunks, fletcher32=True, track_times=False)


def load_track(path: Path) -> Track:
    """Read what `write_track` wrote.

    Raises
    ------
    InputError
        If the file is damaged or is another's.
    """
    try:
        with h5py.File(path, "r") as file:
            if file.attrs["format"] != FORMAT:
                raise InputError(f"its format is '{shown(str(file.attrs['format']))}', expected '{FORMAT}'")
            names, individuals = (tuple(json.loads(file[name][:].tobytes())) for name in ("names", "individuals"))
            return Track(file["points"][:], names, individuals, _pcutoff(file))
    except (FileNotFoundError, PermissionError):
        raise
    except (InputError, OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError) as error:  # h5py on broken files
        reason = " ".join(str(error).split())
        remedy = "run 'ethocache store verify', then 'dvc repro'"
        raise InputError(f"{path}: not a track of ethocache, or a damaged one ({reason}); {remedy}") from None


def load_pcutoff(path: Path) -> float | None:
    """Read the `Track.pcutoff` of what `write_track` wrote, without its points; None also of a file that `load_track` refuses."""
    try:
        with h5py.File(path, "r") as file:
            return _pcutoff(file)
    except (OSError, KeyError, RuntimeError, ValueError, TypeError):
        return None


def _pcutoff(file: h5py.File) -> float | None:
    value = file.attrs.get("pcutoff")
    return None if value is None else float(value)


def _check_shape(track: Track) -> None:
    shape = track.points.shape
    if len(shape) != 4 or shape[1:] != (len(track.individuals), len(track.names), 3) or track.points.dtype != np.float32:
        raise InputError(
            f"expected points (frames, {len(track.individuals)} individuals, {len(track.names)} key points, 3) float32, "
            f"found {shape} {track.points.dtype}"
        )
    if 0 in shape:
        raise InputError(f"expected at least one frame, individual and key point, found {shape[0]}, {shape[1]} and {shape[2]}")
    for what, names in (("key point", track.names), ("individual", track.individuals)):
        if len(set(names)) < len(names):
            raise InputError(f"two {what}s have the same name: {shown(', '.join(names))}")


def _place(track: Track, wrong: npt.NDArray[np.bool_]) -> str:
    frame, individual, point = np.argwhere(wrong)[0]
    return f"frame {frame}, '{shown(' '.join(part for part in (track.individuals[individual], track.names[point]) if part))}'"
