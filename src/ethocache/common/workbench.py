"""Where a result of the store is being made, piece by piece, so that a kill costs no more than a piece."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ethocache.common.files import replacing


@dataclass(frozen=True)
class Workbench:
    """Where one entry is being made.

    Attributes
    ----------
    output
        An empty folder; the files left in it become the entry.
    segments
        A folder whose files survive a kill, so that the next run goes on where this one stopped.
    """

    output: Path
    segments: Path

    def finished_segments(self, suffix: str) -> list[Path]:
        """Return the finished segments in order, up to the first that is missing."""
        found: list[Path] = []
        while (path := self.segment(len(found), suffix)).exists():
            found.append(path)
        return found

    def segment(self, number: int, suffix: str) -> Path:
        return self.segments / f"{number:06d}{suffix}"

    @contextmanager
    def writing_segment(self, number: int, suffix: str) -> Iterator[Path]:
        """Give a temporary path; the segment exists only when the block has ended well."""
        with replacing(self.segment(number, suffix)) as temporary:
            yield temporary
