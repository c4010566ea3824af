"""Saying what frames show, and what is saved of it."""

import csv
import io
import json
import re

import numpy as np
import pytest
from browsers import a_reader
from numbered import VARIABLE_MS
from report_pages import behaviour, write_page
from report_reading import FRAMES, click, drag, frame_of, labels_of, mouse, now, saved_text, times_of, until

from ethocache.dataset.tags import frame_edges_s


def corrected(text, told):
    """Lay corrections.csv over the labels of its video, as its reader will; each frame is said once at most."""
    values, said = labels_of(told), np.zeros((told["frames"], len(told["behaviours"])), int)
    names, edges_s = [one["name"] for one in told["behaviours"]], frame_edges_s(times_of(told))
    for row in csv.DictReader(io.StringIO(text, newline="")):
        start, stop, b = int(row["start_frame"]), int(row["stop_frame"]), names.index(row["behaviour"])
        assert (row["video"], int(row["video_frames"])) == (told["id"], told["frames"])
        assert (row["start_s"], row["stop_s"]) == (f"{edges_s[start]:.3f}", f"{edges_s[stop]:.3f}")
        assert (values[start:stop, b] != int(row["label"])).all(), "only differences are saved"
        values[start:stop, b], said[start:stop, b] = int(row["label"]), said[start:stop, b] + 1
    assert said.max(initial=0) <= 1
    return values


def test_accepted_tags_are_saved_as_the_differences_from_the_labels(opened):
    page = opened(mouse())
    for key in ("m", "m", "y"):
        page.keyboard.press(key)
    assert page.inner_text("#said") == "tags of grooming accepted, frames 8 to 13"
    click(page, 45, "labels", 1)
    page.keyboard.press("x")
    text = saved_text(page)
    saved = re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text)[0]
    assert text == (
        "video,behaviour,start_frame,stop_frame,label,video_frames,start_s,stop_s,saved,decision\n"
        f"m1,grooming,10,12,0,60,0.400,0.480,{saved},1\nm1,rearing,44,47,0,60,1.760,1.880,{saved},2\n"
    )
    assert page.inner_text(".save").startswith("2 corrections, kept in this browser")


def test_each_key_says_its_own(opened):
    told = mouse()
    page = opened(told)
    page.keyboard.down("Shift")
    drag(page, 16, 25)
    page.keyboard.up("Shift")
    assert page.inner_text("#selected") == "grooming, frames 16–25 (0.640–1.040 s)"
    said = {"s": (1, None), "x": (0, None), "u": (-1, None), "Shift+Digit2": (0, 1)}
    for key, (grooming, rearing) in said.items():
        page.evaluate("window.ethocachePage.corrections.written.forEach(values => values.fill(UNSAID))")
        page.keyboard.press(key)
        expected = labels_of(told)
        for b, value in enumerate((grooming, rearing)):
            if value is not None:
                expected[16:26, b] = value
        assert np.array_equal(now(page), expected), key
        assert np.array_equal(corrected(saved_text(page), told), expected), key
        page.keyboard.press("Control+z")
    page.keyboard.press("1")
    assert page.inner_text("#selected") == "grooming, frames 16–25 (0.640–1.040 s)", "a digit alone goes to a lane and writes nothing"
    for key in ("u", "l"):
        page.keyboard.press(key)
    assert np.array_equal(now(page), labels_of(told)) and page.inner_text("#count") == "0"


def test_of_exclusive_behaviours_the_chosen_one_clears_the_others(opened):
    told = mouse(exclusive=True)
    page = opened(told)
    click(page, 15, "labels", 0)
    page.locator("#change").select_option("1")
    assert page.inner_text("#selected").startswith("rearing, frames 10–19")
    expected = labels_of(told)
    expected[10:20] = [0, 1]
    assert np.array_equal(now(page), expected)
    page.keyboard.press("Control+z")
    page.keyboard.press("u")
    expected[10:20] = -1
    assert np.array_equal(corrected(saved_text(page), told), expected), "what it is, nobody knows"


def test_edges_of_a_bout_are_set_to_the_current_frame(opened):
    told = mouse()
    page = opened(told)
    click(page, 15, "labels", 0)
    for frame, key in ((13, "["), (24, "]"), (11, "b"), (21, "e")):
        click(page, frame)
        page.keyboard.press(key)
    assert page.inner_text("#selected") == "grooming, frames 11–21 (0.440–0.880 s)"
    expected = labels_of(told)
    expected[:50, 0] = 0
    expected[11:22, 0] = 1
    assert np.array_equal(corrected(saved_text(page), told), expected)


def test_where_no_bout_is_selected_edges_are_those_of_the_span(opened):
    page = opened(mouse())
    click(page, 25)
    page.keyboard.press("[")
    click(page, 28)
    page.keyboard.press("]")
    assert page.inner_text("#selected") == "grooming, frames 25–28 (1.000–1.160 s)"
    assert page.inner_text("#said").startswith("Span set; now say what it is")
    assert page.inner_text("#count") == "0"


def test_a_decision_without_a_selection_says_what_to_do(opened):
    page = opened(mouse())
    page.keyboard.press("y")
    assert page.inner_text("#said").startswith("Select a span first")
    assert page.locator("#save").is_disabled()


def test_any_decisions_are_saved_whole_kept_over_a_reload_and_undone(opened):
    told = mouse([time - VARIABLE_MS[0] for time in VARIABLE_MS], exclusive=False)
    page = opened(told)
    rng = np.random.default_rng(3)
    for _ in range(40):
        start, b = int(rng.integers(0, FRAMES - 1)), int(rng.integers(2))
        stop = int(rng.integers(start + 1, FRAMES + 1))
        page.evaluate("([b, start, stop]) => window.ethocachePage.review.select({b, start, stop, from: null})", [b, start, stop])
        page.keyboard.press(str(rng.choice(["y", "x", "s", "u", "l", "1", "2", "Shift+Digit1", "[", "]"])))
    said = now(page)
    assert np.array_equal(corrected(saved_text(page), told), said)
    page.reload()
    assert np.array_equal(now(page), said)
    assert page.inner_text("#said") == "Corrections from an earlier visit are kept here."
    click(page, 15, "tags", 0)
    for key in ("y", "x", "u"):
        page.keyboard.press(key)
    last = now(page)
    for _ in range(3):
        page.keyboard.press("Control+z")
    assert np.array_equal(now(page), said)
    for _ in range(3):
        page.keyboard.press("Control+y")
    assert np.array_equal(now(page), last)
    page.keyboard.press("Control+y")
    assert page.inner_text("#said") == "Nothing to redo."


def test_undoing_all_leaves_nothing_in_the_browser(opened):
    page = opened(mouse())
    for key in ("m", "y", "Control+z"):
        page.keyboard.press(key)
    assert page.evaluate("Object.keys(localStorage)") == []
    assert page.inner_text("#of-moment") == "1 of 2"


def test_a_decision_marks_its_moment_as_done_and_goes_on_where_that_is_wanted(opened):
    page = opened(mouse())
    page.locator("#go-on").check()
    page.locator("#slider").focus()
    page.keyboard.press("m")
    page.keyboard.press("y")
    assert page.inner_text("#of-moment") == "2 of 2, 1 done"
    assert page.inner_text("#selected").startswith("grooming, frames 8–13")


def test_what_is_kept_has_the_form_that_the_overview_reads(opened):
    page = opened(mouse())
    click(page, 45, "labels", 1)
    page.keyboard.press("x")
    kept = json.loads(page.evaluate("localStorage.getItem('ethocache-corrections:4f2a:m1')"))
    span = {"behaviour": "rearing", "start": 44, "stop": 47, "label": 0, "start_s": 1.76, "stop_s": pytest.approx(1.88)}
    assert kept == {"format": 1, "video": "m1", "frames": 60, "spans": [span | {"decision": 1}], "saved": [], "seen": []}
    saved_text(page)
    assert json.loads(page.evaluate("localStorage.getItem('ethocache-corrections:4f2a:m1')")) == kept | {"saved": [span]}


def test_what_an_earlier_file_says_is_taken_back_by_the_next(opened):
    """The reader of the files lays the later one over the earlier one, which stays where it is."""
    told = mouse()
    page = opened(told)
    click(page, 15, "labels", 0)
    page.keyboard.press("x")
    assert "m1,grooming,10,20,0,60," in saved_text(page)
    page.reload()
    click(page, 15, "labels", 0)
    page.keyboard.press("l")
    assert page.inner_text("#count") == "0"
    assert [row.rsplit(",", 4)[0] for row in saved_text(page).splitlines()[1:]] == ["m1,grooming,10,20,1,60"]
    assert page.locator("#save").is_disabled(), "files and labels agree"


def test_two_windows_of_a_video_do_not_write_over_each_other(opened, reader):
    page = opened(mouse())
    other = reader.new_page()
    other.goto(page.url)
    other.keyboard.press("m")
    other.keyboard.press("x")
    until(page, "document.getElementById('count').textContent === '1'")
    click(page, 15, "labels", 0)
    page.keyboard.press("x")
    assert page.inner_text("#count") == "2"


def test_of_several_cameras_it_is_saved_and_kept_whose_frames_were_corrected(opened):
    told = mouse() | {"view": "top"}
    page = opened(told)
    click(page, 45, "labels", 1)
    page.keyboard.press("x")
    rows = [*csv.DictReader(io.StringIO(saved_text(page), newline=""))]
    assert [(row["video"], row["view"], row["decision"]) for row in rows] == [("m1", "top", "1")]
    assert page.evaluate("window.ethocachePage.corrections.kept().view") == "top"


@pytest.mark.parametrize(("view", "taken"), [("top", True), (None, True), ("side", False)])
def test_corrections_of_another_cameras_frames_are_not_laid_over_these(opened, view, taken):
    spans = [{"behaviour": "rearing", "start": 0, "stop": 9, "label": 1}]
    kept = {"format": 1, "video": "m1", "frames": 60, "seen": [], "spans": spans} | ({"view": view} if view else {})
    page = opened(mouse() | {"view": "top"})
    page.evaluate("kept => localStorage.setItem('ethocache-corrections:4f2a:m1', kept)", json.dumps(kept))
    page.reload()
    assert page.inner_text("#count") == ("1" if taken else "0")
    assert ("are of the frames of 'side', not of those that this page has" in page.inner_text("#said")) != taken


def test_corrections_of_another_version_of_the_video_are_not_laid_over_this_one(opened):
    kept = {"format": 1, "video": "m1", "frames": 50, "seen": [], "spans": [{"behaviour": "rearing", "start": 0, "stop": 9, "label": 1}]}
    told = mouse()
    page = opened(told)
    page.evaluate("kept => localStorage.setItem('ethocache-corrections:4f2a:m1', kept)", json.dumps(kept))
    page.reload()
    assert "are of a version of this video with 50 frames, not 60" in page.inner_text("#said")
    assert np.array_equal(now(page), labels_of(told))


def test_a_browser_that_keeps_nothing_warns_once_and_works(browser, tmp_path):
    with a_reader(browser) as reader:
        reader.add_init_script("Storage.prototype.setItem = () => { throw new Error('no room') }")
        page = reader.new_page()
        page.goto(write_page(tmp_path, mouse()).as_uri())
        assert page.inner_text("#said") == "This browser keeps nothing for this page: save your corrections before you leave."
        for key in ("m", "x"):
            page.keyboard.press(key)
        assert page.inner_text("#said") == "rearing is not shown, frames 43 to 47"
        assert page.inner_text(".save").startswith("1 correction, not kept: save before you leave")
        assert "m1,rearing,44,47,0,60," in saved_text(page)


def test_what_a_full_browser_cannot_keep_stays_on_the_page_whatever_other_windows_do(opened, reader):
    page = opened(mouse())
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('no room') } }")
    for key in ("m", "x"):
        page.keyboard.press(key)
    other = reader.new_page()
    other.goto(page.url)
    click(other, 15, "labels", 0)
    other.keyboard.press("x")
    page.evaluate("window.dispatchEvent(new StorageEvent('storage', {key: window.ethocachePage.corrections.drawer.key}))")
    assert page.inner_text(".save").startswith("1 correction, not kept: save before you leave")


def test_a_page_to_which_one_comes_back_knows_what_other_windows_kept_meanwhile(opened):
    page = opened(mouse())
    kept = {"format": 1, "video": "m1", "frames": 60, "seen": [], "spans": [{"behaviour": "rearing", "start": 44, "stop": 47, "label": 0}]}
    page.evaluate("kept => localStorage.setItem('ethocache-corrections:4f2a:m1', kept)", json.dumps(kept))
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    assert page.inner_text("#count") == "1"


def test_a_video_without_labels_is_corrected_from_its_tags(opened):
    told = mouse(labelled=False)
    for one in told["behaviours"]:
        one["labels"] = one["looked"] = []
    page = opened(told)
    assert not page.locator("#go-disagreement").is_visible() and page.locator(".row.labels").count() == 0
    click(page, 15, "tags", 0)
    page.keyboard.press("y")
    page.keyboard.press("d")
    page.keyboard.press("u")
    expected = np.full((FRAMES, 2), -1, np.int8)
    expected[12:22, 0] = 1
    assert np.array_equal(corrected(saved_text(page), told), expected)


def test_names_of_all_kinds_are_shown_and_saved_as_they_are(browser, tmp_path):
    hostile = ["<script>alert(1)</script>\"'", "rearing, \"wall\" & 'floor'", "Tête-à-queue 攻撃 <img src=x onerror=alert(1)>"]
    behaviours = [behaviour(name, "#332288", [(5 * b, 5 * b + 3)], [], FRAMES) for b, name in enumerate(hostile)]
    queue = [{"behaviour": hostile[0], "start": 0, "stop": 5, "why": "<b>why</b>", "wrong_frames": 1, "rank": 1}]
    name = "<i>m1</i>\"&'"
    about = {"<u>animal</u>": "</script><script>alert(2)</script>"}
    told = mouse(behaviours=behaviours, id=name, file=f"a/{name}.mp4", about=about, queue=queue, doubts=[])
    told |= {"next": {"href": "x.html", "title": "<s>x</s>"}, "judged_by": "<em>models</em>"}
    with a_reader(browser) as reader:
        page = reader.new_page()
        page.on("dialog", lambda dialog: pytest.fail(dialog.message))
        page.goto(write_page(tmp_path, told, "hostile").as_uri())
        page.keyboard.press("m")
        page.keyboard.press("u")
        assert page.inner_text("h1") == name and page.title().startswith(name)
        assert page.locator(".name .text").all_text_contents() == hostile
        assert page.inner_text("#about") == f"a/{name}.mp4 · <u>animal</u> </script><script>alert(2)</script>"
        assert page.locator("#change option").all_text_contents()[1:] == hostile
        assert page.locator("#next-video").get_attribute("aria-label") == "next video: <s>x</s>"
        assert page.locator("img, i:not(.key), b:not([class]) b, s, u, em").count() == 0
        expected = labels_of(told)
        expected[0:5, 0] = -1
        assert np.array_equal(corrected(saved_text(page), told), expected)
        page.reload()
        assert page.inner_text("#count") == "1" and frame_of(page) == 0


def test_where_no_model_tagged_there_is_nothing_to_accept_and_no_disagreement(opened):
    told = mouse() | {"tagged": False}
    page = opened(told)
    page.keyboard.down("Shift")
    drag(page, 16, 25)
    page.keyboard.up("Shift")
    page.keyboard.press("y")
    assert np.array_equal(now(page), labels_of(told)) and page.inner_text("#count") == "0"
    assert not page.is_visible("#go-disagreement") and not page.is_visible('[data-do="as-tagged"]')
