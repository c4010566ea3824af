"""What may surprise although every file can be read."""

from dataclasses import replace
from hashlib import sha256

import pytest

from ethocache.dataset.clocks import Clock
from ethocache.dataset.findings import findings, grouped, some, spellings
from ethocache.dataset.folder import DataParams
from ethocache.dataset.index import VideoRecord, every_view
from ethocache.dataset.videos import VideoFacts

FACTS = VideoFacts(10, 32, 32, "yuv420p", "h264", 10.0, 1.0, False, (), "f" * 64)
PARAMS = DataParams(dir="lab", name="{treatment}_{animal}", behaviours=("grooming",))


def video(number: int, treatment: str = "saline", **facts: object) -> VideoRecord:
    name = f"{treatment}_{number}"
    facts = replace(FACTS, fingerprint=f"{number:064d}", **facts)
    return VideoRecord(name, f"{name}.mp4", {"treatment": treatment, "animal": str(number)}, str(number), facts)


def test_ordinary_videos_surprise_nobody():
    records = [video(number, treatment) for number, treatment in enumerate(["saline", "drug"] * 3)]
    assert findings(records, PARAMS, [record.id for record in records]) == []
    assert findings([], PARAMS) == []


def test_a_video_of_another_rate_is_named_and_cameras_that_differ_in_the_last_digit_are_not():
    records = [video(0), video(1, fps=10.02), video(2), video(3, fps=25.0)]
    assert findings(records, PARAMS) == ["3 of 4 videos have about 10 frames per second, but not saline_3.mp4 (25)"]


CAMERAS = DataParams(dir="lab", name="{treatment}_{animal}_{camera}", views="camera", behaviours=("grooming",))


def session(number: int, clock: Clock | None = None, treatment: str = "saline", **of_side: object) -> VideoRecord:
    """A session that a camera above films at 10 frames per second for 92 s, and one from the side otherwise."""
    top = replace(video(number, treatment, fps=10.0, duration_s=92.0), view="top")
    side = replace(video(100 + number, treatment, **{"fps": 25.0, "duration_s": 92.0} | of_side), view="side", clock=clock)
    return replace(top, others=(side,))


def test_cameras_may_differ_in_rate_and_a_video_that_differs_from_the_others_of_its_camera_is_named():
    assert findings([session(number) for number in range(4)], CAMERAS) == []
    odd = findings([*(session(number) for number in range(3)), session(3, fps=50.0)], CAMERAS)
    assert odd == ["3 of 4 videos of camera 'side' have about 25 frames per second, but not saline_103.mp4 (50)"]


def test_a_view_that_is_much_shorter_than_its_session_is_named():
    records = [session(0, duration_s=46.0), session(1, duration_s=84.0), session(2, duration_s=82.0), session(3)]
    said = "less than 90 % of the session: saline_100.mp4 (46.0 of 92.0 s){}; what lacks is taken as not seen, or the frame rate that "
    said += "the file says is wrong"
    assert findings(records, CAMERAS) == ["2 views last " + said.format(", saline_102.mp4 (82.0 of 92.0 s)")]
    assert findings(records[:2], CAMERAS) == ["1 view lasts " + said.format("")]


def test_a_view_that_is_much_longer_than_its_session_is_named():
    """Else a reference video that claims twice its rate would shift every tag without a word."""
    (said,) = findings([session(0, duration_s=184.0), session(1, duration_s=101.0)], CAMERAS)
    assert said.startswith(
        "1 view lasts more than 111 % of the session: saline_100.mp4 (184.0 of 92.0 s); what is beyond it is not used, or"
    )


def test_a_view_is_as_long_as_the_clock_of_its_session_says():
    slow = session(0, Clock(drift=0.6), duration_s=55.2)
    assert findings([slow, session(1, Clock(), duration_s=55.2)], CAMERAS)[0].startswith("1 view lasts less than 90 %")
    assert findings([slow], CAMERAS) == []


def test_of_videos_that_could_not_be_joined_into_sessions_nothing_is_said_of_labels_and_rates_go_by_camera():
    joined = [session(number, treatment=treatment) for number, treatment in enumerate(["saline", "drug"] * 4)]
    labelled = [record.id for record in joined if "saline" in record.id]
    assert findings(joined, CAMERAS, labelled) == ["no video of treatment 'drug' has labels: scores say nothing about it"]
    apart = [replace(each, view="", others=(), fields=each.fields | {"camera": each.view}) for each in every_view(joined)]
    assert findings(apart, CAMERAS, None) == []


def test_a_group_of_one_animal_and_a_group_without_labels_are_named():
    records = [*(video(number) for number in range(3)), *(video(number, "drug") for number in range(3, 6)), video(6, "other")]
    assert findings(records, PARAMS, ["saline_0", "other_6"]) == [
        "no video of treatment 'drug' has labels: scores say nothing about it",
        "treatment 'other' has a single animal: it cannot be compared with the others",
    ]


def test_a_part_that_names_each_video_is_no_group():
    assert findings([video(number, f"day{number}") for number in range(4)], PARAMS, ["day0_0"]) == []


@pytest.mark.parametrize(
    ("names", "line"),
    [
        (["Grooming", "grooming", "grooming"], "'Grooming' (once) and 'grooming' (2 times) look like one behaviour"),
        (["groom", "grooming", "grooming"], "labels.rename: {'groom': 'grooming'}"),
        (["wall-rearing", "wall_rearing", "wall_rearing"], "labels.rename: {'wall-rearing': 'wall_rearing'}"),
        (["mid_rearing", "mid_raering", "mid_rearing"], "labels.rename: {'mid_raering': 'mid_rearing'}"),
    ],
)
def test_two_spellings_of_one_behaviour_are_told_with_their_remedy(names, line):
    assert line in spellings(names, {"grooming"})[0]


@pytest.mark.parametrize("names", [["grooming", "mid_rearing"], ["mid_rearing", "wall_rearing"], ["a", "b"], ["!", "?"], ["grooming"]])
def test_different_behaviours_are_not_taken_for_one(names):
    assert spellings(names, set()) == []


def test_names_that_the_settings_explain_are_meant_to_differ():
    assert spellings(["rear", "rearing"], settled={"rear"}) == []
    assert len(spellings(["rear", "rearing"], {"rear", "rearing"})) == 1, "both are tagged, which nobody may have meant"


def test_the_more_frequent_spelling_counts_as_right_and_the_other_leaves_the_behaviours():
    (line,) = spellings(["groming", *["grooming"] * 3], {"groming", "grooming"})
    assert line.endswith("set labels.rename: {'groming': 'grooming'} and take 'groming' out of data.behaviours")
    assert line.startswith("'groming' (once) and 'grooming' (3 times)")


def test_a_great_many_names_are_not_all_compared():
    assert spellings([sha256(str(number).encode()).hexdigest() for number in range(5000)]) == []


def test_like_notes_of_many_videos_are_one_line():
    notes = [("a", "12 frames cut"), ("b", "3 frames cut"), ("c", "other")]
    assert grouped(notes) == ["a: 12 frames cut; and the like in 1 more (b)", "c: other"]
    many = [(name, f"{place} frames cut") for place, name in enumerate("abcdef")]
    assert grouped(many) == ["a: 0 frames cut; and the like in 5 more (b, c, d ...)"]


def test_only_the_first_few_of_many_are_named():
    assert some(["a", "b", "c"]) == "a, b, c"
    assert some(["a", "b", "c", "d"]) == "a, b, c ..."


def test_a_video_is_counted_once_however_many_individuals_it_shows():
    units = [
        replace(video(number, fps=rate), id=f"{number}.m{who}", individual=f"m{who}")
        for number, rate in enumerate((10, 10, 25))
        for who in (1, 2)
    ]
    assert findings(units, PARAMS) == ["2 of 3 videos have about 10 frames per second, but not saline_2.mp4 (25)"]
    without = PARAMS.model_copy(update={"name": "{treatment}"})
    assert "each of the 3 videos counts as an animal of its own" in findings(units, without)[0]


def test_the_videos_of_all_cameras_are_looked_at_for_copies_and_what_is_odd_in_them():
    above = [video(number) for number in range(3)]
    beside = [replace(one, id=f"{one.id}_side", file=f"{one.id}_side.mp4", view="side") for one in above]
    odd = replace(beside[0].facts, fingerprint="a" * 64, fps=25.0, notes=("the last frame lasts 3 s",))
    again = replace(beside[1].facts, fingerprint="a" * 64, fps=25.0)
    others = [replace(beside[0], facts=odd), replace(beside[1], facts=again)]
    sessions = [
        *(replace(one, view="top", others=(other,)) for one, other in zip(above, others, strict=False)),
        replace(above[2], view="top"),
    ]
    assert findings(sessions, PARAMS) == [
        "saline_0_side.mp4: the last frame lasts 3 s",
        "2 files hold the same video: saline_0_side.mp4, saline_1_side.mp4",
    ], "but not for their rates, which differ from camera to camera"
