"""The real weights of a video network over a real video; skipped where they are absent."""

import json

import numpy as np
import pytest
from pipeline import SHARED, make_project

from ethocache.dataset.features import FeatureFile

WEIGHTS = SHARED.parent / "weights/s3d_kinetics400.pt"
FRAMES, STRIDE = 2330, 8
S3D = {"kind": "clip", "model": "s3d", "weights": str(WEIGHTS), "mean": [0.5] * 3, "std": [0.5] * 3, "stride": STRIDE}
EVERYTHING = {"data__dir": str(SHARED / "openfield"), "data__videos": "*.mp4", "data__tracks": "*.h5", "data__labels": "none/*"}

pytestmark = pytest.mark.skipif(not WEIGHTS.is_file(), reason="the real weights are not beside the repository (../shared/weights)")


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_s3d_with_real_weights_sees_every_frame_of_a_real_video(tmp_path):
    project = make_project(
        tmp_path / "project", settings=EVERYTHING | {"data__name": "{animal}", "backbones": {"s3d": S3D}, "backbone": "s3d"}
    )
    print(project.stage("index", "track", "crop", "extract"))
    print(json.dumps(project.json("data/cost/extract.json")))
    with FeatureFile.open(project.folder / "data/features/s3d/m3v1mp4.s3d.h5") as file:
        features = file.rows(0, FRAMES).astype(np.float64)
        assert (file.frames, file.dimensions) == (FRAMES, 1024)
    assert np.isfinite(features).all()
    assert (features >= 0).all(), "what it says before its classifier went through a ReLU"
    seen = features[::STRIDE]
    assert (np.linalg.norm(np.diff(seen, axis=0), axis=1) > 0).all(), "the features follow the video"
    middle = features[STRIDE // 2 : -STRIDE : STRIDE]
    np.testing.assert_allclose(middle, (seen[: len(middle)] + seen[1 : len(middle) + 1]) / 2, atol=2e-3)
    centred = seen - seen.mean(axis=0)
    distance = np.linalg.norm(centred[:, None] - centred[None], axis=2)
    places = np.arange(len(seen))
    apart = np.abs(places[:, None] - places[None])
    print(f"distance to the next window {distance[apart == 1].mean():.3f}, to any {distance[apart > 20].mean():.3f}")
    assert distance[apart == 1].mean() < 0.8 * distance[apart > 20].mean(), "neighbours are more alike than strangers"
