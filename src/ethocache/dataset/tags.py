"""The tables that a lab takes home: a tag for every frame, and the bouts they make."""

import csv
import io
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.common.files import replacing
from ethocache.dataset.runs import frame_durations_s, runs

_ROWS_AT_ONCE = 8192
BOUT_COLUMNS = ("behaviour", "start_s", "stop_s", "duration_s", "mean_probability", "start_frame", "stop_frame")


def write_tags(
    path: Path,
    frame: npt.NDArray[np.integer],
    time_s: npt.NDArray[np.float64],
    probability: npt.NDArray[np.floating],
    tags: npt.NDArray[np.integer],
    behaviours: Sequence[str],
) -> None:
    """Write a CSV with one row a frame: its number, its time, and per behaviour the probability and the 0/1 tag.

    Parameters
    ----------
    frame, time_s
        (T,) number of each frame, and its time stamp in seconds.
    probability, tags
        (T, B), in the order of `behaviours`.

    Raises
    ------
    InputError
        If two columns would have the same name.
    """
    header = tags_header(behaviours)
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise InputError(f"{path.name}: two columns would be named '{twice}': rename one of the behaviours {', '.join(behaviours)}")
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.write(csv_line(header))
        for start in range(0, len(time_s), _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            file.write(tags_lines(frame[part], time_s[part], probability[part], tags[part]))


def tags_lines(
    frame: npt.NDArray[np.integer],
    time_s: npt.NDArray[np.float64],
    probability: npt.NDArray[np.floating],
    tags: npt.NDArray[np.integer],
) -> str:
    """Return the lines of a table of tags, below its header, for some frames; see `write_tags`."""
    columns = [frame, time_s, *(column for b in range(tags.shape[1]) for column in (probability[:, b], tags[:, b]))]
    row = "%d,%.6f" + ",%.4f,%d" * tags.shape[1] + "\n"
    return "".join([row % values for values in zip(*(column.tolist() for column in columns), strict=True)])


def write_bouts(
    path: Path,
    time_s: npt.NDArray[np.float64],
    probability: npt.NDArray[np.floating],
    tags: npt.NDArray[np.integer],
    behaviours: Sequence[str],
) -> None:
    """Write a CSV with one row a bout, in order of time; it can be read back as labels.

    A bout is the half-open range from its first frame to the first frame after it: ``stop_s`` is that
    frame's time stamp. At the end of the video it is the last time stamp plus the median interval.
    ``start_frame`` and ``stop_frame`` say the same in frames from 0; they alone are exact where two frames
    have one time stamp.

    Parameters
    ----------
    time_s
        (T,) time stamps in seconds.
    probability, tags
        (T, B), in the order of `behaviours`.
    """
    edges_s = frame_edges_s(time_s)
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.write(csv_line(BOUT_COLUMNS))
        for start, b, stop in bouts_of(tags):
            start_s, stop_s = edges_s[start], edges_s[stop]
            mean = probability[start:stop, b].mean(dtype=np.float64)
            numbers = f"{start_s:.6f},{stop_s:.6f},{stop_s - start_s:.6f},{mean:.4f},{start},{stop}"
            file.write(csv_line([behaviours[b]]).rstrip("\n") + f",{numbers}\n")


def read_tags(path: Path) -> tuple[tuple[str, ...], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int8]]:
    """Read what `write_tags` wrote.

    Returns
    -------
    tuple
        Behaviours; (T,) time stamps in s; (T, B) probabilities; (T, B) tags, 0 or 1.

    Raises
    ------
    InputError
        If the file is not there, or is another's.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header = next(csv.reader(file), [""])
            first = next(file, None)  # line by line: a list of all lines takes several times as much memory as their numbers
            values = np.empty((0, len(header)))
            if first is not None:
                values = np.loadtxt(chain([first], file), delimiter=",", ndmin=2).reshape(-1, len(header))
    except FileNotFoundError:
        raise InputError(f"{path} is not there: run 'dvc repro', which tags the videos without labels") from None
    except ValueError as error:
        raise InputError(f"{path}: not a table of tags, or an edited one ({error}); delete it and run 'dvc repro'") from None
    behaviours = tuple(header[3::2])
    if header != tags_header(behaviours):
        raise InputError(f"{path}: expected the columns of a table of tags, found another header; delete it and run 'dvc repro'")
    return behaviours, values[:, 1], values[:, 2::2], values[:, 3::2].astype(np.int8)


def tags_header(behaviours: Sequence[str]) -> list[str]:
    """Return the columns of a table of tags."""
    return ["frame", "time_s", *(column for name in behaviours for column in (f"{name}_probability", name))]


def frame_edges_s(time_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return when each frame begins and the last one ends, (T + 1,) s; the last lasts for the median interval."""
    return np.append(time_s, time_s[-1:] + frame_durations_s(time_s)[-1:])


def bouts_of(tags: npt.NDArray[np.integer]) -> list[tuple[int, int, int]]:
    """Return first frame, behaviour and first frame after it of every bout in (T, B) tags, in order of time."""
    return sorted((start, b, stop) for b in range(tags.shape[1]) for start, stop in runs(tags[:, b] > 0).tolist())


def csv_line(cells: Iterable[str]) -> str:
    """Return a line of a table."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()
