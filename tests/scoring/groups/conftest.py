"""Animals with planted behaviour."""

from collections.abc import Callable

import numpy as np
import pytest

from ethocache.dataset.tagged_video import TaggedVideo
from ethocache.scoring.groups.comparing import Drawing
from ethocache.scoring.groups.design import make_design
from ethocache.scoring.groups.measuring import MeasuredVideo, measure_video
from ethocache.scoring.groups.study import Study, make_study
from ethocache.scoring.groups.tagging_error import TaggingError

BEHAVIOURS = ("grooming", "rearing")
DRAWING = Drawing(resamples=200, permutations=1000)
TAGGER = TaggingError(("h1", "h2", "h3"), np.array([[700.0, 100, 300, 900], [650, 120, 350, 880], [750, 80, 250, 920]]))


@pytest.fixture(scope="session")
def filmed() -> Callable[..., MeasuredVideo]:
    """Return a function that measures a video in which so many of every 10 frames (at 10 frames/s) are grooming, and 1 is rearing."""

    def film(
        animal: str, grooming: int, seconds: int = 20, by: str = "automated", video: str = "", motion=None, **about: str
    ) -> MeasuredVideo:
        frame = np.arange(seconds * 10) % 10
        tags = np.stack([frame < grooming, frame == 9], axis=1).astype(np.int8)
        filmed = TaggedVideo(video or f"video of {animal}", BEHAVIOURS, np.arange(seconds * 10) / 10, tags, by)
        return measure_video(filmed, animal, {"animal": animal, **about}, 10.0, motion)

    return film


@pytest.fixture(scope="session")
def studied() -> Callable[..., Study]:
    """Return a function that compares measured videos by parts of what is known of them."""

    def study(videos, by=("genotype",), within=(), control="", measures=("fraction", "bouts_per_min"), errors=None) -> Study:
        about = {}
        for video in videos:
            about.setdefault(video.animal, []).append(video.about)
        errors = dict.fromkeys(BEHAVIOURS, TAGGER) if errors is None else errors
        design = make_design(about, by, within, control)
        fields = list(dict.fromkeys(name for video in videos for name in video.about))
        return make_study(BEHAVIOURS, fields, videos, design, errors, measures, 10.0, DRAWING)

    return study


@pytest.fixture(scope="session")
def two_groups(filmed) -> list[MeasuredVideo]:
    """Four animals that groom 20 to 50 % and four that groom 40 to 70 % of the time, in two treatments, with tracks."""
    return [
        filmed(f"{genotype}{n}", first + n, motion={"distance_cm": 100.0 * n + 5}, genotype=genotype, treatment=("drug", "saline")[n % 2])
        for genotype, first in (("WT", 2), ("HD", 4))
        for n in range(4)
    ]
