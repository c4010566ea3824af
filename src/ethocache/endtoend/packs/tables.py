"""The tables of a folder of tags, which grow from run to run: what each video shows, and how it compares with the training videos."""

import csv
from collections.abc import Collection, Sequence
from pathlib import Path

from ethocache.common.wording import counted
from ethocache.dataset.summary_table import Cell, plain_text, summary_header, summary_row, write_table
from ethocache.dataset.tagged_video import TaggedVideo
from ethocache.endtoend.packs.results import Results
from ethocache.endtoend.packs.unlike import Finding

UNLIKE_COLUMNS = ("video", "measure", "value", "training_low", "training_high", "alarms_below", "alarms_above", "unlike")
Rows = Sequence[Sequence[Cell]]
_SHOWN = 5  # names of videos without a row


class Tables:
    """``summary.csv`` and ``unlike.csv``: the rows of a run replace those of the same videos, the others stay.

    A row stays as long as its video's table of tags lies in the folder. Rows are in order of the videos' names.

    Parameters
    ----------
    results
        The folder.
    fields
        What is said of each video beside its name.
    behaviours
        In the order of the tags.
    """

    def __init__(self, results: Results, fields: Sequence[str], behaviours: Sequence[str]) -> None:
        self._results, self._fields, self._behaviours = results, fields, behaviours
        self._summary: list[list[Cell]] = []
        self._unlike: list[list[Cell]] = []

    def add(self, video: TaggedVideo, findings: Sequence[Finding]) -> None:
        """Take what a video shows, and how it compares with the training videos."""
        self._summary.append(summary_row(video, self._fields, self._behaviours))
        for each in findings:
            self._unlike.append(
                [video.video, each.measure, each.value, each.low, each.high, each.least, each.most, int(each.unlike)],
            )

    def write(self) -> list[str]:
        """Write both; return notes on earlier tables whose rows are lost, and on tagged videos that have no row."""
        with self._results.alone():
            lost = [
                *self._merge("summary.csv", summary_header(self._fields, self._behaviours), self._summary),
                *self._merge("unlike.csv", UNLIKE_COLUMNS, self._unlike),
            ]
            return lost or self._without_a_row()

    def _merge(self, file: str, header: Sequence[str], rows: Rows) -> list[str]:
        path = self._results.folder / file
        earlier = _read(path, [plain_text(name) for name in header])
        anew = {plain_text(str(row[0])) for row in self._summary}
        kept = _of_videos(earlier or [], {plain_text(video) for video in self._results.tagged()} - anew)
        write_table(path, header, sorted([*kept, *rows], key=lambda row: plain_text(str(row[0]))))
        return [] if earlier is not None else [f"{path} was changed by another program; it is new, with the videos of this run only"]

    def _without_a_row(self) -> list[str]:
        """Return a note on videos that a run tagged which was ended before it wrote its tables, or has not come to its end."""
        path = self._results.folder / "summary.csv"
        header = [plain_text(name) for name in summary_header(self._fields, self._behaviours)]
        there = {row[0] for row in _read(path, header) or []}
        lacking = sorted({plain_text(video) for video in self._results.tagged()} - there)
        if not lacking:
            return []
        names = ", ".join(lacking[:_SHOWN]) + (", ..." if len(lacking) > _SHOWN else "")
        return [
            f"{path} has no row of {counted(len(lacking), 'tagged video')} ({names}), whose run has not ended or was ended: name them again"
        ]


def _of_videos(rows: Sequence[list[str]], videos: Collection[str]) -> Rows:
    return [row for row in rows if row[0] in videos]


def _read(path: Path, header: Sequence[str]) -> list[list[str]] | None:
    """Return the rows of an earlier table, none where there is no table; None where it is not as `write_table` wrote it."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            found, *rows = csv.reader(file)
    except FileNotFoundError:
        return []
    except (ValueError, csv.Error):
        return None
    return rows if found == header and all(len(row) == len(header) for row in rows) else None
