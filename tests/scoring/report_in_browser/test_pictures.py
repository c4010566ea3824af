"""Which picture is on the screen: a film tells by the number that it draws into each frame."""

from io import BytesIO

import numpy as np
import pytest
from browsers import a_reader
from numbered import CONSTANT_MS, VARIABLE_MS, number_in
from PIL import Image
from report_pages import SIDE_PX, write_page
from report_reading import FRAMES, click, drag, frame_of, mouse, picture_number, until


@pytest.mark.parametrize("frames", [CONSTANT_MS, VARIABLE_MS], ids=["constant", "variable"])
def test_a_click_on_a_bout_shows_exactly_the_frame_under_the_pointer(filmed, frames):
    page = filmed([time - frames[0] for time in frames])
    for frame, row, lane in ((12, "tags", 0), (30, "labels", 1), (46, "labels", 1), (3, "curve", 0), (58, "axis", 0), (0, "curve", 1)):
        click(page, frame, row, lane)
        assert (frame_of(page), picture_number(page)) == (frame, frame)


def test_every_frame_of_a_variable_rate_is_reached_by_the_arrow_key(filmed):
    page = filmed([time - VARIABLE_MS[0] for time in VARIABLE_MS])
    seen = [picture_number(page)]
    for _ in range(FRAMES - 1):
        page.keyboard.press("ArrowRight")
        seen.append(picture_number(page))
    assert seen == list(range(FRAMES))


def test_a_film_that_begins_later_than_its_clock_shows_the_same_frames(filmed):
    page = filmed([500 + time for time in CONSTANT_MS])
    for frame in (7, 33, 59, 1):
        click(page, frame)
        assert picture_number(page) == frame


def test_what_is_on_the_screen_is_what_the_video_decoded(filmed):
    page = filmed()
    click(page, 41)
    page.wait_for_selector("video[data-shown='41']")
    picture = np.asarray(Image.open(BytesIO(page.locator("video").screenshot())).convert("RGB"))
    assert number_in(picture, 12 * picture.shape[1] / SIDE_PX) == 41


def test_dragging_scrubs_and_ends_on_the_last_place(filmed):
    page = filmed()
    drag(page, 5, 52)
    assert (frame_of(page), picture_number(page)) == (52, 52)


def test_playing_goes_on_and_stops_on_the_frame_that_is_seen(filmed):
    page = filmed()
    page.keyboard.press("-")
    page.keyboard.press("Space")
    until(page, "Number(document.getElementById('frame').textContent) >= 8")
    page.keyboard.press("Space")
    until(page, "document.getElementById('video').paused")
    frame = frame_of(page)
    assert picture_number(page) == frame and 8 <= frame < FRAMES
    assert page.inner_text("#speed") == "0.75×"


def test_watching_a_span_plays_a_second_before_it_to_a_second_after_it(filmed):
    page = filmed()
    page.keyboard.press("+")
    click(page, 30, "tags", 1)
    page.keyboard.press("w")
    until(page, "!document.getElementById('video').paused")
    assert frame_of(page) < 30
    until(page, "document.getElementById('video').paused")
    assert frame_of(page) == FRAMES - 1


def test_a_video_that_is_not_there_leaves_the_lanes(browser, tmp_path):
    with a_reader(browser, forgiven="net::ERR_FILE_NOT_FOUND") as reader:
        page = reader.new_page()
        page.goto(write_page(tmp_path, mouse(media="../media/none.mp4")).as_uri())
        until(page, "document.getElementById('said').textContent.startsWith('This browser cannot show the video')")
        click(page, 20)
        assert frame_of(page) == 20
