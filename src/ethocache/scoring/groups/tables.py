"""The tables of a comparison of groups, for spreadsheets and statistics programs."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ethocache.dataset.summary_table import Cell, write_table
from ethocache.scoring.confusion import NO_BEHAVIOUR
from ethocache.scoring.frames import Floats
from ethocache.scoring.groups.animals import known_mean, rates_over_time
from ethocache.scoring.groups.effects import Estimate, mean_of
from ethocache.scoring.groups.measuring import MEASURES, MeasuredVideo, rate_per_minute
from ethocache.scoring.groups.study import Study
from ethocache.scoring.groups.tagging_error import rate_of, why_not_adjusted
from ethocache.scoring.groups.transitions import Counts, row_probabilities


def write_tables(study: Study, folder: Path) -> None:
    """Write the tables of a study into a folder: ``videos``, ``animals``, ``groups``, ``over_time``, ``transitions`` and more.

    ``comparisons.csv`` is there where groups were compared, ``overall.csv`` where they are more than two, ``tagger.csv`` where tags
    were adjusted. A table of an earlier run that this one does not have is removed.

    Raises
    ------
    InputError
        If two columns would have the same name.
    """
    header = [f"{name}_{measure}" for name in study.behaviours for measure in MEASURES]
    motion = [variable.measure for variable in study.table.variables if not variable.behaviour]
    tables: dict[str, tuple[Sequence[str], Iterator[list[Cell]]]] = {
        "videos": (
            ["video", *map(_field_name, study.fields), *_OF_VIDEO, *header, *motion],
            _videos(study, motion),
        ),
        "animals": (["animal", "group", "within", "videos", *header, *motion], _animals(study)),
        "groups": (_GROUPS, _groups(study)),
        "over_time_videos": (_OVER_TIME_VIDEOS, _over_time_videos(study)),
        "over_time": (_OVER_TIME, _over_time(study)),
        "transitions_videos": (["video", "group", "within", *_TRANSITIONS], _transitions_videos(study)),
        "transitions": (["within", "group", "animals", *_TRANSITIONS], _transitions(study)),
        "comparisons": (_COMPARISONS, _comparisons(study)),
        "overall": (_OVERALL, _overall(study)),
        "tagger": (_TAGGER, _tagger(study)),
    }
    absent = {"comparisons": not study.pairs, "overall": not study.overall, "tagger": not study.errors}
    for name, (columns, rows) in tables.items():
        if absent.get(name):
            (folder / f"{name}.csv").unlink(missing_ok=True)
        else:
            write_table(folder / f"{name}.csv", columns, rows)


_OF_VIDEO = ("group", "within", "measured_by", "duration_s", "frames")
_GROUPS = ("within", "group", "behaviour", "measure", "animals", "mean", "low", "high", "sd", "adjusted", "adjusted_low", "adjusted_high")
_OVER_TIME_VIDEOS = ("video", "group", "within", "behaviour", "start_s", "stop_s", "bouts", "looked_s", "bouts_per_min")
_OVER_TIME = ("within", "group", "behaviour", "start_s", "stop_s", "animals", "bouts_per_min", "low", "high")
_TRANSITIONS = ("from", "to", "count", "probability", "count_next", "probability_next")
_COMPARISONS = (
    *("within", "behaviour", "measure", "first", "second", "animals_first", "animals_second", "mean_first", "mean_second"),
    *("difference", "difference_low", "difference_high", "hedges_g", "hedges_g_low", "hedges_g_high"),
    *("cliffs_delta", "cliffs_delta_low", "cliffs_delta_high", "p", "p_holm", "p_smallest"),
    *("adjusted_difference", "adjusted_difference_low", "adjusted_difference_high"),
)
_OVERALL = ("within", "behaviour", "measure", "groups", "animals", "f", "p", "p_holm", "p_smallest")
_TAGGER = (
    *("behaviour", "within", "group", "animals", "recall", "recall_low", "recall_high"),
    *("false_positive_rate", "false_positive_rate_low", "false_positive_rate_high", "not_adjusted_because"),
)


def _videos(study: Study, motion: Sequence[str]) -> Iterator[list[Cell]]:
    for video in study.videos:
        about: list[Cell] = [video.about.get(name, "") for name in study.fields]
        numbers = [*video.measures.ravel(), *(video.motion.get(name, np.nan) for name in motion)]
        yield [video.video, *about, *_where(study, video), video.instrument, video.duration_s, video.frames, *map(_cell, numbers)]


def _animals(study: Study) -> Iterator[list[Cell]]:
    for animal, videos, values in zip(study.table.animals, study.table.videos, study.table.values, strict=True):
        yield [animal, study.design.group_of[animal], study.design.level_of[animal], videos, *map(_cell, values)]


def _groups(study: Study) -> Iterator[list[Cell]]:
    for value in study.values:
        about: list[Cell] = [value.level, value.group, value.variable.behaviour, value.variable.measure, value.animals]
        yield [*about, *_estimate(value.mean), value.spread, *_estimate(value.adjusted)]


def _over_time_videos(study: Study) -> Iterator[list[Cell]]:
    for video in study.videos:
        rates = rate_per_minute(video.bouts, video.looked_s, study.bin_s)
        for b, name in enumerate(study.behaviours):
            for place in range(video.bouts.shape[1]):
                numbers = (video.bouts[b, place], video.looked_s[b, place], rates[b, place])
                yield [video.video, *_where(study, video), name, *_span(study, place), int(numbers[0]), *map(_cell, numbers[1:])]


def group_rates(study: Study, animals: Sequence[str]) -> Floats:
    """Return bouts per minute (B, N, 4) of a group in each time bin: animals that it is known of, mean, low, high."""
    rates = rates_over_time(study.videos, animals, study.bin_s)
    return np.array([[_rate(column[~np.isnan(column)]) for column in of_behaviour.T] for of_behaviour in rates.transpose(1, 0, 2)])


def _rate(known: Floats) -> list[float]:
    estimate = mean_of(known)
    return [len(known), *(np.nan if value is None else value for value in (estimate.value, estimate.low, estimate.high))]


def _over_time(study: Study) -> Iterator[list[Cell]]:
    for level, group, animals in study.cells:
        for name, rates in zip(study.behaviours, group_rates(study, animals), strict=True):
            for place, (number, *rate) in enumerate(rates):
                yield [level, group, name, *_span(study, place), int(number), *map(_cell, rate)]


def _transitions_videos(study: Study) -> Iterator[list[Cell]]:
    for video in study.videos:
        probabilities = row_probabilities(video.transitions), row_probabilities(video.nexts)
        for row in _matrix(study, video.transitions, probabilities[0], video.nexts, probabilities[1]):
            yield [video.video, *_where(study, video), *row]


def _transitions(study: Study) -> Iterator[list[Cell]]:
    for level, group, animals in study.cells:
        own = [[video for video in study.videos if video.animal == animal] for animal in animals]
        counts = np.array([np.sum([video.transitions for video in videos], axis=0) for videos in own])
        nexts = np.array([np.sum([video.nexts for video in videos], axis=0) for videos in own])
        means = (known_mean(row_probabilities(counts)), known_mean(row_probabilities(nexts)))
        for row in _matrix(study, counts.sum(axis=0), means[0], nexts.sum(axis=0), means[1]):
            yield [level, group, len(animals), *row]


def _matrix(study: Study, counts: Counts, probability: Floats, nexts: Counts, probability_next: Floats) -> Iterator[list[Cell]]:
    names = [*study.behaviours, NO_BEHAVIOUR]
    for i, j in np.ndindex(counts.shape):
        both = i < len(nexts) and j < len(nexts)
        after_pause: list[Cell] = [int(nexts[i, j]), _cell(float(probability_next[i, j]))] if both else [None, None]
        changes: list[Cell] = [int(counts[i, j]), _cell(float(probability[i, j]))] if i != j else [None, None]
        yield [names[i], names[j], *changes, *after_pause]


def _comparisons(study: Study) -> Iterator[list[Cell]]:
    for row in study.pairs:
        about = [row.level, row.variable.behaviour, row.variable.measure, row.first, row.second, *row.animals, *row.means]
        effects = [cell for estimate in (row.difference, row.g, row.delta) for cell in _estimate(estimate)]
        yield [*about, *effects, row.p, row.p_holm, row.p_smallest, *_estimate(row.adjusted)]


def _overall(study: Study) -> Iterator[list[Cell]]:
    for row in study.overall:
        groups = [" | ".join(row.groups), " | ".join(map(str, row.animals))]
        yield [row.level, row.variable.behaviour, row.variable.measure, *groups, row.f, row.p, row.p_holm, row.p_smallest]


def _tagger(study: Study) -> Iterator[list[Cell]]:
    for name, error in study.errors.items():
        parts = [("", "", error), *((level, group, error.only(animals)) for level, group, animals in study.cells if group or level)]
        for level, group, part in parts:
            rates = [rate_of(part, rate, study.drawing.resamples, study.drawing.seed) for rate in ("recall", "false_positive_rate")]
            reason = None if group or level else why_not_adjusted(part)
            yield [name, level, group, len(part.animals), *_estimate(rates[0]), *_estimate(rates[1]), reason]


def _field_name(name: str) -> str:
    """Return the column of what is known of a video; many a lab's table has a column ``group`` too."""
    return f"own_{name}" if name in _OF_VIDEO else name


def _where(study: Study, video: MeasuredVideo) -> list[Cell]:
    return [study.design.group_of[video.animal], study.design.level_of[video.animal]]


def _span(study: Study, place: int) -> list[Cell]:
    return [place * study.bin_s, (place + 1) * study.bin_s]


def _estimate(estimate: Estimate) -> list[Cell]:
    return [estimate.value, estimate.low, estimate.high]


def _cell(value: float) -> Cell:
    return None if np.isnan(value) else float(value)
