"""Real videos and real DeepLabCut files through the real stages; skipped where they are absent."""

import json
import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from pipeline import SHARED, Project, make_project

from ethocache.dataset.tracks import load_track, read_track
from ethocache.dataset.videos import VideoFacts, probe
from ethocache.vision.crop_plan import CropPlan, read_plan
from ethocache.vision.decode import decode_frames

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the real videos are not beside the repository (../shared/data)")

FRAMES = 2330
VIDEO = SHARED / "openfield/m3v1mp4.mp4"
TRACK = SHARED / "openfield/m3v1mp4DeepCut_resnet50_openfieldOct30shuffle1_15001.h5"
EVERYTHING = {"data__videos": "*", "data__tracks": "*", "data__labels": "none/*", "data__name": "{animal}", "data__dir": "data/lab"}
RECIPES = {
    "efficientnet_lite0": {"kind": "image", "model": "tf_efficientnet_lite0", "weights": "package"},
    "resnet50": {"kind": "image", "model": "resnet50", "weights": "random"},
    "inception_resnet_v2": {"kind": "image", "model": "inception_resnet_v2", "weights": "random"},
}


def lab(folder: Path, *files: Path, **settings: object) -> Project:
    """Set up a project of real files, all beside each other."""
    project = make_project(folder, settings=EVERYTHING | {"backbones": RECIPES} | settings)
    for file in files:
        place = project.folder / "data/lab" / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(file) if os.name != "nt" else place.write_bytes(file.read_bytes())
    return project


@pytest.fixture(scope="module")
def open_field(tmp_path_factory) -> Project:
    """The real open field with its track, cropped."""
    project = lab(tmp_path_factory.mktemp("openfield") / "project", VIDEO, TRACK, data__videos="*.mp4", data__tracks="*.h5")
    project.stage("index", "track", "crop")
    return project


@pytest.fixture(scope="module")
def probed():
    return probe(VIDEO)


@pytest.fixture(scope="module")
def plan(open_field) -> CropPlan:
    return read_plan(open_field.folder / "data/crops/m3v1mp4.json").plan


def test_every_frame_of_a_real_video_is_cropped_at_its_true_time(open_field, probed):
    facts, time_s = probed
    crops = open_field.folder / "data/crops"
    kept, crop_time_s = probe(crops / "m3v1mp4.mp4")
    assert (facts.frames, facts.pixel_format) == (FRAMES, "yuv444p")
    assert (kept.frames, kept.pixel_format, kept.width, kept.height) == (FRAMES, "yuv420p", 256, 256)
    np.testing.assert_array_equal(read_plan(crops / "m3v1mp4.json").time_s, time_s)
    np.testing.assert_allclose(crop_time_s, time_s, atol=5e-5)
    assert f"({FRAMES} frames" in open_field.stage("index")


def test_every_key_point_that_is_seen_lies_in_its_crop(plan):
    points = read_track(TRACK).points.reshape(FRAMES, -1, 3)
    margin_px = 8
    start = np.stack([plan.left_px, plan.top_px], axis=1)[:, None]
    inside = ((points[..., :2] >= start + margin_px) & (points[..., :2] < start + plan.side_px - margin_px)).all(axis=2)
    seen = points[..., 2] > 0.9
    assert seen.mean() > 0.8
    assert (inside | ~seen).all(axis=1).mean() >= 0.999


def test_a_real_crop_stays_in_the_picture_and_does_not_jump(plan, probed):
    facts: VideoFacts = probed[0]
    assert plan.kept > 0.9
    assert plan.valid.mean() > 0.97, "it looks for 1.5 s as if nobody was there"
    assert plan.left_px.min() >= 0
    assert plan.left_px.max() + plan.side_px <= facts.width
    assert plan.top_px.min() >= 0
    assert plan.top_px.max() + plan.side_px <= facts.height
    assert np.abs(np.diff(plan.left_px)).max() < plan.side_px / 16
    assert np.abs(np.diff(plan.top_px)).max() < plan.side_px / 16


def test_the_surplus_row_of_a_real_track_is_dropped_and_said_so(tmp_path):
    folder = SHARED / "vame_offbyone"
    project = lab(tmp_path / "project", *(folder / f"cropped_video.{ending}" for ending in ("mp4", "csv")), data__videos="*.mp4")
    output = project.stage("index", "track")
    assert "cropped_video.csv: the track has one row more than the video's 749 frames; its last row is dropped" in output
    kept = load_track(project.folder / "data/tracks/cropped_video.h5")
    np.testing.assert_array_equal(kept.points, read_track(folder / "cropped_video.csv").points[:749])


def test_a_real_clip_without_a_track_is_taken_whole(tmp_path):
    clip = SHARED / "bsoid_clips/clips/group6_example_1.avi"
    project = lab(tmp_path / "project", clip, track__source="none")
    project.stage("index", "track", "crop")
    facts, time_s = probe(clip)
    crop = project.folder / f"data/crops/{clip.stem}.mp4"
    kept = read_plan(crop.with_suffix(".json"))
    assert (kept.plan.source, kept.plan.side_px) == ("whole frame", facts.width)
    np.testing.assert_array_equal(kept.time_s, time_s)
    pictures = np.stack(list(decode_frames(crop)))
    assert pictures.shape == (facts.frames, 256, 256, 3)
    border, middle = pictures[:, :50], pictures[:, 80:176]
    assert border.mean() < 2, "the frame is wider than high, so black lies above it"
    assert middle.mean() > 20


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_frame_of_a_real_video_is_embedded_by_every_network_of_the_thesis_and_the_default(open_field, probed):
    for backbone in RECIPES:
        open_field.edit_params(backbone=backbone, extract__precision="fp32" if backbone == "efficientnet_lite0" else "bf16")
        open_field.run("dvc", "repro", "extract")
        assert ("Running stage 'crop'" in open_field.output) == (backbone == "efficientnet_lite0"), "DVC had not seen it yet"
        with h5py.File(open_field.folder / f"data/features/{backbone}/m3v1mp4.{backbone}.h5") as file:
            features = file["features"][:]
            np.testing.assert_array_equal(file["time_s"][:], probed[1])
        assert len(features) == FRAMES
        assert np.isfinite(features).all()
        assert (features[1:] != features[:-1]).any(axis=1).mean() > 0.99, "the embedding follows the picture"
        assert json.loads((open_field.folder / "data/cost/extract.json").read_text())["frames"] == FRAMES
