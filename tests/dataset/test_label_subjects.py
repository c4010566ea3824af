"""Whose labels are whose, where several animals of a video are each taken by themselves."""

import json
from pathlib import Path

import pytest

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset.index import VideoRecord, unit_id
from ethocache.dataset.label_files import Matched, match_labels
from ethocache.dataset.label_rules import LabelParams
from ethocache.dataset.label_subjects import subjects_of
from ethocache.dataset.videos import VideoFacts

FACTS = VideoFacts(30, 32, 32, "yuv420p", "h264", 10.0, 3.0, False, (), "f" * 64)
CAGES = {"a": ("m1", "m2"), "b": ("m1", "m2"), "alone": ("",)}
NAMED = {"behaviour": "what", "start": "start_s", "stop": "stop_s", "subject": "who"}
BOUTS = "what,start_s,stop_s,who\n"


def records() -> list[VideoRecord]:
    pairs = [(video, name) for video, names in CAGES.items() for name in names]
    return [VideoRecord(unit_id(video, name) if name else video, f"{video}.mp4", {}, video, FACTS, None, name) for video, name in pairs]


def boris(**observations: tuple[str, list[str]]) -> str:
    """A project: observation -> its medium, and the subjects that groom for a second, one after the other."""
    scored = {}
    for name, (medium, subjects) in observations.items():
        events = [[time, who, "grooming", "", ""] for start, who in enumerate(subjects) for time in (start, start + 1)]
        scored[name] = {"type": "MEDIA", "file": {"1": [medium]}, "media_info": {"length": {medium: 3.0}}, "events": events}
    kinds = {"0": {"type": "State event", "code": "grooming"}}
    return json.dumps({"project_format_version": "7.0", "behaviors_conf": kinds, "observations": scored})


def match(folder: Path, files: dict[str, str], problems: list[str] | None = None, **settings: object) -> Matched:
    for file, text in files.items():
        (folder / file).write_text(text)
    params = LabelParams.model_validate(settings)
    paths = {file: folder / file for file in files}
    units, meaning = records(), params.meaning(("grooming",), by_subject=True)
    whose = subjects_of(units, params)
    return match_labels([unit.id for unit in units], paths, params, meaning, Store(folder / "store"), problems, whose)


def shown(matched: Matched) -> dict[str, list[tuple[float, float]]]:
    """Unit -> when it grooms, as its first rater says."""
    return {unit: [(bout.start, bout.stop) for bout in parts[0].read().content.bouts] for unit, parts in matched.parts.items()}  # type: ignore[union-attr]


def test_a_boris_project_tells_of_each_subject_in_each_video(tmp_path: Path) -> None:
    matched = match(tmp_path, {"all.boris": boris(one=("a.mp4", ["m1", "m2"]), two=("C:\\x\\b.mp4", ["m2", "m1", "m2"]))})
    assert shown(matched) == {"a.m1": [(0, 1)], "a.m2": [(1, 2)], "b.m1": [(1, 2)], "b.m2": [(0, 1), (2, 3)]}
    assert not any("left out" in note for parts in matched.parts.values() for part in parts for note in part.read().notes)


def test_an_observation_for_each_animal_is_no_second_rater(tmp_path: Path) -> None:
    matched = match(tmp_path, {"all.boris": boris(first=("a.mp4", ["m1"]), second=("a.mp4", ["m2"]))})
    assert shown(matched) == {"a.m1": [(0, 1)], "a.m2": [(0, 1)]}
    assert all(len(parts) == 1 for parts in matched.parts.values())


def test_a_column_of_subjects_tells_of_each(tmp_path: Path) -> None:
    text = BOUTS + "grooming,0,1,m2\ngrooming,1,2,m1\ngrooming,2,3,m2\n"
    assert shown(match(tmp_path, {"a.csv": text}, columns=NAMED)) == {"a.m1": [(1, 2)], "a.m2": [(0, 1), (2, 3)]}


def test_subjects_may_be_called_otherwise_in_all_videos_or_in_one(tmp_path: Path) -> None:
    text = BOUTS + "grooming,0,1,resident\ngrooming,1,2,intruder\n"
    names = {"m1": "resident", "m2": "intruder", "b.m1": "intruder", "b.m2": "resident"}
    found = shown(match(tmp_path, {"a.csv": text, "b.csv": text}, columns=NAMED, subjects=names))
    assert found == {"a.m1": [(0, 1)], "a.m2": [(1, 2)], "b.m2": [(0, 1)], "b.m1": [(1, 2)]}


def test_a_file_that_is_named_after_an_individual_is_its_own(tmp_path: Path) -> None:
    plain = "behaviour,start_s,stop_s\ngrooming,0,1\n"
    matched = match(tmp_path, {"a.m1.csv": plain, "b.m2.csv": plain, "alone.csv": plain})
    assert set(matched.parts) == {"a.m1", "b.m2", "alone"}
    assert any("a: no labels tell of 'm2', which is tagged; others in this video have labels" in note for note in matched.notes)


def test_a_file_that_is_named_after_an_individual_and_says_its_video_is_its_own(tmp_path: Path) -> None:
    columns = {"behaviour": "what", "start": "start_s", "stop": "stop_s", "video": "film"}
    text = "what,start_s,stop_s,film\ngrooming,0,1,/d/a.mp4\n"
    matched = match(tmp_path, {"a.m2.csv": text}, columns=columns)
    assert set(matched.parts) == {"a.m2"} and not any("is taken for" in note for note in matched.notes)


def test_labels_subject_says_whose_all_files_are_that_name_nobody(tmp_path: Path) -> None:
    plain = "behaviour,start_s,stop_s\ngrooming,0,1\n"
    assert set(match(tmp_path, {"a.csv": plain, "b.csv": plain}, subject="m2").parts) == {"a.m2", "b.m2"}
    assert set(match(tmp_path, {"a.csv": plain}, subject="intruder", subjects={"m1": "intruder"}).parts) == {"a.m1"}


def test_two_people_may_label_each_individual(tmp_path: Path) -> None:
    text = BOUTS + "grooming,0,1,m1\n"
    matched = match(tmp_path, {"a_ann.csv": text, "a_bob.csv": text}, columns=NAMED, name="{video}_{rater}")
    assert [part.rater for part in matched.parts["a.m1"]] == ["ann", "bob"]


def test_a_video_of_one_animal_takes_the_only_subject_or_the_one_that_is_named(tmp_path: Path) -> None:
    one, two = BOUTS + "grooming,0,1,x\n", BOUTS + "grooming,0,1,x\ngrooming,1,2,y\n"
    assert shown(match(tmp_path, {"alone.csv": one}, columns=NAMED)) == {"alone": [(0, 1)]}
    matched = match(tmp_path, {"alone.csv": two}, columns=NAMED, subject="y")
    assert shown(matched) == {"alone": [(1, 2)]}
    assert any("labels of 1 subjects that are no individual are left aside: 'x' of 'alone'" in note for note in matched.notes)
    with pytest.raises(InputError, match=r"alone\.csv: it tells of several subjects, 'x', 'y', but the track of 'alone' is of one animal"):
        match(tmp_path, {"alone.csv": two}, columns=NAMED)


def test_subjects_that_are_nobody_may_be_left_aside_but_never_silently(tmp_path: Path) -> None:
    text = BOUTS + "grooming,0,1,m1\ngrooming,0,1,experimenter\n"
    matched = match(tmp_path, {"a.csv": text}, columns=NAMED, unmatched="skip")
    assert set(matched.parts) == {"a.m1"} and any("'experimenter' of 'a'" in note for note in matched.notes)


PLAIN = "behaviour,start_s,stop_s\ngrooming,0,1\n"


@pytest.mark.parametrize(
    ("files", "settings", "message"),
    [
        (
            {"a.csv": PLAIN},
            {},
            "a.csv: it does not say whose behaviour this is, and 'a' has 2 individuals ('m1', 'm2'); name the file after",
        ),
        ({"a.csv": PLAIN}, {}, "such as 'a.m1', say in labels.subject whose all such files are, or give a file with subjects"),
        ({"a.csv": PLAIN}, {"subject": "m3"}, "a.csv: labels.subject: 'm3' is no individual of 'a' ('m1', 'm2')"),
        ({"a.csv": BOUTS + "grooming,0,1,m3\n"}, {}, "a.csv: 'a' has no individual that goes by the subject 'm3', did you mean 'm"),
        (
            {"a.csv": BOUTS + "grooming,0,1,m1\ngrooming,1,2,\n"},
            {},
            "line 3: the subject is missing, although others are named (m1); add it",
        ),
        ({"a.boris": boris(o=("a.mp4", ["m1", ""]))}, {}, "'a' has no individual that goes by the subject 'No focal subject'"),
        ({"a.boris": boris(o=("a.mp4", [""]))}, {}, "a.boris: it does not say whose behaviour this is"),
        ({"a.m1.csv": BOUTS + "grooming,0,1,m2\n"}, {}, "a.m1.csv: it is named after 'a.m1', but tells of the subject 'm2'; rename it, or"),
        ({"a.m1.csv": PLAIN, "a.csv": BOUTS + "grooming,0,1,m1\n"}, {}, "already holds the labels of 'a.m1'"),
        ({"a.m7.csv": PLAIN}, {}, "a.m7.csv: no video is called 'a.m7', did you mean 'a.m"),
        ({}, {"subjects": {"m9": "x"}}, "labels.subjects: 'm9' is no individual of a track, did you mean 'm"),
        ({}, {"subjects": {"nobody": "x"}}, "labels.subjects: 'nobody' is no individual of a track; known: 'm1', 'm2'"),
        ({}, {"subjects": {"m1": "m2"}}, "labels.subjects: 'a.m1' and 'a.m2' both go by 'm2'; give each a subject of its own"),
    ],
)
def test_labels_of_which_nobody_can_tell_whose_they_are_are_refused(
    tmp_path: Path, files: dict[str, str], settings: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError) as refused:
        match(tmp_path, files, columns=NAMED, **settings)
    assert message in str(refused.value)


def test_a_subject_without_a_name_is_no_setting() -> None:
    with pytest.raises(ValueError, match=r"expected the subject of 'm1' as labels files call it"):
        LabelParams(subjects={"m1": " "})


@pytest.mark.parametrize("name", ["a.m3", "a.mouse1"])
def test_what_looks_like_an_animal_that_is_not_asked_for_is_no_ending_of_a_file(tmp_path: Path, name: str) -> None:
    bouts = f"film,what,from,to\n{name},grooming,0,1\n"
    rules = {"subject": "m1", "unit": "seconds", "columns": {"video": "film", "behaviour": "what", "start": "from", "stop": "to"}}
    with pytest.raises(InputError, match=r"all\.csv: the labels of 'a' in it belong to no video"):
        match(tmp_path, {"all.csv": bouts}, **rules)
    assert shown(match(tmp_path, {"all.csv": bouts.replace(name, "a.MP4")}, **rules)) == {"a.m1": [(0, 1)]}


def test_labels_of_nobody_are_not_given_to_the_only_individual_that_is_asked_for(tmp_path: Path) -> None:
    units = [unit for unit in records() if unit.id == "a.m1"]
    assert subjects_of(units, LabelParams()).unit_of("a", "") == "a.m1"
    with pytest.raises(InputError, match=r"'a' may have others than those in data\.individuals \('m1'\); name the file after one"):
        subjects_of(units, LabelParams(), complete=False).unit_of("a", "")
