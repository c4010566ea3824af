"""``ethocache review``: what of the project in this folder is worth a person's minute."""

from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ethocache.common.errors import InputError
from ethocache.common.params import read_section
from ethocache.common.progress import progress
from ethocache.dataset.folder import DataFolder, DataParams, refuse_results_folder
from ethocache.dataset.index import VideoRecord, read_index
from ethocache.dataset.label_table import NOT_SCORED
from ethocache.dataset.labels import raters_of, read_snapshot
from ethocache.dataset.predictions import Prediction, read_prediction
from ethocache.dataset.tags import read_tags
from ethocache.dataset.text import shown
from ethocache.endtoend.exporting import check_target
from ethocache.endtoend.measuring import LABELS, PREDICTIONS, TAGS, check_behaviours
from ethocache.scoring.review.budget import seconds_of
from ethocache.scoring.review.doubts import Doubt, doubtful_bouts
from ethocache.scoring.review.late_edges import late_raters, late_videos
from ethocache.scoring.review.moments import PURPOSES, Purpose, moments_of
from ethocache.scoring.review.queue import make_queue
from ethocache.scoring.review.tables import doubts_in_words, queue_in_words, write_doubts, write_queue
from ethocache.scoring.review.wrongness import Answers, likely_shown, rare_weights, wrong_probability
from ethocache.sequence.settings import TrainParams

INDEX, PARAMS = Path("data/index.json"), Path("params.yaml")
NOTHING_YET = "there is nothing to review yet, neither tags nor predictions: run 'dvc repro' first"


def queue_moments(budget: str, target: Path, purpose: str = "results") -> str:
    """Write ``queue.csv``, the moments most worth a look, and say in a few lines what they are and would likely bring.

    Parameters
    ----------
    budget
        The time that somebody has, such as ``10min``.
    target
        Folder of the table; neither the lab's own nor one of results.
    purpose
        ``results``, to put right what is likely wrong, or ``training``, to label what likely teaches the next model.

    Raises
    ------
    InputError
        If the budget is no time or too short for one moment, the purpose is none of these, or nothing has been predicted yet.
    """
    budget_s, purpose = seconds_of(budget), _purpose(purpose)
    params, records = _project(target)
    exclusive = read_section(PARAMS, "train", TrainParams).task == "exclusive"
    frames, wrong_in_all, videos = np.zeros(len(params.behaviours)), 0.0, 0
    for answers in _answers(records, params.behaviours, exclusive):
        frames += likely_shown(answers)
        wrong_in_all += float(wrong_probability(answers).sum())
        videos += 1
    if not videos:
        raise InputError(NOTHING_YET)
    weights, moments = rare_weights(frames), []
    with progress("looking for moments", videos, "video") as bar:
        for answers in _answers(records, params.behaviours, exclusive):
            moments += moments_of(answers, weights, budget_s, purpose)
            bar.update()
    queue = make_queue(moments, budget_s, wrong_in_all, exclusive)
    if moments and not queue.moments:
        shortest = ceil(min(moment.watching_s for moment in moments))
        raise InputError(f"--budget: expected at least {shortest}s, which the shortest moment takes, found '{budget}'")
    write_queue(target / "queue.csv", queue, {record.id: record.file for record in records})
    return f"{queue_in_words(queue)}\nwritten: {target / 'queue.csv'}"


def doubt_labels(target: Path) -> str:
    """Write ``doubts.csv``, labels that look wrong to models that never saw the animal, and say in a few lines what they are.

    Parameters
    ----------
    target
        Folder of the table; neither the lab's own nor one of results.

    Raises
    ------
    InputError
        If no labelled video has a prediction, or settings were searched on all of the animals.
    """
    params, records = _project(target)
    predictions = list(_predictions(records, params.behaviours))
    unseen = [_of_prediction(prediction) for prediction in predictions if not prediction.seen]
    if not unseen:
        raise InputError(
            "the head's settings were searched on every labelled animal (tuned_on in params.yaml), so none of them is new to it; keep "
            "some out with ethocache tune --keep-out 0.25"
            if predictions
            else "there are no predictions of labelled videos yet: run 'dvc repro' with train.score: true, which needs 3 labelled animals"
        )
    doubts = find_doubts(unseen, _raters(unseen))
    write_doubts(target / "doubts.csv", doubts, {record.id: record.file for record in records})
    left_out = len(predictions) - len(unseen)
    notes = [f"{left_out} videos are left out: the head's settings were searched on their animals"] if left_out else []
    return "\n".join([doubts_in_words(doubts, len(unseen)), *notes, f"written: {target / 'doubts.csv'}"])


def find_doubts(videos: Sequence[Answers], raters: Mapping[str, Mapping[str, npt.NDArray[np.int8]]]) -> list[Doubt]:
    """Return people and videos whose edges are early or late, then the doubtful bouts, the surest first.

    Parameters
    ----------
    videos
        What models that never saw the animal say of labelled videos.
    raters
        Video -> rater -> that person's labels (T, B), of videos that several people labelled.
    """
    bouts = [doubt for answers in videos for doubt in doubtful_bouts(answers)]
    bouts.sort(key=lambda doubt: (-(doubt.sureness or 0), doubt.video, doubt.start or 0))
    return [*late_raters({answers.video: answers for answers in videos}, raters), *late_videos(videos), *bouts]


def _raters(videos: Sequence[Answers]) -> dict[str, dict[str, npt.NDArray[np.int8]]]:
    """Read each person's labels of these videos.

    Raises
    ------
    InputError
        If they were indexed anew since the training, with another number of frames.
    """
    frames = {answers.video: len(answers.time_s) for answers in videos}
    found = {video: {rater: table.values for rater, table in tables.items()} for video, tables in raters_of(LABELS, frames).items()}
    for video, said in found.items():
        for rater, values in said.items():
            if len(values) != frames[video]:
                raise InputError(
                    f"{video}: labels of {len(values)} frames by '{shown(rater)}', a prediction of {frames[video]}; run 'dvc repro' first"
                )
    return found


def _purpose(text: str) -> Purpose:
    for purpose in PURPOSES:
        if text == purpose:
            return purpose
    raise InputError(f"--for: expected {' or '.join(PURPOSES)}, found '{text}'")


def _project(target: Path) -> tuple[DataParams, list[VideoRecord]]:
    """Return settings and videos, once it is clear that the table may be written."""
    params = read_section(PARAMS, "data", DataParams)
    check_target(target, [root for root, _ in DataFolder(params.dir).places("*")], "tables")
    refuse_results_folder(params.dir, [target])
    if not INDEX.is_file():
        raise InputError(NOTHING_YET)
    return params, read_index(INDEX)


def _answers(records: Sequence[VideoRecord], behaviours: tuple[str, ...], exclusive: bool) -> Iterator[Answers]:
    """Yield what is said of each video that has a prediction or tags."""
    for record in records:
        if (PREDICTIONS / f"{record.id}.h5").is_file():
            yield from map(_of_prediction, _predictions([record], behaviours))
        elif (path := TAGS / f"{record.id}.csv").is_file():
            found, time_s, probability, tags = read_tags(path)
            check_behaviours(found, behaviours, record.id)
            yield Answers(record.id, found, time_s, probability, tags, _labels(record, tags), exclusive)


def _labels(record: VideoRecord, tags: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """Return what people said of a video that was tagged, (T, B): of one that is labelled in part, what they looked at."""
    path = LABELS / f"{record.id}.json"
    if not path.is_file():
        return np.full_like(tags, NOT_SCORED)
    labels = read_snapshot(path).values
    if labels.shape != tags.shape:
        raise InputError(f"{record.id}: labels of {len(labels)} frames, tags of {len(tags)}; run 'dvc repro' first")
    return labels


def _predictions(records: Sequence[VideoRecord], behaviours: tuple[str, ...]) -> Iterator[Prediction]:
    for record in records:
        path = PREDICTIONS / f"{record.id}.h5"
        if path.is_file():
            prediction = read_prediction(path)
            check_behaviours(prediction.behaviours, behaviours, record.id)
            yield prediction


def _of_prediction(prediction: Prediction) -> Answers:
    about = (prediction.video, prediction.behaviours, prediction.time_s, prediction.probability, prediction.tag, prediction.label)
    return Answers(*about, prediction.exclusive)
