"""The corrected labels as a BORIS project, which our own reader takes back."""

from pathlib import Path

import numpy as np
import pytest
from browsers import a_reader
from numbered import VARIABLE_MS
from report_pages import behaviour, write_page
from report_reading import FRAMES, click, labels_of, mouse, now, times_of

from ethocache.dataset.formats import FORMATS, Meaning, recognise
from ethocache.dataset.labels import LabelParams, table_of


def saved_project(page):
    with page.expect_download() as download:
        page.click("#save-boris")
    assert download.value.suggested_filename == "m1.boris"
    return Path(download.value.path())


def read(path, told, **params):
    assert recognise(path, Meaning()) == "boris_project"
    (labels,) = FORMATS["boris_project"].read(path, Meaning())
    names = tuple(one["name"] for one in told["behaviours"])
    return labels, table_of(labels, path.name, names, times_of(told), LabelParams(allow_empty=True, **params))[0].values


def labelled_throughout(**more):
    """All 60 frames, at a variable rate: a behaviour at the first frame, one at the last, and one that never is."""
    behaviours = [
        behaviour("grooming", "#332288", [(0, 4), (9, 20)], [(12, 22)], FRAMES),
        behaviour("=rearing, wall", "#CC6677", [(30, 36), (50, FRAMES)], [(30, 36)], FRAMES),
        behaviour("Tête à queue", "#117733", [], [], FRAMES),
    ]
    return mouse(VARIABLE_MS, behaviours=behaviours, queue=[], doubts=[], **more)


@pytest.mark.parametrize("media", ["../media/m1.mp4", None], ids=["film", "session without pictures"])
def test_corrected_labels_come_back_from_boris_frame_for_frame(browser, tmp_path, media):
    told = labelled_throughout(media=media)
    with a_reader(browser, forgiven="net::ERR_FILE_NOT_FOUND") as reader:
        page = reader.new_page()
        page.goto(write_page(tmp_path, told).as_uri())
        click(page, 15, "tags", 0)
        page.keyboard.press("y")
        click(page, 55, "labels", 1)
        page.keyboard.press("Shift+Digit3")
        labels, values = read(saved_project(page), told)
        assert np.array_equal(values, now(page)) and not np.array_equal(values, labels_of(told))
        assert values[50:, 2].all() and labels.notes == ()
        assert labels.media == ("videos/m1.mp4" if media else "m1")


def test_frames_of_which_nobody_knows_are_a_state_of_their_own(opened):
    told = mouse()
    page = opened(told)
    click(page, 15, "labels", 0)
    page.keyboard.press("u")
    path = saved_project(page)
    expected = labels_of(told)
    expected[10:20] = -1
    assert np.array_equal(read(path, told, not_scored=("not_scored",))[1], expected)
    said = page.inner_text("#said")
    assert 'Frames without a label are the state "not_scored".' in said
    assert "10 frames are saved as unknown" in said, "BORIS cannot say that of one behaviour"


def test_names_that_boris_cannot_take_are_refused(opened):
    page = opened(mouse())
    refused = {
        "rear|groom": 'BORIS takes no "|" in the name of a behaviour: "rear|groom".',
        " rearing": 'BORIS takes no name that is empty, or has line breaks or spaces around it: " rearing".',
        "rear\ning": "BORIS takes no name that is empty, or has line breaks",
        "not_scored": 'A behaviour is called "not_scored", which in BORIS would stand for frames without a label.',
    }
    for name, said in refused.items():
        page.evaluate("name => { window.ethocachePage.data.behaviours[0].name = name }", name)
        page.click("#save-boris")
        assert page.text_content("#said").startswith(said)
