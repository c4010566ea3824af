import csv
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ethocache.common.errors import InputError
from ethocache.dataset.labels import LabelParams, read_labels
from ethocache.dataset.tags import BOUT_COLUMNS, read_tags, write_bouts, write_tags


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


@pytest.fixture
def tagged():
    """Four frames at 10 frames/s; grooming in the middle two, rearing in the last."""
    tags = np.array([[0, 0], [1, 0], [1, 0], [0, 1]], dtype=np.int8)
    probability = np.array([[0.1, 0.2], [0.9, 0.25], [0.7, 0.3], [0.05, 1.0]], dtype=np.float32)
    return np.arange(4) / 10, probability, tags


def test_every_frame_has_one_row_with_probability_and_tag_of_each_behaviour(tmp_path, tagged):
    time_s, probability, tags = tagged
    write_tags(tmp_path / "v.csv", np.arange(4), time_s, probability, tags, ["grooming", "rearing"])
    assert (tmp_path / "v.csv").read_text().splitlines() == [
        "frame,time_s,grooming_probability,grooming,rearing_probability,rearing",
        "0,0.000000,0.1000,0,0.2000,0",
        "1,0.100000,0.9000,1,0.2500,0",
        "2,0.200000,0.7000,1,0.3000,0",
        "3,0.300000,0.0500,0,1.0000,1",
    ]


def test_a_bout_ends_when_the_next_frame_begins_and_the_last_one_a_median_later(tmp_path, tagged):
    write_bouts(tmp_path / "v.csv", *tagged, ["grooming", "rearing"])
    assert read(tmp_path / "v.csv") == [
        list(BOUT_COLUMNS),
        ["grooming", "0.100000", "0.300000", "0.200000", "0.8000", "1", "3"],
        ["rearing", "0.300000", "0.400000", "0.100000", "1.0000", "3", "4"],
    ]


def test_bouts_can_be_read_back_as_labels(tmp_path):
    random = np.random.default_rng(0)
    time_s = np.append(0, np.cumsum(random.uniform(0.03, 0.05, 499)))
    time_s[100:110] = time_s[99]  # frames that a camera stamped alike; only their numbers tell them apart
    tags = (np.cumsum(random.random((500, 2)) < 0.1, axis=0) % 2).astype(np.int8)
    tags[-1] = 1
    write_bouts(tmp_path / "v.csv", time_s, tags.astype(np.float32), tags, ["grooming", "rearing"])
    again = read_labels(tmp_path / "v.csv", ("grooming", "rearing"), time_s, LabelParams())
    assert again.values.tolist() == tags.tolist()


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(np.int8, st.tuples(st.integers(0, 40), st.just(2)), elements=st.integers(-1, 1)), st.integers(1, 3))
def test_the_frames_of_the_bouts_are_those_that_are_tagged_whatever_the_time_stamps(tmp_path_factory, tags, alike):
    path = tmp_path_factory.mktemp("bouts") / "v.csv"
    write_bouts(path, np.arange(len(tags)) // alike / 10, tags.astype(np.float32), tags, ["a", "b"])
    again = np.zeros(tags.shape, bool)
    for name, *_, start, stop in read(path)[1:]:
        assert not again[int(start) : int(stop), "ab".index(name)].any()
        again[int(start) : int(stop), "ab".index(name)] = True
    assert again.tolist() == (tags == 1).tolist()


def test_bouts_are_in_order_of_time(tmp_path, tagged):
    time_s, probability, tags = tagged
    write_bouts(tmp_path / "v.csv", time_s, probability[:, ::-1], tags[:, ::-1], ["rearing", "grooming"])
    assert [row[0] for row in read(tmp_path / "v.csv")[1:]] == ["grooming", "rearing"]


def test_names_with_commas_quotes_and_accents_survive(tmp_path, tagged):
    names = ['wall, "supported"', "Rearing à côté"]
    time_s, probability, tags = tagged
    write_tags(tmp_path / "tags.csv", np.arange(4), time_s, probability, tags, names)
    write_bouts(tmp_path / "bouts.csv", *tagged, names)
    assert read(tmp_path / "tags.csv")[0][3::2] == names
    assert [row[0] for row in read(tmp_path / "bouts.csv")[1:]] == names
    assert {len(row) for row in read(tmp_path / "tags.csv")} == {6}


def test_two_columns_of_one_name_are_refused(tmp_path, tagged):
    time_s, probability, tags = tagged
    with pytest.raises(InputError, match=r"v\.csv: two columns would be named 'a_probability': rename one of the behaviours a, a_prob"):
        write_tags(tmp_path / "v.csv", np.arange(4), time_s, probability, tags, ["a", "a_probability"])


def test_an_empty_video_has_headers_only(tmp_path):
    nothing = np.empty((0, 1), dtype=np.float32)
    write_tags(tmp_path / "tags.csv", np.arange(0), np.empty(0), nothing, nothing.astype(np.int8), ["a"])
    write_bouts(tmp_path / "bouts.csv", np.empty(0), nothing, nothing.astype(np.int8), ["a"])
    assert len(read(tmp_path / "tags.csv")) == len(read(tmp_path / "bouts.csv")) == 1


def test_a_table_is_read_in_little_more_memory_than_its_numbers_take(tmp_path):
    frames = 20_000
    write_tags(tmp_path / "t.csv", np.arange(frames), np.arange(frames) / 30, np.ones((frames, 1)), np.ones((frames, 1), np.int8), ("a",))
    tracemalloc.start()
    read_tags(tmp_path / "t.csv")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * frames * 4 * np.dtype(np.float64).itemsize  # four columns


def test_an_hour_of_video_is_written_in_seconds_and_the_same_bytes_twice(tmp_path):
    random = np.random.default_rng(0)
    probability = random.random((36_000, 3), dtype=np.float32)
    tags = (probability > 0.5).astype(np.int8)
    table = np.arange(36_000), np.arange(36_000) / 10, probability, tags, ["a", "b", "c"]
    began = time.perf_counter()
    write_tags(tmp_path / "one.csv", *table)
    assert time.perf_counter() - began < 5  # about 0.2 s alone
    write_tags(tmp_path / "two.csv", *table)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    assert len((tmp_path / "one.csv").read_text().splitlines()) == 36_001
