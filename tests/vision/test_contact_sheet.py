"""What `ethocache tracks check` shows and says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from films import film
from PIL import Image
from typer.testing import CliRunner, Result

from ethocache.cli import app
from ethocache.common.store import Store
from ethocache.dataset.folder import DataFolder, DataParams
from ethocache.dataset.index import VideoRecord, index_videos, write_index
from ethocache.dataset.tracks import Track, write_track
from ethocache.dataset.videos import probe
from ethocache.vision.contact_frames import FRAMES, check_track, choose_frames
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.decode import pick_frames

CORNERS = np.array([[-20, 0], [10, -10], [10, 10], [20, 0]], dtype=np.float32)
T = 80
PARAMS = """
data: {dir: lab, videos: '*.mkv', behaviours: [grooming]}
crop: {max_gap_s: 0.0%s}
"""


def walking() -> Track:
    points = np.ones((T, 1, 4, 3), np.float32)
    points[:, 0, :, :2] = np.array([60, 60]) + np.outer(np.arange(T), (1, 0))[:, None] + CORNERS
    return Track(points, ("nose", "left", "right", "tail"))


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VideoRecord:
    """A project of one video of grey frames, each a little brighter than the one before."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ETHOCACHE_STORE", str(tmp_path / "store"))
    (tmp_path / "lab").mkdir()
    film(tmp_path / "lab/m1.mkv", [np.full((120, 200, 3), 100 + number, np.uint8) for number in range(T)], "gray")
    params = DataParams(dir="lab", videos="*.mkv", behaviours=("grooming",))
    (record,) = index_videos(DataFolder("lab"), params, with_tracks=False, store=Store(tmp_path / "store"))
    write_index(tmp_path / "data/index.json", [record])
    (tmp_path / "params.yaml").write_text(PARAMS % "")
    return record


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["tracks", "check", *arguments])


class TestTheFrames:
    def test_are_the_worst_ones_with_their_reason_then_evenly_spaced_ones(self, record: VideoRecord) -> None:
        track = walking()
        track.points[20, ..., 2] = 0.1
        track.points[40:50] = np.nan
        track.points[60:, ..., 0] += 30
        track.points[70, 0, 0, :2] = (199, 119)
        chosen = choose_frames(check_track(record, track, CropParams(max_gap_s=0)))
        worst = {why: frame for frame, why in chosen.items() if why}
        assert worst["lowest likelihood"] in range(40, 50), "frames without any point are the worst"
        assert (worst["before the longest step"], worst["after the longest step"]) == (59, 60)
        assert worst["nearest to the crop's edge"] == 70
        assert FRAMES - 2 <= len(chosen) <= FRAMES and {0, T - 1} <= set(chosen)
        evenly = [frame for frame, why in chosen.items() if not why]
        assert evenly == sorted(evenly) and list(chosen)[: len(worst)] == list(worst.values())

    @pytest.mark.parametrize("frames", [1, 2, 5])
    def test_of_a_short_video_are_there_once(self, record: VideoRecord, frames: int) -> None:
        short = replace(record, facts=replace(record.facts, frames=frames))
        track = replace(walking(), points=walking().points[:frames])
        assert sorted(choose_frames(check_track(short, track, CropParams()))) == list(range(frames))

    def test_are_those_of_their_number(self, record: VideoRecord) -> None:
        facts, time_s = probe(Path("lab/m1.mkv"))
        found = dict(pick_frames(Path("lab/m1.mkv"), facts, time_s, {3, 77}))
        assert {number: int(rgb[0, 0, 0]) for number, rgb in found.items()} == {3: 103, 77: 177}


class TestTheSheet:
    def test_shows_key_points_and_crop_where_they_are(self, record: VideoRecord, tmp_path: Path) -> None:
        write_track(tmp_path / "data/tracks/m1.h5", walking())
        done = run()
        assert done.exit_code == 0, done.output
        assert "m1: 100.0% of the key points reach 0.6, found in 100.0% of the frames, longest gap 0.00 s" in done.output
        with Image.open(tmp_path / "data/contact_sheets/m1.png") as sheet:
            colours = {colour for _, colour in sheet.convert("RGB").getcolors(1 << 20) or []}
        assert {(0x66, 0xCC, 0xEE), (0xCC, 0xBB, 0x44)} <= colours, "points that are used, and the crop"
        assert not {(0xEE, 0x66, 0x77), (0xAA, 0x33, 0x77)} & colours, "none unused, none lost"

    def test_tells_unused_points_and_filled_in_crops_by_their_colour(self, record: VideoRecord, tmp_path: Path) -> None:
        track = walking()
        track.points[30:50, ..., 2] = 0.1
        write_track(tmp_path / "data/tracks/m1.h5", track)
        assert run("sheets").exit_code == 0
        with Image.open(tmp_path / "sheets/m1.png") as sheet:
            colours = {colour for _, colour in sheet.convert("RGB").getcolors(1 << 20) or []}
        assert {(0xEE, 0x66, 0x77), (0xAA, 0x33, 0x77)} <= colours

    def test_is_the_same_twice(self, record: VideoRecord, tmp_path: Path) -> None:
        write_track(tmp_path / "data/tracks/m1.h5", walking())
        assert run("a").exit_code == run("b").exit_code == 0
        assert (tmp_path / "a/m1.png").read_bytes() == (tmp_path / "b/m1.png").read_bytes()


class TestTheCheck:
    def test_is_not_passed_by_a_track_that_the_crop_stage_will_refuse_but_drawn(self, record: VideoRecord, tmp_path: Path) -> None:
        track = walking()
        track.points[30:50] = np.nan
        write_track(tmp_path / "data/tracks/m1.h5", track)
        (tmp_path / "params.yaml").write_text(PARAMS % ", longest_gap_s: 1.5")
        done = run()
        assert done.exit_code == 1
        assert "longest gap 2.00 s" in done.output
        assert "the crop stage will stop: the animal is lost in frames 30 to 49 (2.0 s)" in done.output
        assert (tmp_path / "data/contact_sheets/m1.png").is_file()

    def test_draws_even_a_track_of_which_no_crop_can_be_planned(self, record: VideoRecord, tmp_path: Path) -> None:
        track = walking()
        track.points[..., 2] = 0.2
        write_track(tmp_path / "data/tracks/m1.h5", track)
        done = run()
        assert done.exit_code == 1
        assert "m1: the crop stage will stop: 0% of the key points reach crop.likelihood 0.6" in done.output
        assert (tmp_path / "data/contact_sheets/m1.png").is_file()

    def test_needs_tracks(self, record: VideoRecord) -> None:
        done = run()
        assert done.exit_code == 1
        assert "there are no tracks in data/tracks: run 'dvc repro track'" in done.output

    def test_does_not_write_among_the_labs_files(self, record: VideoRecord, tmp_path: Path) -> None:
        write_track(tmp_path / "data/tracks/m1.h5", walking())
        done = run("lab/sheets")
        assert done.exit_code == 1
        assert "data.dir: 'lab' overlaps with 'lab/sheets'" in done.output
        assert not (tmp_path / "lab/sheets").exists()

    def test_goes_by_the_crops_that_each_camera_wants(self, record: VideoRecord, tmp_path: Path) -> None:
        side = replace(record, view="side")
        write_index(tmp_path / "data/index.json", [replace(record, id="m1_d1", view="top", others=(replace(side, id="m1_d1_side"),))])
        for name in ("m1_d1", "m1_d1_side"):
            write_track(tmp_path / f"data/tracks/{name}.h5", walking())
        (tmp_path / "params.yaml").write_text(PARAMS % ", views: {side: {max_step: 0.0001}}")
        shown = run("sheets")
        above, beside = (line for line in shown.output.splitlines() if line.startswith("m1_d1"))
        assert shown.exit_code == 1
        assert "the crop stage will stop" not in above
        assert "the crop stage will stop" in beside
        plans = [check_track(one, walking(), CropParams(views={"side": {"scale": 3.0}})).plan for one in (record, side)]
        assert plans[0].side_px < plans[1].side_px
        (tmp_path / "params.yaml").write_text(PARAMS % ", views: {sied: {max_step: 0.0001}}")
        assert "crop.views: 'sied' is no view, did you mean 'side'?; there are: side, top" in run("sheets").output
