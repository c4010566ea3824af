"""``ethocache review``: what of the project in this folder is worth a person's minute."""

from math import ceil
from pathlib import Path

from ethocache.common.errors import InputError
from ethocache.common.params import read_section
from ethocache.common.progress import progress
from ethocache.common.wording import counted
from ethocache.dataset.folder import DataFolder, DataParams, refuse_results_folder
from ethocache.dataset.index import VideoRecord, read_index
from ethocache.endtoend.exporting import check_target
from ethocache.endtoend.measuring import LABELS, PREDICTIONS, TAGS
from ethocache.scoring.review.answers import AnswerFiles
from ethocache.scoring.review.budget import seconds_of
from ethocache.scoring.review.moments import PURPOSES, Purpose
from ethocache.scoring.review.project import find_doubts, find_moments, read_raters
from ethocache.scoring.review.queue import make_queue
from ethocache.scoring.review.tables import doubts_in_words, queue_in_words, write_doubts, write_queue
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
    files, records = _project(target)
    videos = files.of_all(records)
    if not videos:
        raise InputError(NOTHING_YET)
    with progress("looking for moments", len(videos), "video") as bar:
        moments, wrong_in_all = find_moments(videos, budget_s, bar.update, purpose)
    queue = make_queue(moments, budget_s, wrong_in_all, files.exclusive)
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
    files, records = _project(target)
    unseen = files.of_unseen(records)
    labelled = sum((PREDICTIONS / f"{record.id}.h5").is_file() for record in records)
    if not unseen:
        raise InputError(
            "the head's settings were searched on every labelled animal (tuned_on in params.yaml), so none of them is new to it; keep "
            "some out with ethocache tune --keep-out 0.25"
            if labelled
            else "there are no predictions of labelled videos yet: run 'dvc repro' with train.score: true, which needs 3 labelled animals"
        )
    doubts = find_doubts(unseen, read_raters(LABELS, unseen))
    write_doubts(target / "doubts.csv", doubts, {record.id: record.file for record in records})
    left_out = labelled - len(unseen)
    some = counted(left_out, "video is", "videos are")
    notes = [f"{some} left out: the head's settings were searched on their animals"] if left_out else []
    return "\n".join([doubts_in_words(doubts, len(unseen)), *notes, f"written: {target / 'doubts.csv'}"])


def _purpose(text: str) -> Purpose:
    for purpose in PURPOSES:
        if text == purpose:
            return purpose
    raise InputError(f"--for: expected {' or '.join(PURPOSES)}, found '{text}'")


def _project(target: Path) -> tuple[AnswerFiles, list[VideoRecord]]:
    """Return where answers lie and what videos there are, once it is clear that the table may be written."""
    params = read_section(PARAMS, "data", DataParams)
    check_target(target, [root for root, _ in DataFolder(params.dir).places("*")], "tables")
    refuse_results_folder(params.dir, [target])
    if not INDEX.is_file():
        raise InputError(NOTHING_YET)
    exclusive = read_section(PARAMS, "train", TrainParams).task == "exclusive"
    return AnswerFiles(PREDICTIONS, TAGS, LABELS, params.behaviours, exclusive), read_index(INDEX)
