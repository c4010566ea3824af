"""Which labels belong to which video."""

import pytest

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset import label_files
from ethocache.dataset.formats import FORMATS, BoutList, Format, Labels
from ethocache.dataset.label_files import match_labels, video_of
from ethocache.dataset.labels import LabelParams

VIDEOS = ("WT_1", "WT_1_b", "HD_2")


@pytest.fixture
def match(tmp_path):
    """Match empty bouts files of these names; of a file in `media`, what it says itself."""

    def match(*files, media=None, videos=VIDEOS, views=None, **params):
        for file in files:
            (tmp_path / file).write_text("behaviour,start_s,stop_s\n" + f"grooming,0,{len(file)}\n" * 2)
        params = LabelParams(**params)
        paths = {file: tmp_path / file for file in files}
        matched = match_labels(videos, paths, params, params.meaning(("grooming",)), Store(tmp_path / "store"), views=views)
        return {video: [(part.file, part.number, part.rater) for part in parts] for video, parts in matched.parts.items()}, matched.notes

    return match


def test_corrections_among_the_labels_are_sent_where_they_belong(tmp_path, match):
    path = tmp_path / "WT_1.csv"
    path.write_text("video,behaviour,start_frame,stop_frame,label,video_frames,start_s,stop_s,saved\n")
    columns = {"behaviour": "behaviour", "start": "start_frame", "stop": "stop_frame", "video": "video"}
    for params in (LabelParams(), LabelParams(columns=columns)):
        with pytest.raises(InputError) as caught:
            match_labels(VIDEOS, {"WT_1.csv": path}, params, params.meaning(("grooming",)), Store(tmp_path / "store"))
        told = "these are corrections saved from the report, not labels; put the file where data.corrections points"
        assert str(caught.value) == f"{path}: {told}"


@pytest.fixture
def says(monkeypatch):
    """Make every labels file say that it is about these media, by these raters."""

    def says(*heads):
        parts = tuple(Labels(BoutList("seconds", ()), media, rater) for media, rater in heads)
        monkeypatch.setitem(FORMATS, "bouts_csv", Format("x", lambda head, meaning: True, lambda path, meaning: parts))
        monkeypatch.setitem(FORMATS, "one_hot_csv", Format("x", lambda head, meaning: False, lambda path, meaning: parts))
        label_files.read_parts.cache_clear()

    yield says
    label_files.read_parts.cache_clear()


def test_a_file_belongs_to_the_video_of_its_name(match):
    assert match("WT_1.csv", "HD_2.txt")[0] == {"WT_1": [("WT_1.csv", 0, "")], "HD_2": [("HD_2.txt", 0, "")]}


def test_labels_name_says_how_files_are_called(match):
    found, _ = match(
        "WT_1_rater_1.csv",
        "WT_1_b_rater_1.csv",
        "HD_2_rater_2.csv",
        name="{video}_{rater}",
        videos=("WT_1_b", "HD_2", "WT_1_c"),
        unmatched="skip",
    )
    assert found == {"WT_1_b": [("WT_1_b_rater_1.csv", 0, "rater_1")], "HD_2": [("HD_2_rater_2.csv", 0, "rater_2")]}
    assert match("scored WT_1 (final).csv", name="scored {video} (final)")[0] == {"WT_1": [("scored WT_1 (final).csv", 0, "")]}


def test_a_name_that_can_be_read_in_two_ways_is_refused(match):
    with pytest.raises(InputError, match=r"labels.name can be read in more than one way, 'WT_1' by 'b_rater_1' or 'WT_1_b' by 'rater_1'"):
        match("WT_1_b_rater_1.csv", name="{video}_{rater}")


def test_every_file_that_belongs_nowhere_or_twice_is_named(match, tmp_path):
    with pytest.raises(InputError) as caught:
        match("WT_1.csv", "WT_1.tsv", "WT_11.csv")
    assert str(caught.value).splitlines() == [
        "WT_1.tsv: WT_1.csv already holds the labels of 'WT_1'; keep one of the two, or narrow data.labels; "
        "of two people, say whose each is: labels.name: '{video}_{rater}'",
        "WT_11.csv: no video is called 'WT_11', did you mean 'WT_1'?; rename the file, set labels.name, or narrow data.labels",
    ]


def test_a_file_without_the_rater_that_labels_name_asks_for_is_told_how_to_be_called(match):
    with pytest.raises(InputError) as caught:
        match("HD_2.csv", name="{video}_{rater}")
    assert str(caught.value) == (
        "HD_2.csv: the name does not fit labels.name '{video}_{rater}', as it names no rater; rename the file, such as 'HD_2_anna'"
    )


def test_a_file_with_a_rater_that_labels_name_does_not_ask_for_is_told_the_setting(match):
    with pytest.raises(InputError) as caught:
        match("HD_2.csv", "HD_2_ben.csv", "WT_1_b_ben.csv")
    assert str(caught.value).splitlines() == [
        f"{video}_ben.csv: no video is called '{video}_ben'; if it is of '{video}', and 'ben' is a second person, set labels.name to "
        "'{video}_{rater}', and name the rater in every file; else rename the file, or narrow data.labels"
        for video in ("HD_2", "WT_1_b")
    ]


def test_one_person_twice_is_refused(match, says):
    says(("WT_1.avi", "rater_1"), ("C:\\videos\\WT_1.avi", "rater_1"))
    with pytest.raises(InputError, match=r"all.csv: all.csv already holds the labels of 'WT_1' by 'rater_1'; keep one of the two"):
        match("all.csv")


def test_a_file_of_many_videos_says_which(match, says):
    says(("/home/lab/WT_1.avi", "rater_1"), ("..\\..\\WT_1.avi", "rater_2"), ("HD_2DeepCut_resnet50_x.csv", "rater_1"))
    assert match("all.csv")[0] == {"WT_1": [("all.csv", 0, "rater_1"), ("all.csv", 1, "rater_2")], "HD_2": [("all.csv", 2, "rater_1")]}


def test_videos_that_are_not_there_are_refused_or_left_aside_with_a_note(match, says):
    says(("WT_1.avi", ""), ("WT_7.avi", ""), ("WT_8.avi", ""))
    with pytest.raises(InputError, match=r"all.csv: the labels of 'WT_7' in it belong to no video, did you mean 'WT_1'"):
        match("all.csv")
    found, notes = match("all.csv", unmatched="skip")
    assert found == {"WT_1": [("all.csv", 0, "")]}
    assert notes == ("labels of 2 videos that are not there are left aside: 'WT_7', 'WT_8'",)


def test_the_files_name_says_which_video_where_its_medium_was_called_otherwise(match, says):
    says(("/data/e3_reencode.avi", ""))
    assert match("WT_1_reencode.csv", name="{video}_reencode")[0] == {"WT_1": [("WT_1_reencode.csv", 0, "")]}


def test_a_file_named_after_one_video_about_another_is_refused(match, says):
    says(("HD_2.mp4", ""))
    with pytest.raises(InputError, match=r"WT_1.csv: it is named after 'WT_1', but says that it is about 'HD_2'; rename it"):
        match("WT_1.csv")


def test_what_a_file_holds_is_remembered_by_its_content(match, says, tmp_path):
    says(("HD_2.mp4", "rater_1"))
    assert match("all.csv")[0] == {"HD_2": [("all.csv", 0, "rater_1")]}
    says(("nobody reads this", "again"))
    assert match("all.csv")[0] == {"HD_2": [("all.csv", 0, "rater_1")]}


@pytest.mark.parametrize(
    ("media", "name"),
    [
        ("/a/b/mouse 1.avi", "mouse 1"),
        ("C:\\Users\\lab\\m.1.mp4", "m.1"),
        ("../../../etc/passwd", "passwd"),
        (" m1 ", "m1"),
        (".hidden", ".hidden"),
        ("video/", "video"),
        ("", ""),
    ],
)
def test_a_medium_is_known_by_its_name_alone(media, name):
    assert video_of(media) == name


def test_a_name_with_a_dot_is_a_name_before_it_is_a_name_with_an_ending(match, says):
    says(("s1.2", ""), ("/v/s1.mp4", ""))
    assert match("all.csv", videos=("s1", "s1.2"))[0] == {"s1": [("all.csv", 1, "")], "s1.2": [("all.csv", 0, "")]}


def test_a_file_that_is_believed_by_its_own_name_alone_is_told(match, says):
    says(("/data/other.avi", ""))
    found, notes = match("WT_1.csv")
    assert found == {"WT_1": [("WT_1.csv", 0, "")]}
    assert notes == ("WT_1.csv: says that it is about 'other', and is taken for 'WT_1' by its own name",)


CAMERAS = {f"m1_d2_{view}": ("m1_d2", view) for view in ("side", "top")}


def of_cameras(*files, match, cameras=CAMERAS):
    return match(*files, videos=[*cameras, "m1_d2"], views=cameras, name="{video}_{rater}")[0]


def test_of_several_cameras_a_rater_stands_behind_the_video_also_where_the_session_would_fit(match):
    assert of_cameras("m1_d2_side_anna.csv", "m1_d2_side_topsy.csv", match=match) == {
        "m1_d2_side": [("m1_d2_side_anna.csv", 0, "anna"), ("m1_d2_side_topsy.csv", 0, "topsy")]
    }
    assert of_cameras("m1_d2_anna.csv", match=match) == {"m1_d2": [("m1_d2_anna.csv", 0, "anna")]}


@pytest.mark.parametrize(
    ("file", "cameras", "said"),
    [
        (
            "m1_d2_side.csv",
            CAMERAS,
            "m1_d2_side.csv: labels.name '{video}_{rater}' makes it the labels of 'm1_d2' by 'side', but 'side' is a camera (data.views); "
            "name it after that camera's video and the rater, such as 'm1_d2_side_anna'",
        ),
        (
            "m1_d2_top_anna.csv",
            {"m1_d2_side": ("m1_d2", "side"), "m2_d2_top": ("m2_d2", "top")},
            "makes it the labels of 'm1_d2' by 'top_anna', but 'top' is a camera (data.views); "
            "its video of 'm1_d2' is not there: put that back, or rename the file",
        ),
    ],
)
def test_a_camera_is_no_rater(match, file, cameras, said):
    with pytest.raises(InputError) as caught:
        of_cameras(file, cameras=cameras, match=match)
    assert said in str(caught.value)


def test_a_camera_that_stands_before_the_session_is_no_rater_either(match):
    cameras = {f"{view}_m1": ("m1", view) for view in ("side", "top")}
    settings = {"videos": [*cameras, "m1"], "views": cameras, "name": "{rater}_{video}"}
    assert match("anna_side_m1.csv", **settings)[0] == {"side_m1": [("anna_side_m1.csv", 0, "anna")]}
    with pytest.raises(InputError, match=r"by 'side', but 'side' is a camera \(data.views\); .* such as 'anna_side_m1'"):
        match("side_m1.csv", **settings)


@pytest.mark.parametrize(
    ("video", "file", "there"),
    [("{}_{}", "m3_top", "m3_side"), ("{1}-{0}", "top-m3", "side-m3"), ("a_{1}_{0}", "a_top_m3", "a_side_m3"), ("{}{}", "m3top", "m3side")],
)
def test_labels_of_a_known_camera_whose_video_is_not_there_say_so(match, says, video, file, there):
    session = "a_{}" if video.startswith("a_") else "{}"
    films = [("m1", "side"), ("m1", "top"), ("m3", "side")]
    cameras = {video.format(*about): (session.format(about[0]), about[1]) for about in films}
    settings = {"videos": [*cameras, *(name for name, _ in cameras.values())], "views": cameras}
    said = (
        f"the video of camera 'top' of session '{session.format('m3')}' is not there, only {there}; "
        "put that video back, or leave its labels aside with labels.unmatched: skip"
    )
    with pytest.raises(InputError) as caught:
        match(f"{file}.csv", **settings)
    assert str(caught.value) == f"{file}.csv: {said}"
    says((f"/films/{file}.mp4", ""))
    with pytest.raises(InputError) as caught:
        match("all.csv", **settings)
    assert str(caught.value) == f"all.csv: {said}"
    assert match("all.csv", **settings, unmatched="skip")[0] == {}


@pytest.mark.parametrize(("name", "file"), [("{video}_labels", "m3_top_labels.csv"), ("{video}_{rater}", "m3_top_anna.csv")])
def test_labels_with_more_in_their_name_say_so_as_well(match, name, file):
    cameras = {"m1_side": ("m1", "side"), "m1_top": ("m1", "top"), "m3_side": ("m3", "side")}
    with pytest.raises(InputError, match="the video of camera 'top' of session 'm3' is not there, only m3_side; put that video back"):
        match(file, videos=cameras, views=cameras, name=name)


def test_a_camera_in_other_capitals_is_no_second_person(match):
    cameras = {"m1_d2_side": ("m1_d2", "side"), "m1_d2_top": ("m1_d2", "top")}
    with pytest.raises(InputError, match=r"no video is called 'm1_d2_Side', did you mean 'm1_d2_side'\?; rename the file") as caught:
        match("m1_d2_Side.csv", videos=[*cameras, "m1_d2"], views=cameras)
    assert "person" not in str(caught.value)


def test_what_is_no_known_camera_may_be_a_second_person(match):
    settings = {"videos": [*CAMERAS, "m1_d2"], "views": CAMERAS}
    with pytest.raises(InputError, match="if it is of 'm1_d2', and 'anna' is a second person"):
        match("m1_d2_anna.csv", **settings)


def test_without_several_cameras_a_name_that_fits_two_videos_is_refused_as_ever(match):
    with pytest.raises(InputError, match=r"labels.name can be read in more than one way, 'm1_d2' by 'side_anna' or 'm1_d2_side' by 'anna'"):
        match("m1_d2_side_anna.csv", videos=["m1_d2", "m1_d2_side"], name="{video}_{rater}")


def test_a_file_that_is_named_after_a_session_may_say_which_of_its_cameras_it_is_about(match, says):
    says(("m1_d2_top.mp4", "Bo"))
    settings = {"videos": [*CAMERAS, "m1_d2", "m2_d2"], "views": CAMERAS | {"m2_d2_top": ("m2_d2", "top")}}
    assert match("m1_d2.csv", **settings)[0] == {"m1_d2_top": [("m1_d2.csv", 0, "Bo")]}
    with pytest.raises(InputError, match=r"m2_d2.csv: it is named after 'm2_d2', but says that it is about 'm1_d2_top'; rename it"):
        match("m2_d2.csv", **settings)


def test_an_animal_without_a_video_is_not_taken_for_a_camera_of_the_same_name(match):
    cameras = {f"{animal}_{camera}": (animal, camera) for animal in "13" for camera in "12"}
    with pytest.raises(InputError, match="no video is called '2_1'"):
        match("2_1.csv", videos=[*cameras, "1", "3"], views=cameras)
