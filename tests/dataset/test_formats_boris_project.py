"""The project file of BORIS."""

import gzip
import json

import pytest

from ethocache.common.errors import InputError
from ethocache.dataset.formats import FORMATS, Bout, Meaning, boris_project, recognise
from ethocache.dataset.text import read_head

ETHOGRAM = {
    "0": {"type": "State event", "key": "g", "code": "groom", "modifiers": {}},
    "1": {"type": "Point event", "key": "b", "code": "bite", "modifiers": {}},
    "2": {"type": "State event with coding map", "key": "r", "code": "rear", "modifiers": {}},
}


def observation(*events, media=("/v/m1.mp4",), lengths=None, **more):
    """Events as (time, behaviour) or as BORIS's own list."""
    listed = [list(event) if len(event) != 2 else [event[0], "", event[1], "", "", "NA"] for event in events]
    info = {"length": dict(zip(media, lengths, strict=True)) if lengths else {}, "fps": {}, "offset": {"1": 0.0}}
    players = {"1": list(media), "2": []}
    return {"type": "MEDIA", "file": players, "media_info": info, "time offset": 0.0, "events": listed} | more


def project(**observations):
    return {"project_format_version": "7.0", "subjects_conf": {}, "behaviors_conf": ETHOGRAM, "observations": observations}


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "lab.boris"
        path.write_bytes(content if isinstance(content, bytes) else (content if isinstance(content, str) else json.dumps(content)).encode())
        return path

    return write


def read(path, **meaning):
    assert recognise(path, Meaning(**meaning)) == "boris_project"
    return FORMATS["boris_project"].read(path, Meaning(**meaning))


def times(labels):
    return [(bout.behaviour, bout.start, bout.stop) for bout in labels.content.bouts]


def test_the_first_event_of_a_state_starts_it_and_the_next_stops_it(write):
    (labels,) = read(write(project(o1=observation((1.5, "groom"), (2, "rear"), (3, "groom"), (4, "rear"), (5, "groom"), (6.25, "groom")))))
    assert labels.content.bouts == (Bout("groom", 1.5, 3, 1), Bout("rear", 2, 4, 2), Bout("groom", 5, 6.25, 5))
    assert (labels.content.unit, labels.media, labels.rater, labels.notes) == ("seconds", "/v/m1.mp4", "", ())


def test_events_count_in_order_of_time_as_in_boris(write):
    (labels,) = read(write(project(o1=observation((3, "groom"), (1, "groom"), (7, "groom"), (9, "groom")))))
    assert times(labels) == [("groom", 1, 3), ("groom", 7, 9)]


def test_points_have_the_length_that_the_settings_say(write):
    (labels,) = read(write(project(o1=observation((1, "bite"), (2, "bite")))), point_s=0.1)
    assert times(labels) == [("bite", 1, 1.1), ("bite", 2, 2.1)]


@pytest.mark.parametrize(("offset", "start"), [(10, 2.3), (-10.0, 22.3), (None, 12.3)])
def test_the_time_offset_is_taken_away_from_every_time(write, offset, start):
    (labels,) = read(write(project(o1=observation((12.3, "groom"), (13.3, "groom"), **{"time offset": offset}))))
    assert times(labels) == [("groom", start, start + 1)]


def test_each_observation_is_of_its_own_video(write):
    first, second = read(write(project(o1=observation((1, "groom"), (2, "groom")), o2=observation(media=(r"C:\v\m2.mp4",)))))
    assert (first.media, second.media, times(second)) == ("/v/m1.mp4", r"C:\v\m2.mp4", [])


def test_two_observations_of_one_video_are_two_raters(write):
    labels = read(write(project(ann=observation(), bob=observation(media=(r"D:\M1.mp4",)), eve=observation(media=("/v/m2.mp4",)))))
    assert [one.rater for one in labels] == ["ann", "bob", ""]


def test_media_in_one_player_share_a_clock_that_is_split_again(write):
    events = [(time, "groom") for time in (9, 32, 35, 36)]
    labels = read(write(project(o1=observation(*events, media=("a", "b", "c"), lengths=(10.0, 20.5, 60)))))
    assert [(one.media, times(one)) for one in labels] == [
        ("a", [("groom", 9, 10)]),
        ("b", [("groom", 0, 20.5)]),
        ("c", [("groom", 0, 1.5), ("groom", 4.5, 5.5)]),
    ]


@pytest.mark.parametrize("players", [[], {}, {"1": []}])
def test_a_live_observation_is_called_by_its_name(write, players):
    (labels,) = read(write(project(live=observation((1, "groom"), (2, "groom"), file=players, type="LIVE"))))
    assert labels.media == "live" and times(labels) == [("groom", 1, 2)]


def test_the_subject_is_the_one_that_was_asked_for(write):
    events = [(1, "ann", "groom", "", ""), (2, "bob", "groom", "", ""), (3, "ann", "groom", "", ""), (5, "bob", "groom", "", "")]
    path = write(project(o1=observation(*events)))
    assert times(read(path, subject="ann")[0]) == [("groom", 1, 3)]
    (labels,) = read(path, subject="bob")
    assert times(labels) == [("groom", 2, 5)] and labels.notes == ("2 events of other subjects than 'bob' are left out",)


def test_what_is_not_read_is_said(write):
    more = {"file": {"1": ["/v/m1.mp4"], "2": ["side.mp4"]}, "observation time interval": [10, 60]}
    (labels,) = read(write(project(o1=observation((1, "", "groom", "fast", "so"), (2, "", "groom", "fast", ""), **more))))
    assert labels.notes == (
        "observation 'o1': 1 media of other players show the same moments, and get no labels",
        "observation 'o1' was limited to 10 to 60 s in BORIS; nobody looked at the frames outside",
        "modifiers are not read (2 events have some)",
        "comments are not read (1 events have one)",
    )


def test_a_compressed_project_is_read(write):
    path = write(gzip.compress(json.dumps(project(o1=observation((1, "groom"), (2, "groom")))).encode()))
    assert times(read(path)[0]) == [("groom", 1, 2)]


def test_a_project_on_one_line_of_megabytes_is_recognised(write):
    events = [(time, "groom") for time in range(20_000)]
    path = write(project(o1=observation(*events, description="x" * 2**20)))
    assert len(read(path)[0].content.bouts) == 10_000


def test_names_in_other_bytes_are_the_same_names(write):
    conf = {"0": {"type": "State event", "code": "te\u0302te"}}
    found = project(o1=observation((1, "te\u0302te"), (2, "t\u00eate"))) | {"behaviors_conf": conf}
    assert times(read(write(found))[0]) == [("t\u00eate", 1, 2)]


def of(*events, **more):
    return project(o1=observation(*events, **more))


GOOD = of((1, "groom"), (2, "groom"))
EVENT = "observation 'o1', event 1"
FAULTS = {
    "a state that never stops": (
        of((1, "groom"), (2, "groom"), (3.5, "groom")),
        "observation 'o1', event 3: START of 'groom', subject 'No focal subject', at 3.5 s has no STOP; close the event in BORIS",
    ),
    "another modifier": (
        of((1, "", "groom", "fast", ""), (2, "", "groom", "slow", "")),
        f"{EVENT}: START of 'groom', subject 'No focal subject', at 1 s has no STOP",
    ),
    "a point without a length": (of((1, "bite")), f"{EVENT}: POINT of 'bite', subject 'No focal subject', at 1 s has no duration; say in"),
    "several subjects": (
        of((1, "ann", "groom", "", ""), (2, "bob", "groom", "", "")),
        "observation 'o1': events of several subjects, 'ann', 'bob'; say in labels.subject whose behaviour is meant",
    ),
    "a behaviour of no kind": (of((1, "swim")), f"{EVENT}: 'swim' is not in the project's ethogram, so nobody can tell whether it is"),
    "a time before the video": (of((1, "groom"), (2, "groom"), **{"time offset": 1.5}), "at 1 s is before the video's first frame (BORIS"),
    "queued media of unknown length": (
        of((1, "groom"), (2, "groom"), media=("a", "b"), lengths=(5, None)),
        "observation 'o1' runs over 2 media one after the other, and the file does not say how long each of them is",
    ),
    "queued media of no length": (of((1, "groom"), (2, "groom"), media=("a", "b"), lengths=(5, 0)), "the file does not say how long"),
    "pictures": (of(type="IMAGES"), "observation 'o1' is of pictures, not of a video, and has no times; remove it from the project"),
    "creation dates": (of(media_creation_date_as_offset=True), "observation 'o1' counts time from the media's creation date, which cannot"),
    "a time in words": (of(("soon", "groom")), f"{EVENT}, time: expected a number, found 'soon'; open it in BORIS and save it again"),
    "no time": (of((None, "groom")), f"{EVENT}, time: expected a number, found nothing"),
    "not a time": (of((float("nan"), "groom")), f"{EVENT}, time: expected a number, found 'nan'"),
    "yes as a time": (of((True, "groom")), f"{EVENT}, time: expected a number, found 'True'"),
    "an endless time": (of((10**400, "groom")), f"{EVENT}, time: expected a number, found '1000"),
    "a behaviour that is a list": (of((1, "", ["groom"], "", "")), f"{EVENT}: expected text, found a list"),
    "no behaviour": (of((1, " ")), f"{EVENT}: the behaviour is missing"),
    "a short event": (of((1,)), f"{EVENT}: expected time, subject and behaviour, found 1 values"),
    "an event that is an object": (project(o1=observation() | {"events": [{}]}), f"{EVENT}: expected a list, found an object"),
    "events that are a number": (project(o1=observation() | {"events": 3}), "observation 'o1': expected a list, found '3'"),
    "no events": (project(o1={"type": "MEDIA"}), "observation 'o1': expected a list, found nothing"),
    "media that are a list": (of(file=["a.mp4"]), "observation 'o1', file: expected an object, found a list"),
    "a medium that is a number": (of(file={"1": [7]}), "observation 'o1', file, player 1: expected text, found '7'"),
    "an offset in words": (of(**{"time offset": "1 s"}), "observation 'o1', time offset: expected a number, found '1 s'"),
    "lengths in a list": (of(media_info={"length": [3]}), "observation 'o1', length: expected an object, found a list"),
    "an observation that is text": (project(o1="m1"), "observation 'o1': expected an object, found 'm1'"),
    "no observations": (GOOD | {"observations": None}, "observations: expected an object, found nothing"),
    "no ethogram": (GOOD | {"behaviors_conf": []}, "behaviors_conf: expected an object, found a list"),
    "a kind of no behaviour": (
        GOOD | {"behaviors_conf": {"0": {"type": "Event", "code": "groom"}}},
        "behaviors_conf '0', type: expected 'State event' or 'Point event', found 'event'; correct it in BORIS",
    ),
    "no project": ([GOOD], "expected a BORIS project, which starts with '{', found something else"),
    "a cut file": (json.dumps(GOOD)[:-30], "line 1, column "),
    "an observation twice": ('{"observations": {"a": 1, "a": 2}}', "a damaged BORIS project ('a' stands twice in the same place)"),
    "a well without a bottom": (
        '{"observations":' + "[" * 200_000,
        "a BORIS project with brackets nested too deeply to be one; open it in",
    ),
    "a number without an end": ('{"observations":' + "1" * 5_000 + "}", "a damaged BORIS project (a number that is too long)"),
    "another encoding": (b'{"observations": "\xe9"}', "a BORIS project that is not UTF-8 text at byte 18"),
    "half a compressed file": (gzip.compress(json.dumps(GOOD).encode())[:-20], "a damaged .gz file ("),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_project_is_refused_with_its_place(write, fault):
    content, message = FAULTS[fault]
    with pytest.raises(InputError) as error:
        FORMATS["boris_project"].read(write(content), Meaning())
    assert message in str(error.value) and "\n" not in str(error.value) and len(str(error.value)) < 300


def test_a_file_that_is_too_large_is_refused_before_it_fills_the_memory(write, monkeypatch):
    monkeypatch.setattr(boris_project, "LIMIT", 2**20)
    bomb = gzip.compress(b"{" + b" " * 2**24)
    for content in (b"{" + b" " * 2**21, bomb):
        with pytest.raises(InputError, match="larger than 1 MB, which no BORIS project is; save the observations in several projects"):
            FORMATS["boris_project"].read(write(content), Meaning())


@pytest.mark.parametrize(
    "content", ["", "{}", '{"a": 1}', "behaviors_conf,start_s\n", '["behaviors_conf"]', b"\x1f\x8bnot gzip", b"PK\3\4"]
)
def test_other_files_are_not_taken_for_projects(write, content):
    assert not FORMATS["boris_project"].recognise(read_head(write(content)), Meaning())
