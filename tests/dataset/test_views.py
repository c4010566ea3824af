from pathlib import Path

import pytest
from pydantic import ValidationError

from ethocache.common.errors import InputError
from ethocache.common.params import parse_section
from ethocache.dataset.clocks import Clock
from ethocache.dataset.folder import DataFolder, DataParams
from ethocache.dataset.formats import Meaning
from ethocache.dataset.index import VideoRecord, every_view, parse_name, read_index, write_index
from ethocache.dataset.label_files import LabelPart
from ethocache.dataset.videos import VideoFacts
from ethocache.dataset.views import (
    join_views,
    names_of_labels,
    read_clocks,
    refuse_several,
    sessions_of,
    stream_names,
    view_names,
    view_of,
)

NAME = "{animal}_{day}_{camera}"


def params(**settings):
    return DataParams(**{"dir": "lab", "behaviours": ("grooming",), "name": NAME, "views": "camera", **settings})


def video(stem, fingerprint="", name=NAME):
    facts = VideoFacts(100, 32, 32, "yuv420p", "h264", 10.0, 10.0, False, (), fingerprint or stem)
    fields = parse_name(name, stem, stem)
    return VideoRecord(stem, f"videos/{stem}.mp4", fields, fields.get("animal", stem), facts)


def labels(*names):
    part = lambda name: LabelPart(f"labels/{name}.csv", Path(name), name, "bouts_csv", 0, "", Meaning(("grooming",)))  # noqa: E731
    return {name: (part(name),) for name in names}


def join(stems, labelled=(), clocks=None, **settings):
    return join_views([video(stem) for stem in stems], labels(*labelled), params(**settings), clocks)


BOTH = ("m1_d1_top", "m1_d1_side", "m2_d1_top", "m2_d1_side")


def test_the_videos_of_a_session_become_one_record_that_is_called_as_they_are_without_the_camera():
    sessions = join(BOTH).records
    assert [(one.id, one.view, [other.view for other in one.others]) for one in sessions] == [
        ("m1_d1", "side", ["top"]),
        ("m2_d1", "side", ["top"]),
    ]
    assert (sessions[0].animal, sessions[0].fields) == ("m1", {"animal": "m1", "day": "d1"})
    assert [each.id for each in every_view(sessions)] == ["m1_d1", "m1_d1_top", "m2_d1", "m2_d1_top"]
    assert view_names(sessions) == ("side", "top")


def test_without_an_animal_in_the_name_both_views_of_a_session_still_count_as_one():
    records = [video(f"s1_{view}", name="{session}_{camera}") for view in ("top", "side")]
    (session,) = join_views(records, {}, params(name="{session}_{camera}"), None).records
    assert (session.animal, session.others[0].animal) == ("s1", "s1")


def test_without_views_nothing_changes():
    records = [video(stem) for stem in BOTH]
    plain = params(views="")
    assert join_views(records, {}, plain, None).records == records
    assert names_of_labels(records, plain) == list(BOTH)


def test_the_reference_is_the_view_that_most_labels_files_are_named_after():
    found = join(BOTH, ["m2_d1_top"])
    assert [one.view for one in found.records] == ["top", "top"]
    assert [*found.labels] == ["m2_d1"]
    assert found.notes == ("sessions are filmed by side, top; their frames are those of 'top'",)


def test_a_session_that_was_labelled_on_another_view_has_the_frames_of_that_one():
    found = join(BOTH, ["m2_d1_top"], reference_view="side")
    assert [one.view for one in found.records] == ["side", "top"]
    assert "but in 1 session those of another (m2_d1)" in found.notes[0]


def test_labels_may_be_named_after_the_session():
    records = [video(stem) for stem in BOTH]
    assert names_of_labels(records, params()) == [*BOTH, "m1_d1", "m2_d1"]
    assert [*join(BOTH, ["m1_d1"]).labels] == ["m1_d1"]


def test_a_video_is_of_a_session_and_a_camera():
    records = [video(stem) for stem in BOTH[:2]]
    assert sessions_of(records, params()) == {"m1_d1_top": ("m1_d1", "top"), "m1_d1_side": ("m1_d1", "side")}
    assert sessions_of(records, params(views="")) == {}


def test_labels_that_are_named_after_a_session_without_the_reference_view_go_by_no_clock_and_are_refused():
    stems = (*BOTH, "m3_d1_side", "m3_d1_zoom")
    said = r"m3_d1.csv: named after the session 'm3_d1', it goes by the clock of the reference view 'top', which that session lacks; "
    with pytest.raises(InputError, match=said + "name it after the view that it was made on: m3_d1_side or m3_d1_zoom"):
        join(stems, ["m3_d1"], reference_view="top")
    assert join(stems, ["m3_d1_zoom"], reference_view="top").records[2].view == "zoom"


def test_labels_on_two_views_of_a_session_go_by_two_clocks_and_are_refused():
    with pytest.raises(InputError, match=r"m1_d1_side.csv and labels/m1_d1_top.csv: expected the labels of 'm1_d1' to go by one camera"):
        join(BOTH, ["m1_d1_top", "m1_d1_side"])


def test_a_session_that_lacks_a_view_is_a_session_and_said_to_lack_it():
    found = join(("m1_d1_top", "m1_d1_side", "m2_d1_side"), reference_view="top")
    assert [(one.view, len(one.others)) for one in found.records] == [("top", 1), ("side", 0)]
    assert found.notes[1] == "no 'top' of 1 session (m2_d1): what it shows is taken as not seen"


def test_cameras_that_differ_only_by_case_are_refused():
    with pytest.raises(InputError) as caught:
        join((*BOTH, "m3_d1_top", "m3_d1_Side"))
    assert str(caught.value) == (
        "data.views: expected each camera to be written in one way, found 'Side' (videos/m3_d1_Side.mp4) and 'side' "
        "(videos/m1_d1_side.mp4, videos/m2_d1_side.mp4); rename videos/m3_d1_Side.mp4, its track and labels to 'side', "
        "or give two cameras names that differ by more than capitals"
    )


def test_cameras_that_never_film_the_same_session_are_asked_about():
    found = join((*BOTH, "m3_d1_top", "m3_d1_lateral"))
    asked = "are 'lateral' and 'side' one camera? no session has both; if they are, give their videos one name"
    assert [note for note in found.notes if "one camera?" in note] == [asked]
    assert not any("one camera?" in note for note in join(BOTH).notes)


def test_cameras_of_several_boxes_are_not_taken_for_one_another():
    boxes = [f"m{box}_d1_box{box}{camera}" for box in range(6) for camera in ("top", "side")]
    assert not any("one camera?" in note for note in join(tuple(boxes)).notes)


def test_sessions_of_one_camera_each_are_asked_about_once():
    notes = join(("m1_d1_top", "m2_d1_side", "m3_d1_zoom")).notes
    said = "no session is filmed by two cameras: is 'camera' the camera in data.name, and is all else in the names of a session's videos"
    assert [said in note for note in notes].count(True) == 1
    assert not any("one camera?" in note for note in notes)


def test_one_view_only_is_said():
    assert join(("m1_d1_top", "m2_d1_top")).notes == ("data.views: all videos are of one view, 'top'",)


def test_the_same_video_as_two_views_is_refused():
    records = [video("m1_d1_top", "same"), video("m1_d1_side", "same")]
    with pytest.raises(InputError, match=r"m1_d1_top.mp4 and videos/m1_d1_side.mp4 hold the same video, but are two views of 'm1_d1'"):
        join_views(records, {}, params(), None)


def test_two_sessions_that_would_have_one_name_are_refused():
    name = "{animal}-{camera}_{day}"
    records = [video("a-top_1", name=name), video("a-side_1", name=name)]
    one = params(name=name)
    (session,) = join_views(records, {}, one, None).records
    assert session.id == "a_1"
    with pytest.raises(InputError, match="'a_1' is the name of a session and of a video; rename"):
        join_views([*records, VideoRecord("a_1", "x.mp4", records[0].fields | {"camera": "x"}, "a", records[0].facts)], {}, one, None)


def test_an_unknown_reference_view_is_refused_with_the_nearest_name():
    with pytest.raises(InputError, match=r"data.reference_view: 'topp' is no view, did you mean 'top'\?; there are: side, top"):
        join(BOTH, reference_view="topp")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"views": "kamera"}, r"'views': expected one of the parts of data.name \(animal, day, camera\)"),
        ({"views": "animal"}, "'views': expected the part that is the camera"),
        ({"views": "camera", "name": "{camera}"}, "'views': expected the part that is the camera"),
        ({"views": "camera", "individuals": "each"}, "'views': expected nothing where data.individuals is not together"),
        ({"views": "", "reference_view": "top"}, "'reference_view': expected nothing where data.views is empty"),
        ({"clocks": {"side": {"offset": 1}}}, "'clocks': expected two numbers for each view"),
        ({"clocks": {"side": {"offset_s": "soon", "drift": 1}}}, "'clocks': expected two numbers for each view"),
        (
            {"clocks": {"side": {"offset_s": 0.3, "drift": 102}}},
            "'clocks': expected a drift between .5 and 2 for 'side', the seconds of its clock in one second of the other, such as 1.02 "
            "where it gains 2 %, found {'side': {'offset_s': 0.3, 'drift': 102}}",
        ),
        ({"clocks": {"side": {"drift": 0}}}, "expected a drift between .5 and 2 for 'side', .*, found {'side': {'drift': 0}}"),
        ({"clocks": {"side": {"drift": "102"}}}, "expected a drift between .5 and 2 for 'side'"),
        ({"clocks": "../clocks.csv"}, "'clocks': expected a pattern below data.dir"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, said):
    with pytest.raises(InputError, match=said):
        parse_section({"dir": "lab", "behaviours": ["a"], "name": NAME, "views": "camera", **settings}, DataParams, "params.yaml: data")


def test_the_index_keeps_the_views_of_a_session_and_writes_nothing_new_where_there_is_one(tmp_path):
    clocks = {stem: Clock(offset_s=0.5) if "side" in stem else Clock() for stem in BOTH}
    sessions = join(BOTH, clocks=clocks, reference_view="top").records
    write_index(tmp_path / "index.json", sessions)
    assert read_index(tmp_path / "index.json") == sessions
    assert sessions[0].others[0].clock == Clock(offset_s=0.5)
    write_index(tmp_path / "one.json", [video("m1_d1_top")])
    assert not any(word in (tmp_path / "one.json").read_text() for word in ('"view"', '"others"', '"clock"'))


def test_clocks_go_by_the_view_whose_frames_a_session_has():
    clocks = {"m1_d1_top": Clock(), "m1_d1_side": Clock(offset_s=2.0, drift=1.25)}
    (session,) = join(("m1_d1_top", "m1_d1_side"), ["m1_d1_side"], clocks).records
    assert (session.view, session.others[0].clock) == ("side", Clock(offset_s=-1.6, drift=0.8))


def test_clocks_of_which_one_gains_as_the_other_loses_are_refused_with_their_videos():
    clocks = {"m1_d1_top": Clock(drift=0.6), "m1_d1_side": Clock(drift=1.8)}
    with pytest.raises(InputError) as caught:
        join(("m1_d1_top", "m1_d1_side"), ["m1_d1_top"], clocks)
    assert str(caught.value).endswith(
        "videos/m1_d1_side.mp4 by the clock of videos/m1_d1_top.mp4: data.clocks: expected clocks that can go by each other, with a drift "
        "between .5 and 2, found 3 from the drifts 1.8 and 0.6; correct them"
    )


@pytest.mark.parametrize(
    ("clocks", "taken"),
    [
        ({"top": Clock(offset_s=2.0)}, "by the clock of 'side', which it does not name"),
        ({"top": Clock(offset_s=2.0), "side": Clock()}, "by one clock, as it names all views"),
    ],
)
def test_a_clock_of_the_reference_view_is_explained(clocks, taken):
    assert join(BOTH, reference_view="top", clocks=None).notes == ("sessions are filmed by side, top; their frames are those of 'top'",)
    records = [video(stem) for stem in BOTH]
    told = join_views(records, {}, params(reference_view="top", clocks=clocks), None).notes
    assert told[1] == (
        f"data.clocks names 'top', the reference view: its numbers are taken {taken}, and turned round for the others; where they are "
        "meant otherwise, name the other views instead"
    )
    for as_it_is in ({"side": Clock(offset_s=2.0)}, {"top": Clock(), "side": Clock(offset_s=2.0)}):
        assert len(join_views(records, {}, params(reference_view="top", clocks=as_it_is), None).notes) == 1


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "lab").mkdir()
    return DataFolder(str(tmp_path / "lab"))


RECORDS = [video(stem) for stem in BOTH]


def test_clocks_come_from_settings_a_table_or_motion(folder, tmp_path):
    assert read_clocks(RECORDS, params(), folder) is None
    assert set(read_clocks(RECORDS, params(clocks="same"), folder).values()) == {Clock()}
    given = read_clocks(RECORDS, params(clocks={"side": Clock(offset_s=0.2)}), folder)
    assert (given["m1_d1_side"], given["m1_d1_top"]) == (Clock(offset_s=0.2), Clock())
    (tmp_path / "lab/clocks.csv").write_text("video,offset_s,drift\nm1_d1_side,1.5,1.001\nm2_d1_side,0,1\n")
    table = read_clocks(RECORDS, params(clocks="clocks.csv"), folder)
    assert table["m1_d1_side"] == Clock(offset_s=1.5, drift=1.001)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("video,offset_s\nm1_d1_side,1\n", "data.clocks: clocks.csv: expected the columns video, offset_s, drift, found no 'drift'"),
        ("video,offset_s,drift\nm1_d1_side,soon,1\n", "line 2: expected offset_s in seconds and drift near 1, found 'soon, 1'"),
        ("video,offset_s,drift\nm1_d1_side,0,9\n", "line 2: expected offset_s in seconds and drift near 1, found '0, 9'"),
        ("video,offset_s,drift\nm1_d1_sid,0,1\n", "line 2: 'm1_d1_sid' is no video, did you mean 'm1_d1_side'?"),
        ("video,offset_s,drift\nm1_d1_side,0,1\nm1_d1_side,0,1\n", "line 3: 'm1_d1_side' stands twice"),
        (
            "video,offset_s,drift\nm1_d1_side,0,1\n",
            "a row for all views but one of a session, found none for m2_d1_top, m2_d1_side",
        ),
    ],
)
def test_what_is_wrong_with_a_table_of_clocks_is_said(folder, tmp_path, text, said):
    (tmp_path / "lab/clocks.csv").write_text(text)
    with pytest.raises(InputError) as error:
        read_clocks(RECORDS, params(clocks="clocks.csv"), folder)
    assert said in str(error.value)


def test_clocks_of_what_is_not_there_are_refused(folder):
    with pytest.raises(InputError, match=r"found no file 'clock.csv'"):
        read_clocks(RECORDS, params(clocks="clock.csv"), folder)
    with pytest.raises(InputError, match=r"data.clocks: 'sid' is no view, did you mean 'side'\?; there are: side, top"):
        read_clocks(RECORDS, params(clocks={"sid": Clock()}), folder)


def test_every_view_has_the_streams_of_the_backbone():
    backbone = {"streams": {"resnet50": {}, "pose": {}}}
    assert stream_names(backbone) == ("resnet50", "pose")
    both = stream_names(backbone | {"views": ["side", "top"]})
    assert both == ("side.resnet50", "side.pose", "top.resnet50", "top.pose")
    assert [view_of(stream) for stream in (both[0], "resnet50")] == ["side", ""]


def test_what_is_for_one_camera_says_so():
    refuse_several({"streams": {}}, "a pack")
    with pytest.raises(InputError, match="a pack is for one camera, but this project's model sees side, top together"):
        refuse_several({"streams": {}, "views": ["side", "top"]}, "a pack")


def test_a_clock_is_a_setting_that_cannot_be_wrong():
    with pytest.raises(ValidationError):
        Clock(offset_s=float("inf"))
