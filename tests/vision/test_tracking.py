"""Sources of tracks: the settings, the files that DeepLabCut has made, or none."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ethocache.common.errors import InputError
from ethocache.common.params import parse_section
from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder
from ethocache.dataset.index import TrackSource, VideoRecord
from ethocache.dataset.videos import VideoFacts
from ethocache.vision.tracking import TRACKERS, TrackParams, make_tracker

FACTS = VideoFacts(3, 64, 48, "yuv420p", "h264", 10.0, 0.3, False, (), "f" * 64)


@pytest.fixture
def record(tmp_path):
    rows = "".join(f"{frame},1,2,0.9\n" for frame in range(3))
    (tmp_path / "m1DLC_a.csv").write_text("scorer,D,D,D\nbodyparts,a,a,a\ncoords,x,y,likelihood\n" + rows)
    return VideoRecord("m1", "m1.mp4", {}, "m1", FACTS, TrackSource("m1DLC_a.csv", "0" * 64))


def tracked_by(source, record, folder):
    return make_tracker(TrackParams(source=source), Store(Path("unused"))).track(record, folder)


def test_files_gives_the_track_that_was_matched(record, tmp_path):
    tracked = tracked_by("files", record, DataFolder(str(tmp_path)))
    assert tracked.track.points.shape == (3, 1, 1, 3) and tracked.note is None


def test_files_fits_the_track_to_the_video(record, tmp_path):
    folder = DataFolder(str(tmp_path))
    shorter = replace(record, facts=replace(FACTS, frames=2))
    tracked = tracked_by("files", shorter, folder)
    assert tracked.track.frames == 2
    assert tracked.note == "m1DLC_a.csv: the track has one row more than the video's 2 frames; its last row is dropped"
    with pytest.raises(InputError, match=r"m1DLC_a.csv: expected one row for each of the video's 9 frames .*, found 3 rows"):
        tracked_by("files", replace(record, facts=replace(FACTS, frames=9)), folder)


def test_files_refuses_a_video_without_a_track(record, tmp_path):
    with pytest.raises(InputError, match=r"m1.mp4: it was indexed without a track file; run 'dvc repro'"):
        tracked_by("files", replace(record, track=None), DataFolder(str(tmp_path)))


def test_files_refuses_a_track_that_has_gone(record, tmp_path):
    (tmp_path / "m1DLC_a.csv").unlink()
    with pytest.raises(InputError, match="is gone since the videos were indexed"):
        tracked_by("files", record, DataFolder(str(tmp_path)))


def test_none_gives_no_track(record, tmp_path):
    tracked = tracked_by("none", record, DataFolder(str(tmp_path)))
    assert (tracked.track, tracked.note) == (None, None)


@pytest.mark.parametrize("source", TRACKERS)
def test_every_source_is_a_setting(source):
    assert TrackParams(source=source).source == source


def test_an_unknown_source_is_refused_with_the_nearest():
    with pytest.raises(InputError, match=r"track: 'source': not a source of tracks, did you mean 'files'\?, found 'file'"):
        parse_section({"source": "file"}, TrackParams, "track")
    with pytest.raises(InputError, match="known: files, deeplabcut, superanimal, background, none"):
        parse_section({"source": "zzz"}, TrackParams, "track")


def test_the_settings_load_no_heavy_library():
    code = "import sys, ethocache.vision.tracking, ethocache.dataset.labels"
    code += "; print({'deeplabcut', 'torch', 'pandas', 'scipy', 'sklearn'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "set()"


def test_sources_say_whom_they_tell_apart_before_anything_is_tracked(tmp_path):
    store = Store(tmp_path)
    told = {source: make_tracker(TrackParams(source=source), store).individuals() for source in ("files", "background", "none")}
    assert told == {"files": None, "background": ("",), "none": ()}
    zoo = TrackParams(source="superanimal", model="topviewmouse")
    assert make_tracker(zoo, store).individuals() == ("",)
    assert make_tracker(zoo.model_copy(update={"individuals": 2}), store).individuals() == ("animal1", "animal2")
