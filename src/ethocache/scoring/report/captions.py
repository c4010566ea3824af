"""The pictures of `evaluate` on the overview, each with a caption in plain words."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_CAPTIONS = {
    "ethogram": "Labels above tags, video by video, along time. Every video was tagged by models that never saw its animal.",
    "pr": "Of all frames that show a behaviour, how many are found (recall), against how many of the found ones are right (precision), "
    "for every threshold. A line nearer to the upper right corner is better; thin lines are single animals or groups that were left out.",
    "durations": "For how long each video shows a behaviour, by its tags and by its labels. On the dashed line both agree.",
    "counts": "How many bouts each video has, by its tags and by its labels. On the dashed line both agree.",
    "confusion": "What was tagged where people labelled a behaviour: the stronger the diagonal, the better.",
    "reliability": "Whether probabilities mean what they say: of the frames with 30 %, about 30 % should show the behaviour.",
    "training": "How each training went: the loss falls, the score on animals kept aside levels off.",
}
_NAMES = {
    "ethogram": "Labels and tags",
    "pr": "Precision and recall",
    "durations": "Time per video",
    "counts": "Bouts per video",
    "confusion": "Confusion",
    "reliability": "Reliability of the probabilities",
    "training": "Training",
}


@dataclass(frozen=True)
class Picture:
    """A picture beside the overview.

    Attributes
    ----------
    file
        Its name in ``report/plots/``.
    name, caption
        In words.
    """

    file: str
    name: str
    caption: str


def pictures_of(folder: Path) -> list[Picture]:
    """Return the pictures that there are, in the order in which they are looked at; further pages of ethograms follow the first."""
    there = sorted((path.stem for path in folder.glob("*.svg")), key=_number)
    return [Picture(f"{name}.svg", _NAMES[kind], caption) for kind, caption in _CAPTIONS.items() for name in _named_after(kind, there)]


def _named_after(kind: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if re.fullmatch(rf"{kind}(_\d+)?", name)]


def _number(name: str) -> tuple[int, str]:
    found = re.search(r"_(\d+)$", name)
    return int(found[1]) if found else 0, name
