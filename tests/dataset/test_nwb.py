"""NWB files, read back with pynwb."""

import re
import sys
import tomllib
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ethocache.common.errors import InputError
from ethocache.dataset.nwb import write_nwb
from ethocache.dataset.tagged_video import TaggedVideo

MARKS = {"#": 1, ".": 0, "?": -1}


def drawn(*columns, **settings):
    """Return a video at 10 frames/s: `#` shows the behaviour, `.` does not, `?` nobody looked; one text a behaviour."""
    tags = np.array([[MARKS[mark] for mark in column] for column in columns], np.int8).T
    names = ("grooming", "wall rearing", "Tête/queue: à")[: len(columns)]
    return TaggedVideo(
        **{"video": "m1", "behaviours": names, "time_s": np.arange(len(tags)) / 10, "tags": tags, "method": "automated"} | settings
    )


@pytest.fixture
def written(tmp_path):
    """Return a context in which a video that was written is open again with pynwb."""
    pynwb = pytest.importorskip("pynwb", reason="pynwb is not installed (the extra 'nwb')")
    pytest.importorskip("ndx_ethogram", reason="ndx-ethogram is not installed (the extra 'nwb')")

    @contextmanager
    def written(video):
        write_nwb(tmp_path / "m1.nwb", video)
        assert pynwb.validate(path=str(tmp_path / "m1.nwb")) == []
        with pynwb.NWBHDF5IO(tmp_path / "m1.nwb", "r") as io:
            yield io.read()

    return written


def behaviour_of(file):
    return file.processing["behavior"].data_interfaces


def rows(table, *columns):
    return list(zip(*(table[column][:] for column in columns), strict=True))


def tags_in(file, behaviours, frames):
    """Rebuild (T, B) from the tables alone: yes where a bout is, no where else somebody looked, -1 where nobody did."""
    tags = np.full((frames, len(behaviours)), -1, np.int8)
    tables = [table for table in behaviour_of(file).values() if table.neurodata_type == "EthogramBouts"]
    names = behaviour_of(file)["ethogram"]["behavior"][:]
    assert tuple(names) == behaviours
    for table in tables:
        looked = table.observation_intervals
        columns = [list(names).index(name) for name in table.description.split("behaviours: ")[1].split(" | ")]
        for start, stop in [(0, frames)] if looked is None else rows(looked, "start_frame", "stop_frame"):
            tags[start:stop, columns] = 0
        for label, start, stop in rows(table, "label", "start_frame", "stop_frame"):
            tags[start:stop, list(names).index(label)] = 1
    return tags


def test_bouts_are_rows_of_an_ethogram_in_seconds_and_frames(written):
    with written(drawn(".##..#", "######")) as file:
        bouts = behaviour_of(file)["bouts"]
        assert rows(bouts, "label", "start_time", "stop_time", "start_frame", "stop_frame") == [
            ("wall rearing", 0.0, pytest.approx(0.6), 0, 6),
            ("grooming", 0.1, pytest.approx(0.3), 1, 3),
            ("grooming", 0.5, pytest.approx(0.6), 5, 6),
        ]
        assert bouts.neurodata_type == "EthogramBouts"
        assert (bouts.labeling_method, bouts.annotator) == ("automated", None)
        assert bouts.source_software == f"ethocache {version('ethocache')}"
        assert bouts.observation_intervals is None
        assert "probability" not in behaviour_of(file)


@pytest.mark.parametrize("exclusive", [True, False])
def test_the_catalogue_names_every_behaviour_also_one_that_is_never_shown(written, exclusive):
    with written(drawn("...", "...", "#..", exclusive=exclusive)) as file:
        catalogue = behaviour_of(file)["ethogram"]
        assert catalogue["behavior"][:].tolist() == ["grooming", "wall rearing", "Tête/queue: à"]
        assert bool(catalogue.exclusive) is exclusive
        assert behaviour_of(file)["bouts"].ethogram is catalogue


def test_probabilities_are_a_time_series_at_the_true_time_stamps(written):
    probability = np.array([[0.1, 0.9], [0.25, 0.75], [1, 0]], np.float32)
    time_s = np.array([0, 0.03, 0.11])
    with written(drawn("..#", "##.", probability=probability, time_s=time_s)) as file:
        series = behaviour_of(file)["probability"]
        assert series.data.dtype == np.float32
        np.testing.assert_array_equal(series.data[:], probability)
        np.testing.assert_array_equal(series.timestamps[:], time_s)
        assert rows(behaviour_of(file)["bouts"], "stop_time") == [(0.11,), (pytest.approx(0.165),)]


def test_who_labelled_is_told(written):
    with written(drawn("#", method="manual", annotator="Ann")) as file:
        bouts = behaviour_of(file)["bouts"]
        assert (bouts.labeling_method, bouts.annotator) == ("manual", "Ann")


def test_what_nobody_looked_at_is_outside_the_observed_stretches(written):
    with written(drawn("??.#.?", "??##.?")) as file:
        looked = behaviour_of(file)["bouts"].observation_intervals
        assert rows(looked, "start_time", "stop_time", "start_frame", "stop_frame") == [(0.2, 0.5, 2, 5)]


def test_behaviours_looked_for_at_other_times_are_in_tables_of_their_own(written):
    with written(drawn("??.#", ".##.", "??#.")) as file:
        found = behaviour_of(file)
        assert rows(found["bouts"], "label") == [("Tête/queue: à",), ("grooming",)]
        assert rows(found["bouts_2"], "label") == [("wall rearing",)]
        assert found["bouts"].observation_intervals is found["observed"]
        assert found["bouts_2"].observation_intervals is None
        assert found["bouts"].description == "one row a bout; behaviours: grooming | Tête/queue: à"


def test_the_animal_is_the_subject_and_all_parts_of_the_name_are_noted(written):
    with written(drawn("#", fields={"genotype": "wt", "animal": "07", "dose": "5"})) as file:
        assert (file.subject.subject_id, file.subject.genotype) == ("07", "wt")
        assert file.notes == "When the recording began is not known; 1970-01-01 stands for it. genotype=wt animal=07 dose=5"
        assert file.session_start_time == datetime(1970, 1, 1, tzinfo=UTC)
    with written(drawn("#")) as file:
        assert file.subject is None


def test_one_of_several_animals_is_a_subject_of_its_group_or_else_of_its_video(written):
    with written(drawn("#", fields={"animal": "cage 7", "individual": "m1"}, session="v7", individual="m1")) as file:
        assert file.subject.subject_id == "cage 7.m1"
        assert file.notes.endswith("animal=cage 7 individual=m1")
    with written(drawn("#", session="v7", individual="m1")) as file:
        assert file.subject.subject_id == "v7.m1"


def test_no_two_animals_are_one_subject_where_names_have_dots(written):
    subjects = []
    for group, name in (("a", "b.c"), ("a.b", "c")):
        with written(drawn("#", fields={"animal": group}, session="v7", individual=name)) as file:
            subjects.append(file.subject.subject_id)
    assert subjects == ["a.b_c", "a.b.c"]


def test_a_known_start_is_kept_with_its_time_zone(written):
    start = datetime(2026, 1, 31, 9, 30, tzinfo=timezone(timedelta(hours=1)))
    with written(drawn("#", started=start)) as file:
        assert (file.session_start_time, file.notes) == (start, "")


def test_a_start_without_a_time_zone_is_refused():
    with pytest.raises(
        InputError, match=r"m1: expected a start with its time zone, such as 2026-01-31T09:30\+01:00, found 2026-01-31 09:30:00"
    ):
        drawn("#", started=datetime(2026, 1, 31, 9, 30))


@pytest.mark.parametrize("columns", [("",), ("...",), ("???",), ("", "")])
def test_videos_without_a_bout_or_a_frame_have_empty_tables(written, columns):
    video = drawn(*columns, tags=np.zeros((0, len(columns)), np.int8)) if not columns[0] else drawn(*columns)
    with written(video) as file:
        assert len(behaviour_of(file)["bouts"]) == 0
        np.testing.assert_array_equal(tags_in(file, video.behaviours, len(video.tags)), video.tags)


@settings(max_examples=15, deadline=None)
@given(
    hnp.arrays(np.int8, st.tuples(st.integers(1, 30), st.integers(1, 3)), elements=st.integers(-1, 1)),
    st.lists(st.sampled_from([0, 0.03, 0.04, 2]), min_size=30, max_size=30),
)
def test_any_ethogram_comes_back_equal_frame_for_frame(tmp_path_factory, tags, steps):
    pynwb = pytest.importorskip("pynwb", reason="pynwb is not installed (the extra 'nwb')")
    path = tmp_path_factory.mktemp("nwb") / "any.nwb"
    video = TaggedVideo("any", ("a", "b", "c")[: tags.shape[1]], np.cumsum([0, *steps])[: len(tags)], tags, "manual")
    write_nwb(path, video)
    with pynwb.NWBHDF5IO(path, "r") as io:
        np.testing.assert_array_equal(tags_in(io.read(), video.behaviours, len(tags)), tags)


def test_the_identifier_tells_what_is_in_the_file_although_its_bytes_differ(written, tmp_path):
    found = []
    for marks in ("#.", "#.", ".#"):
        with written(drawn(marks)) as file:
            found.append((file.identifier, (tmp_path / "m1.nwb").read_bytes()))
    assert found[0][0] == found[1][0] != found[2][0]
    assert found[0][1] != found[1][1]


def test_a_failed_write_leaves_the_file_as_it_was(written, tmp_path):
    with written(drawn("#.")):
        pass
    before = (tmp_path / "m1.nwb").read_bytes()
    with pytest.raises(Exception, match="NULL"):  # pynwb's own; HDF5 cannot keep such a name
        write_nwb(tmp_path / "m1.nwb", drawn(".#", behaviours=("a\0b",)))
    assert (tmp_path / "m1.nwb").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["m1.nwb"]


@pytest.mark.parametrize("missing", ["pynwb", "ndx_ethogram"])
def test_without_the_extra_its_installation_is_told(tmp_path, monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(InputError, match=re.escape("writing NWB needs pynwb and ndx-ethogram: pip install 'ethocache[nwb]'")):
        write_nwb(tmp_path / "m1.nwb", drawn("#"))
    assert not list(tmp_path.iterdir())


def test_the_extra_that_is_told_exists():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert {need.split(">")[0] for need in project["optional-dependencies"]["nwb"]} == {"pynwb", "ndx-ethogram"}


def test_arrays_that_do_not_belong_together_are_our_fault():
    with pytest.raises(ValueError, match=r"Expected tags and probability of shape \(2, 1\) for m1, got \[\(2, 1\), \(3, 1\)\]"):
        drawn("#.", probability=np.zeros((3, 1), np.float32))
