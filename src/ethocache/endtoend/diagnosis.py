"""What the doctor finds: things that are wrong, odd or good to know, and what each video has."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from ethocache.scoring.agreement import Agreement

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong (error), odd (warning) or good to know (note): file, place, what was expected, what to do."""

    level: Level
    text: str


@dataclass
class Row:
    """One video, as the doctor's table shows it.

    Attributes
    ----------
    video
        Its id.
    frames, fps, duration_s
        Of the video; of a session without one, of its track.
    track_rows
        Rows of its track; None without a track.
    formats
        Format of each of its labels files.
    labelled_s
        Rater -> behaviour -> seconds in which it is shown.
    scored_s
        Rater -> seconds in which the rater looked.
    corrections
        How many are laid over its labels.
    """

    video: str
    frames: int
    fps: float
    duration_s: float
    track_rows: int | None = None
    formats: list[str] = field(default_factory=list)
    labelled_s: dict[str, dict[str, float]] = field(default_factory=dict)
    scored_s: dict[str, float] = field(default_factory=dict)
    corrections: int = 0


@dataclass
class Diagnosis:
    """All that the doctor has found.

    Attributes
    ----------
    rows
        The videos that could be read.
    findings
        Errors first.
    agreement
        Behaviour -> pair of raters -> how far they agree, over all videos that both labelled.
    """

    rows: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    agreement: dict[str, dict[tuple[str, str], Agreement]] = field(default_factory=dict)

    def add(self, level: Level, texts: Iterable[str]) -> None:
        self.findings += [Finding(level, line) for text in texts for line in text.splitlines()]
        self.findings.sort(key=lambda finding: LEVELS.index(finding.level))

    def count(self, level: Level) -> int:
        return sum(finding.level == level for finding in self.findings)
