"""Sessions that have a track and labels, but no video."""

import numpy as np
import pytest

from ethocache.common.errors import InputError
from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder, DataParams
from ethocache.dataset.index import index_videos, read_index, time_stamps, write_index
from ethocache.dataset.sessions import unused_tracks

TRACK = "scorer,S,S,S\nbodyparts,nose,nose,nose\ncoords,x,y,likelihood\n" + "".join(f"{row},1.0,2.0,0.9\n" for row in range(25))
PARAMS = DataParams(dir="lab", tracks="*.csv", name="{animal}", behaviours=("grooming",), fps=12.5)


@pytest.fixture
def lab(tmp_path):
    (tmp_path / "lab").mkdir()
    for name in ("m1DLC_resnet50_xshuffle1_1.csv", "m2DeepCut_resnet50_y.csv", "m3.csv"):
        (tmp_path / "lab" / name).write_text(TRACK)
    (tmp_path / "lab/weights.csv").write_text("animal,g\n1,21\n")
    return DataFolder(str(tmp_path / "lab"))


def test_a_track_without_a_video_is_a_session_of_as_many_frames(lab, tmp_path):
    store = Store(tmp_path / "store")
    records = index_videos(lab, PARAMS, with_tracks=True, store=store)
    assert [(record.id, record.has_video, record.animal, record.facts.frames) for record in records] == [
        ("m1", False, "m1", 25),
        ("m2", False, "m2", 25),
        ("m3", False, "m3", 25),
    ]
    assert records[0].file == records[0].track.file == "m1DLC_resnet50_xshuffle1_1.csv"
    np.testing.assert_allclose(time_stamps(records[0], lab, store), np.arange(25) / 12.5)
    assert records[0].facts.duration_s == 2.0
    write_index(tmp_path / "index.json", records)
    assert read_index(tmp_path / "index.json") == records


def test_another_rate_is_another_content(lab, tmp_path):
    store = Store(tmp_path / "store")
    slow = index_videos(lab, PARAMS.model_copy(update={"fps": 5.0}), with_tracks=True, store=store)
    assert slow[0].facts.fingerprint != index_videos(lab, PARAMS, with_tracks=True, store=store)[0].facts.fingerprint


def test_without_a_rate_such_tracks_are_no_sessions(lab, tmp_path):
    with pytest.raises(InputError, match=r"data.videos: no file in 'lab' matches"):
        index_videos(lab, PARAMS.model_copy(update={"fps": None}), with_tracks=True, store=Store(tmp_path / "store"))
    assert unused_tracks(lab.files("*.csv"), ["m1"]) == ["m2DeepCut_resnet50_y.csv", "m3.csv"]


def test_two_tracks_of_one_session_are_refused(lab, tmp_path):
    (tmp_path / "lab/m1DLC_resnet50_xshuffle1_1_filtered.csv").write_text(TRACK)
    with pytest.raises(InputError, match=r"'m1' has 2 tracks: .* \(filtered and unfiltered\); keep one"):
        index_videos(lab, PARAMS, with_tracks=True, store=Store(tmp_path / "store"))
