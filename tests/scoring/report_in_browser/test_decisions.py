"""What people decided is counted as they count it, and disagreements are those that are left."""

import csv
import io

from report_reading import click, drag, frame_of, mouse, saved_text


def decided(text):
    """Column `decision` of a saved file."""
    return [row["decision"] for row in csv.DictReader(io.StringIO(text, newline=""))]


def test_a_behaviour_that_is_changed_to_another_is_one_correction(opened):
    page = opened(mouse(exclusive=True))
    click(page, 15, "labels", 0)
    page.locator("#change").select_option("1")
    assert page.inner_text(".save").startswith("1 correction, kept in this browser")
    assert decided(saved_text(page)) == ["1", "1"]
    page.reload()
    assert page.inner_text("#count") == "1"
    click(page, 32, "labels", 1)
    page.keyboard.press("x")
    assert page.inner_text("#count") == "2"
    page.keyboard.press("Control+z")
    assert page.inner_text("#count") == "1"


def test_both_edges_of_a_bout_are_one_correction_and_those_of_another_bout_a_second(opened):
    page = opened(mouse())
    click(page, 15, "labels", 0)
    for frame, key in ((13, "["), (24, "]")):
        click(page, frame)
        page.keyboard.press(key)
    assert page.inner_text("#count") == "1" and decided(saved_text(page)) == ["1", "1"]
    click(page, 32, "labels", 1)
    click(page, 33, lane=1)
    page.keyboard.press("]")
    assert page.inner_text("#count") == "2"


def test_what_is_taken_back_after_it_was_saved_is_a_decision_each(opened):
    page = opened(mouse())
    for frame, lane in ((15, 0), (32, 1)):
        click(page, frame, "labels", lane)
        page.keyboard.press("x")
    assert decided(saved_text(page)) == ["1", "2"]
    for _ in range(2):
        page.keyboard.press("Control+z")
    assert page.inner_text("#count") == "0", "the labels are what they were"
    assert sorted(decided(saved_text(page))) == ["3", "4"]
    page.keyboard.press("Control+y")
    assert page.inner_text("#count") == "1" and decided(saved_text(page)) == ["1"], "done again it is what it was"
    page.keyboard.press("Control+z")
    assert decided(saved_text(page)) == ["5"]


def test_what_is_said_of_overlapping_frames_by_two_decisions_are_two_corrections(opened):
    page = opened(mouse())
    page.keyboard.down("Shift")
    drag(page, 16, 25)
    page.keyboard.up("Shift")
    page.keyboard.press("u")
    page.keyboard.press("2")
    page.keyboard.press("u")
    assert page.inner_text("#count") == "2"
    page.keyboard.press("l")
    assert page.inner_text("#count") == "1", "the second is taken back"


def test_what_was_corrected_to_the_tag_is_no_disagreement_any_more_until_it_is_undone(opened):
    page = opened(mouse())
    assert page.inner_text("#of-disagreement") == "3"
    page.keyboard.press("n")
    page.keyboard.press("x")
    assert page.inner_text("#of-disagreement") == "2"
    page.keyboard.press("n")
    assert (frame_of(page), page.inner_text("#of-disagreement")) == (20, "1 of 2")
    page.keyboard.press("n")
    page.keyboard.press("x")
    page.keyboard.press("p")
    assert (frame_of(page), page.inner_text("#of-disagreement")) == (20, "1 of 1")
    page.keyboard.press("Control+z")
    assert page.inner_text("#of-disagreement").startswith("2 of 2")
    page.keyboard.press("Control+z")
    assert page.inner_text("#of-disagreement").endswith("3")
    page.keyboard.press("Control+y")
    page.reload()
    assert page.inner_text("#of-disagreement") == "2", "kept corrections count, too"


def test_a_correction_against_the_tag_is_a_disagreement(opened):
    page = opened(mouse())
    click(page, 32, "labels", 1)
    page.keyboard.press("x")
    assert page.inner_text("#of-disagreement") == "4"
    page.keyboard.press("p")
    assert page.inner_text("#said") == "rearing: tagged, but corrected to not shown"
    page.keyboard.press("u")
    assert page.inner_text("#of-disagreement") == "3", "what nobody knows is none"
