"""What the lanes show, and what a pointer on them is told."""

from report_pages import behaviour
from report_reading import FRAMES, LANES, mouse, place_of

ROW = """([frame, row, lane]) => {
  const {ethogram, data} = window.ethocachePage;
  const top = AXIS_PX + ethogram.layout.lanes[lane][row];
  const [left, right] = [frame, frame + 1].map((edge) => ethogram.view.xOf(data.edgesS[edge], ethogram.width));
  const density = window.devicePixelRatio;
  const [x, y, width, height] = [left + 0.5, top - 4, right - left - 1, ethogram.layout.rows.bar + 4].map((px) => Math.round(px * density));
  const pen = Object.assign(document.createElement("canvas"), {width, height}).getContext("2d", {willReadFrequently: true});
  pen.drawImage(ethogram.still, -x, -y);
  const values = pen.getImageData(0, 0, width, height).data;
  return [...new Set(Array.from({length: values.length / 4}, (_, px) => values.slice(4 * px, 4 * px + 3).join(" ")))];
}"""
PIXELS = """(name) => {
  const {[name]: canvas} = window.ethocachePage.ethogram;
  const {width, height} = canvas;
  const pen = Object.assign(document.createElement("canvas"), {width, height}).getContext("2d", {willReadFrequently: true});
  pen.drawImage(canvas, 0, 0);
  const values = pen.getImageData(0, 0, width, height).data;
  const seen = new Set();
  for (let px = 0; px < values.length; px += 4) if (values[px + 3] === 255) seen.add(values.slice(px, px + 3).join(" "));
  return [...seen].map((text) => text.split(" ").map(Number));
}"""


def drawn(page, frame, row, lane=0):
    """The colours of a frame in a row of a lane, and a little above it."""
    page.wait_for_timeout(100)
    return set(page.evaluate(ROW, [frame, row, lane]))


def with_corrected(**more):
    looked = [(0, 50)]
    grooming = behaviour("grooming", "#332288", [(10, 20)], [(12, 22)], FRAMES, looked, corrected=[(14, 20), (30, 33)])
    rearing = behaviour("rearing", "#CC6677", [(30, 36)], [(30, 36)], FRAMES, looked)
    return mouse(behaviours=[grooming, rearing], queue=[], doubts=[], **more)


def test_labels_that_a_file_corrected_are_framed_and_said_in_legend_pointer_and_words(opened):
    page = opened(with_corrected())
    ink = "27 31 36"
    assert ink in drawn(page, 14, "labels") and ink in drawn(page, 31, "labels"), "also where it says that nothing is shown"
    assert ink not in drawn(page, 11, "labels") and ink not in drawn(page, 14, "tags") and ink not in drawn(page, 31, "labels", 1)
    assert page.inner_text("#by-file") == "label corrected by a file (data.corrections)"
    for frame, row, said in ((16, "labels", "shown"), (31, "labels", "not shown"), (16, "tags", ""), (11, "labels", "")):
        page.locator(LANES).hover(position=place_of(page, frame, row))
        title = page.locator(LANES).get_attribute("title") or ""
        assert title.endswith(f"a label that a file of corrections put right (data.corrections); here: {said}" if said else "")
        assert bool(title) == bool(said)
    page.evaluate("window.ethocachePage.seek(31)")
    assert "grooming: not tagged, not labelled (corrected by a file)" in page.locator("#slider").get_attribute("aria-valuetext")
    assert "(a dotted frame: corrected by a file)" in page.locator("#caption").text_content()


def test_signs_have_no_colour_so_that_none_is_taken_for_a_behaviour(opened):
    """All but the blue of what is selected: where tags differ, moments, doubts and corrections are black and white patterns."""
    page = opened(mouse(behaviours=[behaviour("grooming", "#777777", [(10, 20)], [(12, 22)], FRAMES), mouse()["behaviours"][1]]))
    page.evaluate("window.ethocachePage.data.behaviours[1].colour = '#777777'")
    page.keyboard.press("m")
    page.keyboard.press("u")
    page.wait_for_timeout(100)
    for canvas in ("still", "strip"):
        values = page.evaluate(PIXELS, canvas)
        assert values and all(max(colour) - min(colour) < 30 for colour in values), "greys, or as good as"
    differs = drawn(page, 21, "differs")
    assert {"27 31 36", "255 255 255"} <= differs, "stripes of ink on paper"


def test_a_page_without_such_labels_does_not_speak_of_them(opened):
    page = opened(mouse())
    assert not page.locator("#by-file").is_visible()
    assert "dotted" not in page.locator("#caption").text_content()
    page.locator(LANES).hover(position=place_of(page, 45, "curve", 1))
    assert page.locator(LANES).get_attribute("title") == "rearing: no. 2 of the queue: uncertain (about 2.5 frames wrong)"
