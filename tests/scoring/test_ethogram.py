import numpy as np
import pytest

from ethocache.scoring.ethogram import COLUMNS, MOST_VIDEOS, draw_ethogram

RED = (1.0, 0.0, 0.0)


def test_labels_are_in_the_upper_half_and_tags_below(drawn):
    raster = draw_ethogram([drawn("v", grooming=("##??", "..##"))], [RED])
    quarter = COLUMNS // 8  # the middle of the first frame
    upper, lower = raster.image[1], raster.image[-3]
    np.testing.assert_allclose(upper[quarter], RED)
    np.testing.assert_allclose(upper[5 * quarter], 0.72, atol=1e-6)  # nobody looked
    np.testing.assert_allclose(lower[quarter], 0.95, atol=1e-6)
    assert lower[5 * quarter][0] > lower[5 * quarter][1]
    assert raster.duration_s == pytest.approx(0.4)


def test_after_the_end_of_a_shorter_video_there_is_nothing(drawn):
    raster = draw_ethogram([drawn("v", grooming=("####", "####")), drawn("w", grooming=("########", "########"))], [RED])
    assert (raster.image[1, COLUMNS // 2 + 10 :] == 1).all()


def test_a_short_bout_in_a_long_video_stays_visible(simulated):
    prediction = simulated(1, frames=30_000, behaviours=("grooming",))[0]
    prediction.label[:] = 0
    prediction.label[15_000] = 1
    strip = draw_ethogram([prediction], [RED]).image[1]
    assert (strip[:, 1] < 0.8).sum() == 1


def test_the_image_stops_growing_with_the_videos(drawn):
    videos = [drawn(f"v{number:03d}", grooming=("#.", "#.")) for number in range(MOST_VIDEOS + 5)]
    assert len(draw_ethogram(videos, [RED]).video_rows) == MOST_VIDEOS


def test_every_video_and_behaviour_has_its_row(simulated):
    raster = draw_ethogram(simulated(3), [RED, RED])
    assert len(raster.video_rows) == 3
    assert list(raster.behaviour_rows) == sorted(raster.behaviour_rows)
    assert len(raster.behaviour_rows) == 6
    assert raster.behaviour_rows[-1] < len(raster.image)
