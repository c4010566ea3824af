"""What keys do, and who cannot see or point gets the same."""

import numpy as np
import pytest
from numbered import VARIABLE_MS
from report_pages import behaviour, write_page
from report_reading import FRAMES, LANES, click, frame_of, mouse, picture_number, place_of, until


def test_arrows_step_by_frames_and_seconds_by_the_time_stamps(filmed):
    page = filmed([time - VARIABLE_MS[0] for time in VARIABLE_MS])
    edges = np.array(VARIABLE_MS) - VARIABLE_MS[0]
    page.keyboard.press("Shift+ArrowRight")
    middle = (edges[0] + edges[1]) / 2
    assert frame_of(page) == np.searchsorted(edges, middle + 1000, "right") - 1
    for key, frame in (("ArrowLeft", frame_of(page) - 1), ("End", 59), ("ArrowRight", 59), ("Home", 0), ("ArrowLeft", 0)):
        page.keyboard.press(key)
        assert (frame_of(page), picture_number(page)) == (frame, frame)


def test_an_end_that_the_browser_tells_of_late_moves_nothing(filmed):
    """Else the page said the last frame over the picture of another."""
    page = filmed()
    for key, frame in (("End", 59), ("Home", 0)):
        page.keyboard.press(key)
        assert (picture_number(page), frame_of(page)) == (frame, frame)
    page.evaluate("document.getElementById('video').dispatchEvent(new Event('ended'))")
    assert (picture_number(page), frame_of(page)) == (0, 0)
    for _ in range(5):
        page.keyboard.press("End")
        page.keyboard.press("Home")
        assert (picture_number(page), frame_of(page)) == (0, 0)


def test_disagreements_are_visited_in_order_of_time(opened):
    page = opened(mouse())
    for key, frame in (("n", 10), ("ArrowDown", 20), ("n", 44), ("n", 44), ("p", 20), ("ArrowUp", 10)):
        page.keyboard.press(key)
        assert frame_of(page) == frame
    assert page.inner_text("#said") == "grooming: labelled, but not tagged"
    assert page.inner_text("#of-disagreement") == "1 of 3"


def test_a_disagreement_at_the_very_first_frame_is_not_passed_over(opened):
    page = opened(mouse(behaviours=[behaviour("grooming", "#332288", [(0, 9)], [(3, 9)], FRAMES)], queue=[], doubts=[]))
    page.keyboard.press("n")
    assert page.inner_text("#selected") == "grooming, frames 0–2 (0.000–0.120 s)"


def test_moments_of_the_queue_come_by_rank_and_then_from_the_next_video(opened, tmp_path):
    write_page(tmp_path, mouse(id="m2"), "m2")
    page = opened(mouse(next_moment={"href": "m2.html", "title": "m2"}))
    page.keyboard.press("m")
    assert (frame_of(page), page.inner_text("#selected")) == (43, "rearing, frames 43–47 (1.720–1.920 s)")
    page.keyboard.press("m")
    page.keyboard.press("Shift+M")
    page.keyboard.press("m")
    assert frame_of(page) == 8
    page.keyboard.press("Shift+M")
    click(page, 32, "labels", 1)
    page.keyboard.press("m")
    assert frame_of(page) == 8, "whatever was selected in between"
    page.keyboard.press("m")
    page.wait_for_url("**/m2.html#moment")
    assert frame_of(page) == 43


def test_doubts_are_visited_and_said(opened):
    page = opened(mouse())
    page.keyboard.press("d")
    assert frame_of(page) == 44
    assert page.inner_text("#said") == "rearing: doubtful label: labelled, but the model sees nothing, 93 % sure"
    page.keyboard.press("d")
    assert page.inner_text("#said") == "No later doubtful label in this video."


def test_the_help_lists_every_key_and_the_keys_rest_while_it_is_open(opened):
    page = opened(mouse())
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    assert page.locator("#help kbd").count() == page.evaluate("ACTIONS.length") + 2
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible() and frame_of(page) == 0


def test_zooming_and_moving_keep_the_current_frame_in_its_place(opened):
    page = opened(mouse())
    span = "window.ethocachePage.ethogram.view.spanS"
    click(page, 30)
    page.keyboard.press("z")
    assert page.evaluate(span) == pytest.approx(1.2)
    page.keyboard.press("Shift+Z")
    assert page.evaluate(span) == pytest.approx(2.4)
    page.locator(LANES).hover(position=place_of(page, 30))
    page.mouse.wheel(0, -400)
    until(page, f"{span} < 1.5")
    click(page, 30)
    assert frame_of(page) == 30
    page.keyboard.press("End")
    assert page.evaluate("window.ethocachePage.ethogram.view.toS") == pytest.approx(2.4), "it turns the page"
    page.keyboard.press("f")
    assert page.evaluate(span) == pytest.approx(2.4)


def test_links_into_the_page_go_to_a_frame_a_moment_or_a_doubt(reader, tmp_path):
    url = write_page(tmp_path, mouse()).as_uri()
    for link, frame in (("#frame=17", 17), ("#moment=5", 8), ("#moment", 43), ("#doubt=0", 44), ("#frame=900", 59)):
        page = reader.new_page()
        page.goto(url + link)
        assert frame_of(page) == frame
        page.close()


def test_everything_is_reached_by_the_tab_key_and_has_a_name(opened):
    page = opened(mouse())
    nameless = "button => !(button.getAttribute('aria-label') || button.innerText).trim()"
    assert page.evaluate(f"[...document.querySelectorAll('button')].filter({nameless}).length") == 0
    page.locator("#slider").focus()
    page.keyboard.press("ArrowRight")
    said = page.locator("#slider").get_attribute("aria-valuetext")
    assert said.startswith("frame 1, 0.040 s; grooming: not tagged, not labelled, probability 0.05; rearing: ")
