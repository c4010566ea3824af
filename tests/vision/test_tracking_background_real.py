"""Tracking without a network on a real open field, against DeepLabCut; skipped where the video is absent."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from films import film

from ethocache.common.errors import InputError
from ethocache.dataset.tracks import Track, read_track
from ethocache.dataset.videos import probe
from ethocache.vision.crop_plan import plan_crops
from ethocache.vision.crop_settings import CropParams
from ethocache.vision.decode import pick_frames
from ethocache.vision.tracking.background import track_background
from ethocache.vision.tracking.background_settings import BackgroundParams

OPENFIELD = Path(__file__).parents[2].parent / "shared" / "data" / "openfield"
pytestmark = pytest.mark.skipif(not OPENFIELD.is_dir(), reason="the real videos are not beside the repository (../shared/data)")
VIDEO = OPENFIELD / "m3v1mp4.mp4"


@pytest.fixture(scope="module")
def track() -> Track:
    facts, time_s = probe(VIDEO)
    return track_background(VIDEO, facts, time_s, BackgroundParams())


@pytest.fixture(scope="module")
def deeplabcut() -> npt.NDArray[np.float32]:
    return read_track(next(OPENFIELD.glob("*.h5"))).points[:, 0]


def test_the_centre_is_where_deeplabcut_has_it(track: Track, deeplabcut: npt.NDArray[np.float32]) -> None:
    sure = (deeplabcut[..., 2] > 0.9).all(axis=1)
    ours, theirs = track.points[:, 0, :, :2], deeplabcut[..., :2]
    middles = [(points.min(axis=1) + points.max(axis=1)) / 2 for points in (ours, theirs)]
    errors = np.hypot(*(middles[0] - middles[1]).T)[sure]
    assert sure.mean() > 0.7
    assert np.median(errors) < 8
    assert np.percentile(errors, 95) < 20


def test_the_crop_holds_every_sure_key_point_of_deeplabcut(track: Track, deeplabcut: npt.NDArray[np.float32]) -> None:
    plan = plan_crops(track, 640, 480, 30.0, CropParams(), frames=track.frames)
    start = np.stack([plan.left_px, plan.top_px], axis=1)[:, None]
    inside = ((deeplabcut[..., :2] >= start) & (deeplabcut[..., :2] < start + plan.side_px)).all(axis=2)
    assert (inside | (deeplabcut[..., 2] <= 0.9)).all(axis=1).mean() >= 0.999
    assert plan.valid.mean() > 0.99
    assert plan.side_px < 300, "it does not hold because it is large"


def test_frozen_to_one_frame_it_is_refused(tmp_path: Path) -> None:
    facts, time_s = probe(VIDEO)
    (_, picture) = next(pick_frames(VIDEO, facts, time_s, {700}))
    path = film(tmp_path / "frozen.mp4", [picture] * 120, codec="libx264")
    frozen, stamps = probe(path)
    with pytest.raises(InputError, match="nothing that moves stands out from the background"):
        track_background(path, frozen, stamps, BackgroundParams())
