"""The queue and the doubts, as tables for spreadsheets and for a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ethocache.common.wording import counted
from ethocache.dataset.summary_table import Cell, write_table
from ethocache.dataset.text import shown
from ethocache.scoring.review.doubts import Doubt
from ethocache.scoring.review.moments import Moment
from ethocache.scoring.review.queue import Queue
from ethocache.scoring.text_table import aligned

QUEUE_COLUMNS = (
    *("rank", "video", "file", "behaviour", "start_s", "stop_s", "start_frame", "stop_frame", "why"),
    *("expected_wrong_frames", "expected_new_frames", "weight", "watching_s", "gain_per_s"),
)
DOUBT_COLUMNS = (
    *("kind", "video", "file", "rater", "behaviour", "instead", "start_s", "stop_s", "start_frame", "stop_frame"),
    *("model_sureness", "detail"),
)
_PRINTED = 20


def write_queue(path: Path, queue: Queue, files: Mapping[str, str]) -> None:
    """Write ``queue.csv``: one row a moment, the first to look at first.

    Parameters
    ----------
    files
        Video -> its file in the data folder.
    """
    write_table(path, QUEUE_COLUMNS, _queue(queue, files))


def _queue(queue: Queue, files: Mapping[str, str]) -> Iterator[list[Cell]]:
    for rank, moment in enumerate(queue.moments, 1):
        place: list[Cell] = [moment.start_s, moment.stop_s, moment.start, moment.stop]
        numbers: list[Cell] = [moment.wrong, moment.new, moment.weight, moment.watching_s, moment.gain]
        yield [rank, moment.video, files[moment.video], moment.behaviour, *place, moment.why, *numbers]


def write_doubts(path: Path, doubts: Sequence[Doubt], files: Mapping[str, str]) -> None:
    """Write ``doubts.csv``: one row a suspected labelling error."""
    write_table(path, DOUBT_COLUMNS, _doubts(doubts, files))


def _doubts(doubts: Sequence[Doubt], files: Mapping[str, str]) -> Iterator[list[Cell]]:
    for doubt in doubts:
        place: list[Cell] = [doubt.start_s, doubt.stop_s, doubt.start, doubt.stop]
        about: list[Cell] = [doubt.kind, doubt.video, files.get(doubt.video, ""), doubt.rater, doubt.behaviour, doubt.instead]
        yield [*about, *place, doubt.sureness, doubt.detail]


def queue_in_words(queue: Queue) -> str:
    """Return what looking at all moments would likely bring, and a table of the first of them."""
    if not queue.moments:
        return f"no moment is worth a look: {queue.wrong_in_all:.1f} frames are expected to be wrong in all, few of them together"
    new = any(moment.new for moment in queue.moments)
    head = ["video", "seconds", "frames", "behaviour", "wrong", *(["new"] if new else []), "why"]
    where = f"{counted(len(queue.moments), 'moment')} in {counted(len({moment.video for moment in queue.moments}), 'video')}"
    summary = (
        f"{where}, about {_time(queue.watching_s)} of looking: if the model's probabilities are "
        f"right, {queue.wrong:.0f} of an expected {queue.wrong_in_all:.0f} wrong frames would be put right ({queue.share:.0%})"
    )
    if new:
        summary += f", and {queue.new:.0f} frames of these behaviours labelled where nobody looked yet"
    return "\n".join([summary, *_table(head, [_line(moment, new) for moment in queue.moments], "queue.csv")])


def _table(head: list[str], rows: list[list[str]], file: str) -> list[str]:
    """Return the first rows below their heads, and how many more there are."""
    more = [f"... and {len(rows) - _PRINTED} more in {file}"] if len(rows) > _PRINTED else []
    return [aligned([head, *rows[:_PRINTED]], left=len(head)), *more]


def _line(moment: Moment, new: bool) -> list[str]:
    seconds = f"{moment.start_s:.1f}-{moment.stop_s:.1f}"
    numbers = [f"{moment.wrong:.1f}", *([f"{moment.new:.1f}"] if new else [])]
    return [shown(moment.video), seconds, f"{moment.start}-{moment.stop}", shown(moment.behaviour), *numbers, moment.why]


def doubts_in_words(doubts: Sequence[Doubt], videos: int) -> str:
    """Return how many doubts there are, and a table of the first."""
    if not doubts:
        return f"no label of {counted(videos, 'video')} looks wrong to models that never saw the animal"
    where = f"{counted(len(doubts), 'suspected labelling error')} in {counted(videos, 'labelled video')}"
    summary = f"{where}: look before you change a label, the model errs as well"
    return "\n".join([summary, *_table(["whose", "seconds", "what"], [_doubt_line(doubt) for doubt in doubts], "doubts.csv")])


def _doubt_line(doubt: Doubt) -> list[str]:
    whose = f"rater {shown(doubt.rater)}" if doubt.rater else shown(doubt.video)
    seconds = f"{doubt.start_s:.1f}-{doubt.stop_s:.1f}" if doubt.start_s is not None else ""
    return [whose, seconds, shown(doubt.detail)]


def _time(seconds: float) -> str:
    return f"{seconds / 60:.1f} min" if seconds >= 60 else f"{seconds:.0f} s"
