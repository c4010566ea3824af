from dataclasses import replace

import numpy as np
import pytest

from ethocache.scoring.ethogram import COLUMNS, MOST_ROWS, MOST_VIDEOS, draw_ethogram, longest_s, pages_of

RED = (1.0, 0.0, 0.0)


def raster_of(*videos, behaviours=1):
    return draw_ethogram(videos, [RED] * behaviours, longest_s(videos))


def test_labels_are_in_the_upper_half_and_tags_below(drawn):
    raster = raster_of(drawn("v", grooming=("##??", "..##")))
    quarter = COLUMNS // 8  # the middle of the first frame
    upper, lower = raster.image[1], raster.image[-3]
    assert upper[quarter].tolist() == [255, 0, 0]
    assert upper[5 * quarter].tolist() == [184] * 3  # nobody looked
    assert lower[quarter].tolist() == [242] * 3
    assert lower[5 * quarter][0] > lower[5 * quarter][1]


def test_the_longest_video_is_as_wide_as_the_picture(drawn):
    assert longest_s([drawn("v", grooming=("####", "####")), drawn("w", grooming=("##", "##"))]) == pytest.approx(0.4)
    assert longest_s([drawn("v", grooming=("", ""))]) == 1


def test_after_the_end_of_a_shorter_video_there_is_nothing(drawn):
    raster = raster_of(drawn("v", grooming=("####", "####")), drawn("w", grooming=("########", "########")))
    assert (raster.image[1, COLUMNS // 2 + 10 :] == 255).all()


def test_a_short_bout_in_a_long_video_stays_visible(simulated):
    prediction = simulated(1, frames=30_000, behaviours=("grooming",))[0]
    prediction.label[:] = 0
    prediction.label[15_000] = 1
    strip = raster_of(prediction).image[1]
    assert (strip[:, 1] < 204).sum() == 1


@pytest.mark.parametrize("behaviours", [1, 3, 12, 200])
def test_every_video_is_on_one_page_and_no_page_has_too_many_rows(drawn, behaviours):
    one = drawn("v", grooming=("#.", "#."))
    wide = replace(
        one,
        behaviours=tuple(f"b{number}" for number in range(behaviours)),
        **{name: np.repeat(getattr(one, name), behaviours, axis=1) for name in ("probability", "label", "tag")},
        threshold=np.repeat(one.threshold, behaviours),
    )
    videos = [replace(wide, video=f"v{number:03d}") for number in range(199, -1, -1)]
    pages = pages_of(videos)
    assert [prediction.video for page in pages for prediction in page] == sorted(prediction.video for prediction in videos)
    assert max(map(len, pages)) <= MOST_VIDEOS
    assert max(map(len, pages)) * behaviours <= max(MOST_ROWS, behaviours)
    assert len(pages[0]) - len(pages[-1]) < len(pages), "they are about equally full"


def test_every_video_and_behaviour_has_its_row(simulated):
    raster = raster_of(*simulated(3), behaviours=2)
    assert len(raster.video_rows) == 3
    assert list(raster.behaviour_rows) == sorted(raster.behaviour_rows)
    assert len(raster.behaviour_rows) == 6
    assert raster.behaviour_rows[-1] < len(raster.image)
