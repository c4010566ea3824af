"""Frames that come in are the crops that the pipeline makes, but for their encoding."""

import io

import numpy as np
import pytest
from av.video.frame import VideoFrame
from rendered import SIZE, pack_again, rendered_mouse

from ethocache.common.errors import InputError
from ethocache.dataset.videos import probe
from ethocache.vision.backbones.settings import View
from ethocache.vision.crop_plan import plan_crops
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.cropping import VIDEO, crop_video
from ethocache.vision.decode import decode_frames
from ethocache.vision.encode import write_video
from ethocache.vision.live import Box, LiveCrop, LiveView, open_film, raw_frames


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    write_video(path, rendered_mouse(seed=3, frames=8)[0], 10.0, 10.0, 4)
    return path


def live_pictures(live, params):
    crop, view = LiveCrop(params), LiveView(View())
    return [(time_s, view.of(crop.cut(frame))[0]) for frame, time_s in live.frames]


def test_each_frame_of_a_film_is_its_lossless_crop_at_its_time(film, tmp_path, monkeypatch):
    from ethocache.common.store import Store

    params, (facts, time_s) = CropParams(size_px=64, quality=0), probe(film)
    plan = plan_crops(None, facts.width, facts.height, 10.0, params, frames=8)

    def build(bench):
        return crop_video(film, facts, time_s, plan, params, bench, "key")

    kept = list(decode_frames(Store(tmp_path).make("crop", {"what": "a test"}, build).path(VIDEO)))
    with open_film(str(film), None) as live:
        assert live.fps == pytest.approx(10.0)
        shown = live_pictures(live, params)
    np.testing.assert_allclose([time for time, _ in shown], time_s)
    difference = np.abs(np.stack([picture for _, picture in shown]).astype(int) - np.stack(kept))
    assert difference.max() <= 1 and (difference > 0).mean() < 0.05


def test_raw_frames_come_at_the_rate_that_is_given():
    pictures = list(rendered_mouse(seed=3, frames=3)[0])
    live = raw_frames(io.BytesIO(b"".join(picture.tobytes() for picture in pictures)), *SIZE, fps=25.0)
    shown = live_pictures(live, CropParams(size_px=160))
    assert [time for time, _ in shown] == [0.0, 0.04, 0.08]
    inside = shown[1][1][20:140]  # the picture is 160 x 120, the square has black above and below
    assert np.abs(inside.astype(int) - pictures[1]).mean() < 3


def test_a_box_is_cut_out_of_every_frame():
    picture = next(iter(rendered_mouse(seed=3, frames=3)[0]))
    crop, view = LiveCrop(CropParams(size_px=64), Box(20, 30, 64)), LiveView(View())
    ((frame, _),) = raw_frames(io.BytesIO(picture.tobytes()), *SIZE, fps=25.0).frames
    shown = view.of(crop.cut(frame))[0]
    assert np.abs(shown.astype(int) - picture[30:94, 20:84]).mean() < 3


def test_a_box_beyond_the_picture_and_one_of_odd_pixels_are_told_of():
    ((frame, _),) = raw_frames(io.BytesIO(bytes(96 * 72 * 3)), 96, 72, fps=25.0).frames
    with pytest.raises(InputError, match="--box: 40,20,60 reaches beyond the picture of 96 x 72 pixels"):
        LiveCrop(CropParams(), Box(40, 20, 60)).cut(frame)
    for numbers in ((1, 0, 32), (0, 0, 8), (-2, 0, 32)):
        with pytest.raises(InputError, match="--box: expected left, top and side in even pixels of the frame, the side at least 16, found"):
            Box(*numbers)


def test_raw_frames_that_are_cut_are_told_of():
    live = raw_frames(io.BytesIO(bytes(96 * 72 * 3 + 5)), 96, 72, 10.0)
    with pytest.raises(InputError) as refused:
        list(live.frames)
    assert str(refused.value) == ("standard input ends within frame 1, after 5 of 20736 bytes: are its frames 96 x 72 pixels of 3 bytes?")


def test_what_is_no_film_is_told_of(tmp_path):
    with (
        pytest.raises(InputError, match=r"nowhere\.mp4 is not there: name a video file, or - for standard input"),
        open_film("nowhere.mp4", None),
    ):
        pass
    (tmp_path / "notes.mp4").write_bytes(b"no video at all" * 99)
    expected = r"notes\.mp4: expected a video, but it cannot be read as one \(.*\); export it again as MP4"
    with pytest.raises(InputError, match=expected), open_film(str(tmp_path / "notes.mp4"), None):
        pass


def test_a_rate_that_is_given_goes_before_what_the_film_says(film):
    with open_film(str(film), 12.5) as live:
        assert live.fps == 12.5


def test_a_file_comes_at_the_rate_that_the_pipeline_finds_in_it_and_a_broken_one_at_that_of_its_header(tmp_path):
    film, matroska, broken = (tmp_path / name for name in ("film.mp4", "film.mkv", "broken.mkv"))
    write_video(film, rendered_mouse(seed=3, frames=40)[0], 30.0, 10.0, 4)
    pack_again(film, matroska)  # its stamps are whole milliseconds: 0, 33, 67, ...
    with open_film(str(matroska), None) as live:
        assert live.fps == pytest.approx(1 / np.median(np.diff(probe(matroska)[1])), rel=1e-12)
        assert live.fps == pytest.approx(1000 / 33)
    broken.write_bytes(matroska.read_bytes()[:-900])
    with pytest.raises(InputError):
        probe(broken)
    with open_film(str(broken), None) as live:
        assert live.fps == pytest.approx(30.0)


def test_a_frame_of_another_size_is_told_of(film):
    crop = LiveCrop(CropParams(size_px=64))
    for size in ((64, 48), (64, 48), (48, 64)):
        frame = VideoFrame(*size, "yuv420p")
        if size == (64, 48):
            crop.cut(frame)
            continue
        with pytest.raises(InputError) as refused:
            crop.cut(frame)
    assert str(refused.value) == "expected 64x48 px in every frame, as the first has, found 48x64: start another stream for them"


def test_time_stamps_that_run_backwards_are_told_of(film, tmp_path):
    raw, joined = tmp_path / "film.ts", tmp_path / "joined.ts"
    pack_again(film, raw)
    joined.write_bytes(raw.read_bytes() * 2)  # the camera starts again
    told = "its time stamps run backwards at frame 8, from 0.700 s to 0.000 s, as where a camera starts again: start another stream"
    with pytest.raises(InputError, match=told), open_film(str(joined), 10.0) as live:
        list(live.frames)
