"""Whose labels are whose, where several animals of a video are each taken by themselves."""

import json
from pathlib import Path

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset.index import VideoRecord, unit_id
from ethocache.dataset.label_files import Matched, match_labels
from ethocache.dataset.label_rules import LabelParams
from ethocache.dataset.label_subjects import subjects_of
from ethocache.dataset.labels import table_of
from ethocache.dataset.videos import VideoFacts

FACTS = VideoFacts(30, 32, 32, "yuv420p", "h264", 10.0, 3.0, False, (), "f" * 64)
CAGES = {"a": ("m1", "m2"), "b": ("m1", "m2"), "alone": ("",)}
NAMED = {"behaviour": "what", "start": "start_s", "stop": "stop_s", "subject": "who"}
BOUTS = "what,start_s,stop_s,who\n"


def records() -> list[VideoRecord]:
    return [unit(video, name, len(names)) for video, names in CAGES.items() for name in names]


def unit(video: str, name: str, of: int) -> VideoRecord:
    return VideoRecord(unit_id(video, name) if name else video, f"{video}.mp4", {}, video, FACTS, None, name, of if name else 0)


def boris(listed: str = "", **observations: tuple[str, list[str]]) -> str:
    """A project: observation -> its medium, and the subjects that groom for a second, one after the other; whom all are said to be of."""
    variables = {"independent_variables": {"subjects scored": listed}} if listed else {}
    scored = {}
    for name, (medium, subjects) in observations.items():
        events = [[time, who, "grooming", "", ""] for start, who in enumerate(subjects) for time in (start, start + 1)]
        scored[name] = {"type": "MEDIA", "file": {"1": [medium]}, "media_info": {"length": {medium: 3.0}}, "events": events} | variables
    kinds = {"0": {"type": "State event", "code": "grooming"}}
    return json.dumps({"project_format_version": "7.0", "behaviors_conf": kinds, "observations": scored})


def match(folder: Path, files: dict[str, str], units: list[VideoRecord] | None = None, /, **settings: object) -> Matched:
    for file, text in files.items():
        (folder / file).write_text(text)
    params = LabelParams.model_validate(settings)
    paths = {file: folder / file for file in files}
    units, meaning = units or records(), params.meaning(("grooming",), by_subject=True)
    whose = subjects_of(units, params)
    return match_labels([unit.id for unit in units], paths, params, meaning, Store(folder / "store"), subjects=whose)


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


def test_labels_of_nobody_are_of_the_only_one_in_a_track_and_not_of_the_only_one_that_is_asked_for(tmp_path: Path) -> None:
    assert set(match(tmp_path, {"a.csv": PLAIN}, [unit("a", "m2", of=1)]).parts) == {"a.m2"}
    asked_for = [unit("a", "m2", of=2)]
    others = r"not say whose behaviour this is, and 'a' has others than the one that is asked for \('m2'\); name the file after one"
    with pytest.raises(InputError, match=others):
        match(tmp_path, {"a.csv": PLAIN}, asked_for)
    assert set(match(tmp_path, {"a.csv": PLAIN}, asked_for, subject="m2").parts) == {"a.m2"}


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


def test_a_subject_whom_no_labels_name_is_a_mistake_and_drops_nothing_unless_told_to(tmp_path: Path) -> None:
    files = {"alone.csv": BOUTS + "grooming,0,1,mouse1\ngrooming,1,2,mouse2\n", "a.csv": BOUTS + "grooming,0,1,m1\n"}
    with pytest.raises(InputError) as refused:
        match(tmp_path, files, columns=NAMED, subject="mouse3")
    said = str(refused.value)
    assert said.startswith("alone.csv: labels.subject: no labels of 'alone' are of 'mouse3', did you mean 'mouse")
    assert said.endswith("they are of 'mouse1', 'mouse2'; name the subject that is meant, or leave them aside with labels.unmatched: skip")
    matched = match(tmp_path, files, columns=NAMED, subject="mouse3", unmatched="skip")
    assert set(matched.parts) == {"a.m1"}
    assert any("labels of 2 subjects that are no individual are left aside" in note for note in matched.notes)


def test_a_file_for_each_of_two_subjects_leaves_aside_the_one_that_is_not_meant(tmp_path: Path) -> None:
    observations = boris(first=("alone.mp4", ["x"]), second=("alone.mp4", ["y"]))
    for files in ({"all.boris": observations}, {"alone_ann.csv": BOUTS + "grooming,0,1,x\n", "alone_bob.csv": BOUTS + "grooming,0,1,y\n"}):
        matched = match(tmp_path, files, columns=NAMED, subject="y", name="{video}_{rater}")
        assert [part.rater for part in matched.parts["alone"]] in (["second"], ["bob"])
        assert any("are left aside: 'x' of 'alone'" in note for note in matched.notes)


def test_raters_of_a_video_of_one_animal_who_tell_of_two_are_no_two_raters_of_one(tmp_path: Path) -> None:
    columns = NAMED | {"rater": "by"}
    two = "what,start_s,stop_s,who,by\ngrooming,0,1,x,ann\ngrooming,1,2,y,bob\n"
    with pytest.raises(InputError, match=r"alone\.csv: it tells of several subjects, 'x', 'y', but the track of 'alone' is of one animal"):
        match(tmp_path, {"alone.csv": two}, columns=columns)
    same = match(tmp_path, {"alone.csv": two.replace("y,bob", "x,bob")}, columns=columns)
    assert [part.rater for part in same.parts["alone"]] == ["ann", "bob"]
    one_names_nobody = boris(ann=("alone.mp4", ["x"]), bob=("alone.mp4", [""]))
    assert [part.rater for part in match(tmp_path, {"all.boris": one_names_nobody}).parts["alone"]] == ["ann", "bob"]


FILMS = {"behaviour": "what", "start": "start_s", "stop": "stop_s", "video": "film"}


@pytest.mark.parametrize("film", ["b.m3", "b.m3.mp4", "b.m3DLC_resnet50.csv", "b.mouse1"])
@pytest.mark.parametrize("file", ["labels.csv", "b.csv"])
@pytest.mark.parametrize("settings", [{}, {"subject": "m1"}])
def test_labels_of_an_individual_that_is_not_asked_for_are_nobody_elses(
    tmp_path: Path, film: str, file: str, settings: dict[str, object]
) -> None:
    text = f"what,start_s,stop_s,film\ngrooming,0,1,{film}\n"
    called = film.removesuffix(".mp4").removesuffix(".csv")
    with pytest.raises(InputError, match=rf"{file}: the labels of '{called}' in it belong to no video"):
        match(tmp_path, {file: text}, columns=FILMS, **settings)
    assert not match(tmp_path, {file: text}, columns=FILMS, unmatched="skip", **settings).parts


@pytest.mark.parametrize(
    ("film", "unit"),
    [
        ("/d/b.AVI", "b.m1"),
        ("bDLC_resnet50.csv", "b.m1"),
        ("b.mp4.re-encoded.640px.avi", "b.m1"),
        ("b.m2", "b.m2"),
        ("b.m2.mp4", "b.m2"),
        ("b.c", "b.c.m1"),
        ("b.c.avi", "b.c.m1"),
    ],
)
def test_a_film_of_all_animals_or_of_one_that_is_asked_for_is_found_in_a_file_of_its_video(tmp_path: Path, film: str, unit: str) -> None:
    text = f"what,start_s,stop_s,film\ngrooming,0,1,{film}\n"
    file, units = f"{unit.rsplit('.', 1)[0]}.csv", [*records(), *of_cage("b.c")]
    assert set(match(tmp_path, {file: text}, units, columns=FILMS, subject="m1").parts) == {unit}


def of_cage(video: str) -> list[VideoRecord]:
    return [unit(video, name, of=2) for name in ("m1", "m2")]


def test_a_file_of_one_video_with_labels_of_another_that_is_called_like_an_animal_of_it_is_refused(tmp_path: Path) -> None:
    units = [unit("cage7", "mouse2", of=2), unit("cage7.mouse1", "", of=0)]
    text = "what,start_s,stop_s,film\ngrooming,0,1,cage7.mouse1.mp4\n"
    with pytest.raises(InputError, match=r"^cage7\.csv: it is named after 'cage7', but says that it is about 'cage7\.mouse1'; rename it$"):
        match(tmp_path, {"cage7.csv": text}, units, columns=FILMS, subject="mouse2")
    assert set(match(tmp_path, {"rows.csv": text}, units, columns=FILMS, subject="mouse2").parts) == {"cage7.mouse1"}


NOBODY = "No focal subject"


def test_no_focal_subject_is_nobody(tmp_path: Path) -> None:
    text = BOUTS + f"grooming,0,1,{NOBODY}\n"
    with pytest.raises(InputError, match=r"a\.csv: it does not say whose behaviour this is, and 'a' has 2 individuals"):
        match(tmp_path, {"a.csv": text}, columns=NAMED)
    assert set(match(tmp_path, {"a.csv": text}, columns=NAMED, subject="m2").parts) == {"a.m2"}
    assert set(match(tmp_path, {"a.m1.csv": text, "alone.csv": text}, columns=NAMED, subject="m2").parts) == {"a.m1", "alone"}
    assert set(match(tmp_path, {"a.boris": boris(o=("a.mp4", [NOBODY]))}, subject="m2").parts) == {"a.m2"}


def test_whose_no_focal_subject_is_may_be_said_beside_others_and_alone(tmp_path: Path) -> None:
    for who in ("", NOBODY):
        project = boris(both=("a.mp4", ["m1", who]), alone=("b.mp4", [who]))
        assert shown(match(tmp_path, {"all.boris": project}, subjects={"m2": NOBODY})) == {
            "a.m1": [(0, 1)],
            "a.m2": [(1, 2)],
            "b.m2": [(0, 1)],
        }
    text = BOUTS + f"grooming,0,1,m1\ngrooming,1,2,{NOBODY}\n"
    with pytest.raises(
        InputError, match=r"a\.csv: 'a' has no individual that goes by the subject 'No focal subject' \(it has 'm1', 'm2'\)"
    ):
        match(tmp_path, {"a.csv": text}, columns=NAMED, subject="m2")


def test_whom_an_observation_lists_has_labels_although_it_shows_nothing(tmp_path: Path) -> None:
    matched = match(tmp_path, {"all.boris": boris("m1; m2", one=("a.mp4", ["m1"]), two=("b.mp4", []))})
    assert shown(matched) == {"a.m1": [(0, 1)], "a.m2": [], "b.m1": [], "b.m2": []}
    silent = matched.parts["a.m2"][0].read()
    with pytest.raises(InputError, match=r"expected bouts of 'm2' in 'a\.mp4', found none; .* labels\.allow_empty: true; .* name out"):
        table_of(silent, "all.boris", ("grooming",), np.arange(3.0), LabelParams())
    assert not table_of(silent, "all.boris", ("grooming",), np.arange(3.0), LabelParams(allow_empty=True))[0].values.any()
    with pytest.raises(InputError, match=r"'a' has no individual that goes by the subject 'm3', did you mean"):
        match(tmp_path, {"all.boris": boris("m1; m3", one=("a.mp4", ["m1"]))})


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
