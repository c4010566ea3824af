"""Tags as BORIS takes them, and back."""

import json
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ethocache.common.errors import InputError
from ethocache.dataset.boris import write_boris_events, write_boris_project
from ethocache.dataset.formats import FORMATS, Meaning, recognise
from ethocache.dataset.labels import LabelParams, table_of
from ethocache.dataset.tagged_video import TaggedVideo

NAMES = ("grooming", "=rearing, wall", "Tête à queue", "grasping")


def tagged(tags, time_s=None, name="m1", media="videos/m1.mp4", behaviours=NAMES):
    tags = np.array(tags, np.int8)
    time_s = np.arange(len(tags)) / 25 if time_s is None else time_s
    return TaggedVideo(name, behaviours[: tags.shape[1]], time_s, tags, media=media, fps=25.0)


@st.composite
def ethograms(draw):
    """Any tags at any rising time stamps, from 200 frames per second to gaps of a minute."""
    frames, behaviours = draw(st.integers(2, 40)), draw(st.integers(1, 4))
    intervals = draw(st.lists(st.floats(0.005, 0.2) | st.floats(0.2, 60), min_size=frames - 1, max_size=frames - 1))
    tags = draw(st.lists(st.lists(st.integers(0, 1), min_size=behaviours, max_size=behaviours), min_size=frames, max_size=frames))
    return tagged(tags, np.concatenate([[0.0], np.cumsum(intervals)]))


def read(path, tool):
    assert recognise(path, Meaning()) == tool
    return FORMATS[tool].read(path, Meaning())


def frames(labels, video):
    return table_of(labels, "m1", video.behaviours, video.time_s, LabelParams(allow_empty=True))[0].values


WRITERS = {
    "boris_events": write_boris_events,
    "boris_project": lambda path, video: write_boris_project(path, [video]),
}


@pytest.mark.parametrize("tool", WRITERS)
@given(video=ethograms())
@settings(max_examples=30, deadline=None)
def test_tags_come_back_from_boris_frame_for_frame(tool, video, tmp_path_factory):
    path = tmp_path_factory.mktemp("boris") / "m1.xlsx"
    WRITERS[tool](path, video)
    (labels,) = read(path, tool)
    assert np.array_equal(frames(labels, video), video.tags)
    assert labels.media == ("" if tool == "boris_events" and not video.tags.any() else video.media) and labels.notes == ()


@given(video=ethograms())
@settings(max_examples=60, deadline=None)
def test_tags_survive_the_milliseconds_to_which_boris_rounds(video, tmp_path_factory):
    path = tmp_path_factory.mktemp("boris") / "m1.boris"
    write_boris_project(path, [video])
    project = json.loads(path.read_text())
    events = project["observations"]["m1"]["events"]
    for event in events:
        event[0] = round(event[0], 3)
    events.sort(key=lambda event: event[:3])
    path.write_text(json.dumps(project))
    assert np.array_equal(frames(read(path, "boris_project")[0], video), video.tags)


@pytest.mark.parametrize("tool", WRITERS)
def test_the_same_tags_are_the_same_bytes_at_another_time(tmp_path, tool):
    video = tagged([[0, 1], [1, 1], [1, 0]])
    WRITERS[tool](tmp_path / "lab.one", video)
    time.sleep(2.1)  # a zip file counts in steps of 2 s
    WRITERS[tool](tmp_path / "lab.two", video)
    assert (tmp_path / "lab.one").read_bytes() == (tmp_path / "lab.two").read_bytes()


def test_a_table_has_the_columns_that_boris_imports(tmp_path):
    write_boris_events(tmp_path / "m1.xlsx", tagged([[0, 1], [1, 1], [1, 0], [0, 0]]))
    table = pd.read_excel(tmp_path / "m1.xlsx").fillna("")  # as BORIS reads it
    assert table[["time", "subject", "code", "modifier", "comment", "status"]].to_numpy().tolist() == [
        [0.0, "", "=rearing, wall", "", "", "START"],
        [0.04, "", "grooming", "", "", "START"],
        [0.08, "", "=rearing, wall", "", "", "STOP"],
        [0.12, "", "grooming", "", "", "STOP"],
    ]


def test_a_project_holds_what_boris_looks_for(tmp_path):
    write_boris_project(tmp_path / "lab.boris", [tagged([[0, 1], [1, 1]])])
    project = json.loads((tmp_path / "lab.boris").read_bytes().decode("ascii"))
    assert project["project_format_version"] == "7.0" and project["project_name"] == "lab"
    assert project["behaviors_conf"]["1"] | {"color": ""} == {
        "type": "State event", "key": "r", "code": "=rearing, wall", "description": "", "color": "", "category": "", "modifiers": {},
        "excluded": "", "coding map": "",
    }  # fmt: skip
    found = project["observations"]["m1"]
    assert found["file"]["1"] == ["videos/m1.mp4"] and [found["file"][str(player)] for player in range(2, 9)] == [[]] * 7
    assert found["media_info"]["length"] == {"videos/m1.mp4": 0.08} and found["media_info"]["fps"] == {"videos/m1.mp4": 25.0}
    assert found["type"] == "MEDIA" and found["time offset"] == 0
    assert found["events"] == [
        [0.0, "", "=rearing, wall", "", "", "NA"],
        [0.04, "", "grooming", "", "", "NA"],
        [0.08, "", "=rearing, wall", "", "", "NA"],
        [0.08, "", "grooming", "", "", "NA"],
    ]


def test_every_behaviour_has_its_own_key_and_colour_as_long_as_there_are_some(tmp_path):
    names = tuple(f"grooming {number}" for number in range(40))
    write_boris_project(tmp_path / "lab.boris", [tagged(np.eye(40), behaviours=names)])
    found = json.loads((tmp_path / "lab.boris").read_text())["behaviors_conf"].values()
    keys, colours = ([behaviour[what] for behaviour in found] for what in ("key", "color"))
    assert keys[:3] == ["g", "r", "o"] and len(set(keys[:36])) == 36 and keys[36:] == [""] * 4
    assert len(set(colours)) == 40 and all(len(colour) == 7 for colour in colours)


def test_sessions_without_a_video_are_live_observations(tmp_path):
    videos = [tagged([[1], [0]], name="m1", media=""), tagged([[0], [1]], name="m2")]
    write_boris_project(tmp_path / "lab.boris", videos)
    first, second = read(tmp_path / "lab.boris", "boris_project")
    assert (first.media, second.media) == ("m1", "videos/m1.mp4")
    assert [frames(labels, video).tolist() for labels, video in zip((first, second), videos, strict=True)] == [[[1], [0]], [[0], [1]]]


def test_a_project_without_videos_is_one(tmp_path):
    write_boris_project(tmp_path / "lab.boris", [])
    assert read(tmp_path / "lab.boris", "boris_project") == ()


def test_what_boris_cannot_hold_is_refused(tmp_path):
    faults = {
        "m1: BORIS cannot say that nobody looked; expected tags of 0 and 1, found others": [tagged([[-1]])],
        "'a|b': BORIS takes no '|' in the name of a behaviour; rename it": [tagged([[1]], behaviours=("a|b",))],
        "'a b': BORIS takes no name with line breaks, or with spaces around it": [tagged([[1]], behaviours=("a\nb",))],
        "' m1': BORIS takes no name with line breaks, or with spaces around it": [tagged([[1]], name=" m1")],
        "m1: the video and each behaviour need a name, and behaviours different ones": [tagged([[1, 1]], behaviours=("a", "a"))],
        "two videos are called 'm1'; rename one": [tagged([[1]]), tagged([[1]])],
    }
    for message, videos in faults.items():
        with pytest.raises(InputError) as error:
            write_boris_project(tmp_path / "x", videos)
        assert message in str(error.value)
    with pytest.raises(InputError, match="BORIS cannot say that nobody looked"):
        write_boris_events(tmp_path / "x", tagged([[-1]]))
    assert not (tmp_path / "x").exists()
    with pytest.raises(ValueError, match=r"Expected tags and probability of shape \(3, 1\) for m1"):
        tagged([[1]], np.arange(3.0))


def individual(name, tags, session="cage", media="videos/cage.mp4"):
    return replace(tagged(tags, name=f"{session}.{name}", media=media), session=session, individual=name)


def test_the_animals_of_a_video_are_subjects_of_one_observation_and_come_back_each_by_itself(tmp_path):
    videos = [individual("m1", [[1, 0], [1, 0], [0, 1]]), individual("m2", [[0, 0], [1, 0], [1, 0]]), tagged([[1], [0]])]
    write_boris_project(tmp_path / "lab.boris", iter(videos))
    project = json.loads((tmp_path / "lab.boris").read_text())
    assert list(project["observations"]) == ["cage", "m1"]
    assert [subject["name"] for subject in project["subjects_conf"].values()] == ["m1", "m2"]
    scored = [(found["independent_variables"]) for found in project["observations"].values()]
    assert scored == [{"subjects scored": "m1; m2"}, {}]
    assert [(kind["label"], kind["type"]) for kind in project["independent_variables"].values()] == [("subjects scored", "text")]
    times = [event[0] for event in project["observations"]["cage"]["events"]]
    assert times == sorted(times) and len(times) == 6
    found = FORMATS["boris_project"].read(tmp_path / "lab.boris", Meaning(by_subject=True))
    assert [(labels.media, labels.subject) for labels in found] == [
        ("videos/cage.mp4", "m1"),
        ("videos/cage.mp4", "m2"),
        ("videos/m1.mp4", ""),
    ]
    for labels, video in zip(found, videos, strict=True):
        assert np.array_equal(frames(labels, video), video.tags)


def test_an_animal_that_shows_nothing_comes_back_as_labelled(tmp_path):
    videos = [individual("m1", [[1], [0]]), individual("m2", [[0], [0]]), individual("m1", [[0], [0]], "hut"), tagged([[0], [0]], name="x")]
    write_boris_project(tmp_path / "lab.boris", videos)
    found = FORMATS["boris_project"].read(tmp_path / "lab.boris", Meaning(by_subject=True))
    assert [labels.subject for labels in found] == ["m1", "m2", "m1", ""]
    for labels, video in zip(found, videos, strict=True):
        assert np.array_equal(frames(labels, video), video.tags)


def test_a_table_of_events_names_the_subject(tmp_path):
    write_boris_events(tmp_path / "m1.xlsx", individual("m1", [[1], [0]]))
    assert pd.read_excel(tmp_path / "m1.xlsx")["subject"].tolist() == ["m1", "m1"]


def test_two_units_of_one_name_and_subjects_that_boris_cannot_take_are_refused(tmp_path):
    unit = individual("m1", [[1], [0]])
    with pytest.raises(InputError, match=r"two videos are called 'cage\.m1'; rename one"):
        write_boris_project(tmp_path / "lab.boris", [unit, unit])
    with pytest.raises(InputError, match=r"' m1': BORIS takes no name with line breaks, or with spaces around it"):
        write_boris_project(tmp_path / "lab.boris", [individual(" m1", [[1], [0]])])
    with pytest.raises(InputError, match=r"'m;1': animals are listed for BORIS with ';' between, so none may have one in its name"):
        write_boris_project(tmp_path / "lab.boris", [individual("m;1", [[1], [0]])])
